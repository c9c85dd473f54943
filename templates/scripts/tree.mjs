// Directories byte for byte: walk, copy, list with sizes and SHA-256, remove.
//
// All paths here are byte strings (latin1), as a name need not be UTF-8.

import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import fs from 'node:fs';

export const raw = (path) => Buffer.from(path, 'latin1');
export const list = (dir) => fs.readdirSync(raw(dir), {encoding: 'latin1'}).sort();
export const stat = (path) => fs.lstatSync(raw(path), {throwIfNoEntry: false});

/** Depth first, a directory before what it holds. */
export function* walk(root, skip, rel = '') {
  for (const name of list(`${root}/${rel}`)) {
    const path = rel + name;
    if (skip?.(path)) continue;
    const info = stat(`${root}/${path}`);
    yield [path, info];
    if (info.isDirectory()) yield* walk(root, skip, `${path}/`);
  }
}

export function remove(path) {
  const info = stat(path);
  if (!info) return;
  if (!info.isDirectory()) return fs.unlinkSync(raw(path));
  // A read-only directory, as Go's module cache has them, cannot be emptied.
  if ((info.mode & 0o700) !== 0o700) fs.chmodSync(raw(path), 0o700);
  for (const name of list(path)) remove(`${path}/${name}`);
  fs.rmdirSync(raw(path));
}

export function copy(from, to, entries) {
  for (const [path, info] of entries) {
    const [source, target] = [raw(`${from}/${path}`), raw(`${to}/${path}`)];
    if (info.isDirectory()) {
      fs.mkdirSync(target, 0o700);
    } else if (info.isSymbolicLink()) {
      fs.symlinkSync(fs.readlinkSync(source, 'buffer'), target);
      fs.lutimesSync(target, info.atimeMs / 1000, info.mtimeMs / 1000);
    } else if (info.isFile()) {
      fs.copyFileSync(source, target, fs.constants.COPYFILE_FICLONE | fs.constants.COPYFILE_EXCL);
      settle(target, info);
    }
    // Sockets and pipes are not state.
  }
  // Last and inside out: filling a directory changes its time, and its mode may forbid it.
  for (const [path, info] of entries.toReversed()) if (info.isDirectory()) settle(raw(`${to}/${path}`), info);
}

function settle(path, info) {
  fs.utimesSync(path, info.atimeMs / 1000, info.mtimeMs / 1000);
  fs.chmodSync(path, info.mode & 0o7777);
}

function sha256(path) {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(1 << 20);
  const fd = fs.openSync(raw(path), 'r');
  for (let n; (n = fs.readSync(fd, chunk)) > 0;) hash.update(chunk.subarray(0, n));
  fs.closeSync(fd);
  return hash.digest('hex');
}

const text = (key, bytes) => {
  const utf8 = bytes.toString('utf8');
  return Buffer.from(utf8).equals(bytes) ? {[key]: utf8} : {[`${key}64`]: bytes.toString('base64')};
};

/** What a manifest lists. No modes: the kubelet may change them when it mounts the volume. */
export function describe(root, entries = [...walk(root)]) {
  return entries.map(([path, info]) => {
    const name = text('path', raw(path));
    if (info.isDirectory()) return {...name, directory: true};
    const full = `${root}/${path}`;
    if (info.isSymbolicLink()) return {...name, ...text('link', fs.readlinkSync(raw(full), 'buffer'))};
    return {...name, size: info.size, sha256: sha256(full)};
  });
}

/** One number for all that `describe` lists. */
export const digest = (described) => createHash('sha256').update(JSON.stringify(described)).digest('hex');

/** Puts a directory on disk. One call for the filesystem where there is the program, as a sync for each file is slow. */
export function flush(dir) {
  if (spawnSync('sync', ['-f', raw(dir).toString()]).status === 0) return;
  for (const [path, info] of walk(dir)) {
    if (!info.isFile() && !info.isDirectory()) continue;
    const fd = fs.openSync(raw(`${dir}/${path}`), 'r');
    fs.fsyncSync(fd);
    fs.closeSync(fd);
  }
}
