// Swaps in what init-restore fetched, once for each value of restoreFrom.
//
// Below <stateDir>/.snapshots/incoming: `complete`, the path in the bucket, and either files/, a
// plain tree, or archive.tar.gz with its manifest.json, which is unpacked to files/ here. The archive
// goes when files/ is whole: while it is there, files/ is what an interrupted start left.

import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import {Fault, readRecord, syncDir, writeAtomic} from './config.mjs';
import {adopt, awaitsBackup, checkReadable, RECORD} from './state.mjs';
import {describe, digest, flush, remove, walk} from './tree.mjs';

const EXTRACT = ['--extract', '--gzip', '--file=-', '--preserve-permissions', '--no-same-owner', '--delay-directory-restore', '--warning=no-timestamp'];

const read = (path) => fs.existsSync(path) ? fs.readFileSync(path, 'utf8') : null;

function extract(archive, target) {
  const fd = fs.openSync(archive, 'r');
  const {status, error, stderr} = spawnSync('tar', [...EXTRACT, `--directory=${target}`],
    {stdio: [fd, 'ignore', 'pipe'], encoding: 'utf8', maxBuffer: 2 ** 26, env: {PATH: process.env.PATH, LC_ALL: 'C'}});
  fs.closeSync(fd);
  // The first line is the cause; the last one only says that there was one.
  if (status !== 0) throw new Fault(error?.message ?? stderr.split('\n')[0].slice(0, 500), 75);
}

function unpack(incoming, path, manifest) {
  const files = Buffer.from(`${incoming}/files`).toString('latin1');
  remove(files);
  try {
    fs.mkdirSync(`${incoming}/files`, 0o700);
    extract(`${incoming}/archive.tar.gz`, `${incoming}/files`);
    const entries = [...walk(files)];
    // Looked at first, as a pipe would block whoever reads it.
    const plain = entries.every(([, info]) => info.isFile() || info.isDirectory() || info.isSymbolicLink());
    if (!plain || digest(describe(files, entries)) !== manifest.files) throw new Fault('it does not match its manifest', 75);
  } catch (error) {
    remove(files);
    throw new Fault(`the backup ${path} cannot be unpacked; nothing was changed: ${error.message}`, 75);
  }
  flush(files);
  fs.unlinkSync(`${incoming}/archive.tar.gz`);
  syncDir(incoming);
}

/** Puts a fetched backup in the place of the state, and returns what it did; the state that it replaces is kept aside. */
export function adoptBackup(settings) {
  const {stateDir, restore} = settings;
  if (!awaitsBackup(settings)) return;
  const incoming = `${stateDir}/.snapshots/incoming`;
  if (read(`${incoming}/complete`) !== restore.from) throw new Fault(`the backup ${restore.from} was not fetched`, 75);
  // A plain tree brings no manifest, and until it is swapped in it has at most the one that `adopt` wrote.
  const manifest = readRecord(`${incoming}/manifest.json`);
  const {version, schemas} = manifest?.application ?? {};
  if (manifest) checkReadable(settings, restore.from, {version, schemas});
  if (fs.existsSync(`${incoming}/archive.tar.gz`)) {
    if (manifest?.format !== 1) throw new Fault(`the manifest of the backup ${restore.from} is of no format that is known here`, 75);
    unpack(incoming, restore.from, manifest);
  }
  writeAtomic(`${incoming}/files/${RECORD}`, restore.from, 0o600);
  return adopt(settings, incoming, manifest && {version, schemas});
}
