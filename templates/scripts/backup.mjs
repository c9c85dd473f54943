// A backup on its way to the bucket; the containers of a Job run one step each, and upload.sh after them.
//
//   snapshot   copies the state to .snapshots/.backup/<id>, while nobody writes to it:
//              about.json {version, schemas, created} and files/. Built as .tmp and renamed.
//   archive    makes .snapshots/.upload/<id>/archive.tar.gz and then manifest.json, of what
//              backup.source says:
//                copy     that copy
//                state    that copy, or where there is none the state itself, as nobody writes to it
//                update   the snapshot that the start of another version took, not before backup.since
//
// Both may be killed anywhere and run again; the state is only read. Paths that lead into the state
// are byte strings; see tree.mjs.

import {spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import fs from 'node:fs';
import {isDeepStrictEqual} from 'node:util';
import {createGzip} from 'node:zlib';
import {Fault, readRecord, run, syncDir, warn, writeAtomic} from './config.mjs';
import {checkSpace, excluded, mebibytes, open, readMarker, snapshots, UNKNOWN} from './state.mjs';
import {copy, describe, digest, flush, list, raw, remove, stat, walk} from './tree.mjs';

const ID = /^\d{8}T\d{6}Z-(scheduled|demanded|update|deletion)$/;
// What an extended header needs is kept: times in nanoseconds, long names, large files.
const CREATE = ['--create', '--format=posix', '--pax-option=delete=atime,delete=ctime', '--numeric-owner',
  '--no-recursion', '--null', '--verbatim-files-from', '--files-from=-'];

/** Opens the volume and clears what Jobs left there that are gone. */
function begin(settings) {
  const {id} = settings.backup ?? {};
  if (!ID.test(id)) throw new Fault(`${JSON.stringify(id)} is no name of a backup`, 78);
  const ctx = open(settings);
  for (const parent of ['.backup', '.upload']) {
    fs.mkdirSync(`${ctx.dir}/${parent}`, {recursive: true, mode: 0o700});
    for (const name of list(`${ctx.home}/${parent}`)) {
      // By the time alone, which an id begins with; .tmp sorts before it.
      if (name.slice(0, 16) >= id.slice(0, 16)) continue;
      try {
        remove(`${ctx.home}/${parent}/${name}`);
      } catch (error) {
        warn(error.message);
      }
    }
  }
  return {ctx, id};
}

function refuseSwap(ctx) {
  if (stat(ctx.journal)) throw new Fault('a restore is under way on the volume, the next start finishes it', 75);
}

const application = ({version, schemas}) => ({version, schemas});
const ranBy = (ctx) => application(readMarker(ctx).ran ?? UNKNOWN);
const isState = ([, info]) => info.isFile() || info.isDirectory() || info.isSymbolicLink();
const sizeOf = (entries) => entries.reduce((sum, [, info]) => sum + (info.isFile() ? info.size : 0), 0);

function snapshot(settings) {
  const {ctx, id} = begin(settings);
  const {dir, home, state} = ctx;
  // By now the agent may run again: what was copied for this backup is the state that is meant.
  if (stat(`${home}/.backup/${id}`) || stat(`${home}/.upload/${id}/manifest.json`)) return;
  refuseSwap(ctx);
  const entries = [...walk(state, excluded)].filter(isState);
  checkSpace(ctx, `backup ${id}`, entries);
  try {
    for (const part of ['.tmp', '.tmp/files']) fs.mkdirSync(`${dir}/.backup/${part}`, 0o700);
    copy(state, `${home}/.backup/.tmp/files`, entries);
    flush(`${home}/.backup/.tmp`);
    writeAtomic(`${dir}/.backup/.tmp/about.json`, `${JSON.stringify({...ranBy(ctx), created: Date.now()})}\n`);
  } catch (error) {
    remove(`${home}/.backup/.tmp`);
    throw error;
  }
  fs.renameSync(`${dir}/.backup/.tmp`, `${dir}/.backup/${id}`);
  syncDir(`${dir}/.backup`);
  return `copied the state for the backup ${id}: ${entries.length} entries, ${mebibytes(sizeOf(entries))}`;
}

/** What is archived: where it lies, since when it is as it is, and under which version. */
function choose(ctx, id, {source, since}) {
  const {dir, home} = ctx;
  if (source === 'update') {
    // A backup that was about to be swapped in looks like a snapshot, and is none of this update.
    const found = snapshots(ctx).find(({to, created}) => to !== 'restored' && created >= since);
    if (!found) throw new Fault('the volume holds no snapshot of this update', 75);
    return {...found, root: `${home}/${found.name}/files`};
  }
  const about = readRecord(`${dir}/.backup/${id}/about.json`);
  if (about) return {from: about, created: about.created, root: `${home}/.backup/${id}/files`};
  if (source !== 'state') throw new Fault(`the volume holds no copy of the state for the backup ${id}`, 75);
  refuseSwap(ctx);
  return {from: ranBy(ctx), created: Date.now(), root: ctx.state, skip: excluded};
}

/** Streams the entries into an archive, and returns its size and SHA-256. */
async function pack(root, entries, path) {
  const fd = fs.openSync(path, 'wx', 0o600);
  const tar = spawn('tar', [`--directory=${raw(root)}`, ...CREATE], {env: {PATH: process.env.PATH, LC_ALL: 'C'}});
  try {
    const gzip = createGzip({level: 1});
    const [hash, ended] = [createHash('sha256'), once(tar, 'close')];
    ended.catch((error) => gzip.destroy(error));
    let [said, bytes] = ['', 0];
    tar.stderr.setEncoding('utf8').on('data', (text) => { said = (said + text).slice(0, 500); });
    // It may end before it has read all names, and then says why.
    tar.stdin.on('error', () => {}).end(Buffer.concat(entries.map(([name]) => raw(`${name}\0`))));
    for await (const chunk of tar.stdout.pipe(gzip)) {
      hash.update(chunk);
      fs.writeFileSync(fd, chunk);
      bytes += chunk.length;
    }
    const [code, signal] = await ended;
    if (code !== 0) throw new Fault(said.split('\n')[0] || `tar ended with ${code ?? signal}`, 75);
    fs.fsyncSync(fd);
    return {name: 'archive.tar.gz', bytes, sha256: hash.digest('hex')};
  } finally {
    tar.kill('SIGKILL');
    fs.closeSync(fd);
  }
}

const stamps = (entries) => entries.map(([path, info]) => [path, info.size, info.mtimeMs, info.ctimeMs]);

/** Archives what was chosen, and returns the manifest. */
async function compose(backup, chosen, target) {
  const {root, skip} = chosen;
  const look = () => [...walk(root, skip)].filter(isState);
  const entries = look();
  const described = describe(root, entries);
  if (chosen.entries && !isDeepStrictEqual(described, chosen.entries)) throw new Fault(`the snapshot ${chosen.name} does not match its manifest`, 75);
  const archive = await pack(root, entries, `${target}/archive.tar.gz`);
  // What somebody wrote to meanwhile may be torn.
  if (!isDeepStrictEqual(stamps(look()), stamps(entries))) throw new Fault('it changed while it was read', 75);
  const {id, instance, namespace, cluster, reason} = backup;
  return {format: 1, id, instance, namespace, cluster, reason, created: new Date(chosen.created).toISOString(),
    application: application(chosen.from), entries: entries.length, bytes: sizeOf(entries), archive, files: digest(described)};
}

async function archive(settings) {
  const {ctx, id} = begin(settings);
  const [target, bytes] = [`${ctx.dir}/.upload/${id}`, `${ctx.home}/.upload/${id}`];
  let done;
  if (!stat(`${bytes}/manifest.json`)) {
    remove(bytes);
    const chosen = choose(ctx, id, settings.backup);
    try {
      fs.mkdirSync(target, 0o700);
      const manifest = await compose(settings.backup, chosen, target);
      writeAtomic(`${target}/manifest.json`, `${JSON.stringify(manifest)}\n`);
      done = `archived the backup ${id}: ${manifest.entries} entries, ${mebibytes(manifest.archive.bytes)}`;
    } catch (error) {
      remove(bytes);
      const why = ['ENOSPC', 'EDQUOT'].includes(error.code) ? 'too little space on the volume' : error.message;
      throw new Fault(`the backup ${id} cannot be archived: ${why}`, 75);
    }
  }
  // Last, so that there is always one of the two.
  remove(`${ctx.home}/.backup/${id}`);
  return done;
}

run(75, (settings) => {
  const step = new Map([['snapshot', snapshot], ['archive', archive]]).get(process.argv[2]);
  if (!step) throw new Fault(`${JSON.stringify(process.argv[2])} is no step of a backup`, 78);
  return step(settings);
}, null);
