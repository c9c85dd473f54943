// Writes openclaw.json from its source, and holds what the scripts beside it share.
//
// Every script reads one file, init.json beside it (init containers: or the one named by their
// first argument). Unknown keys are ignored.
// {
//   stateDir, appDir,                    the data volume; the application, with its package.json
//   config: {
//     source, format: json|json5,        the file to read, and how
//     mode: overwrite|merge,             replace the file on the volume, or merge over it
//     forcePaths: [[key, ...]],          merge: what the volume's file may not contribute
//     set: [{path: [key, ...], value}]   added to the source where it sets nothing
//   },
//   workspace: {
//     directories: [path],               made once, as files are
//     files: [{from, to}],               seeded once, `to` below the workspace
//     trees: [directory]                 each file in it is seeded once under its own name
//   },
//   state: {restoreWithinSeconds, consent: "<from>..<to>"|null},
//   pnpm: {version},                     optional
//   skills: {clawhub, items: [item]},    optional
//   restore: {from},                     optional; the path in the bucket
//   backup: {                            a Job's alone; see backup.mjs
//     id, instance, namespace, cluster, reason,
//     source: copy|state|update,         what is archived
//     since                              update: ms since 1970; an older snapshot is another update's
//   }
// }
//
// Exit codes: 75 a fault of the volume or of the state on it, 78 a setting or source that cannot
// be used, 1 anything else.

import fs from 'node:fs';
import {createRequire} from 'node:module';
import {basename, dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {isDeepStrictEqual} from 'node:util';

export class Fault extends Error {
  constructor(message, exit) {
    super(message);
    this.exit = exit;
  }
}

export const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

export const warn = (text) => fs.writeSync(2, `${basename(process.argv[1])}: ${text}\n`);

/** Leaves a line in the status of the Pod. */
function lastWord(text) {
  warn(text);
  try {
    // Not created where it is missing: the kubelet makes it, and only then is it read.
    const log = fs.openSync('/dev/termination-log', fs.constants.O_WRONLY | fs.constants.O_TRUNC);
    fs.writeSync(log, text);
  } catch {}
}

/** Runs `main` with the settings; what it returns, or a failure, becomes one line, and a failure an exit code. */
export async function run(exit, main, path = process.argv[2]) {
  try {
    path ??= fileURLToPath(new URL('init.json', import.meta.url));
    const done = await main(JSON.parse(fs.readFileSync(path, 'utf8')));
    if (done) lastWord(done);
  } catch (error) {
    lastWord(String(error.message).replace(/\s*\n\s*/g, ' '));
    process.exit(error.exit ?? exit);
  }
}

export function syncDir(dir) {
  const fd = fs.openSync(dir, 'r');
  try {
    fs.fsyncSync(fd);
  } catch {
    // Some network filesystems refuse to sync a directory.
  } finally {
    fs.closeSync(fd);
  }
}

/** Replaces a file as a whole. The temporary file has one name for each directory, so that a kill leaves no litter. */
export function writeAtomic(path, data, mode = 0o600) {
  const temp = join(dirname(path), '.openclaw-tmp');
  fs.rmSync(temp, {force: true, recursive: true});
  const fd = fs.openSync(temp, 'wx', mode);
  try {
    fs.writeFileSync(fd, data);
    fs.fchmodSync(fd, mode);
    fs.fsyncSync(fd);
  } catch (error) {
    fs.rmSync(temp, {force: true});
    throw error;
  } finally {
    fs.closeSync(fd);
  }
  fs.renameSync(temp, path);
  syncDir(dirname(path));
}

/** A JSON file of our own on the volume; undefined when it is absent, or damaged by whoever else writes there. */
export function readRecord(path) {
  try {
    const value = JSON.parse(fs.readFileSync(path, 'utf8'));
    return isObject(value) ? value : undefined;
  } catch (error) {
    if (error.code === undefined || error.code === 'ENOENT') return undefined;
    throw error;
  }
}

export function writeRecord(path, value) {
  const text = `${JSON.stringify(value)}\n`;
  try {
    if (fs.readFileSync(path, 'utf8') === text) return;
  } catch {}
  writeAtomic(path, text);
}

/**
 * Makes the directories `parts` below `root` and returns the last one; undefined when a file or a
 * link is in the way: the agent owns these directories, and its links must not carry our writes
 * out of the workspace.
 */
export function enter(root, parts) {
  const top = fs.realpathSync(root);
  let path = top;
  for (const part of parts) {
    const next = join(path, part);
    if (!fs.lstatSync(next, {throwIfNoEntry: false})) fs.mkdirSync(next);
    if (!fs.statSync(next, {throwIfNoEntry: false})?.isDirectory()) return undefined;
    path = fs.realpathSync(next);
    if (!`${path}/`.startsWith(`${top}/`)) return undefined;
  }
  return path;
}

function parse(bytes, format, {appDir}) {
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  const parser = format === 'json5' ? createRequire(fs.realpathSync(join(appDir, 'package.json')))('json5') : JSON;
  const value = parser.parse(text);
  if (!isObject(value)) throw new Error('not an object');
  return value;
}

function readSource(settings) {
  const {source, format} = settings.config;
  let bytes = Buffer.alloc(0);
  try {
    bytes = fs.readFileSync(source);
    return {bytes, value: parse(bytes, format, settings)};
  } catch (error) {
    // The parser's own words quote the file, and the file may hold what no log should.
    const offset = /position (\d+)/.exec(error.message)?.[1];
    const line = error.lineNumber ?? (offset && bytes.toString('utf8').slice(0, offset).split('\n').length);
    const why = error.code ?? (error.message === 'not an object' ? error.message : `not valid ${format}`);
    throw new Fault(`${source}: ${why}${line ? `, line ${line}` : ''}`, 78);
  }
}

/** Values of `over` win; objects are merged, anything else is replaced. Built from entries, so that a key `__proto__` stays a key. */
function merge(under, over) {
  const merged = Object.entries(over).map(([key, value]) =>
    [key, isObject(value) && Object.hasOwn(under, key) && isObject(under[key]) ? merge(under[key], value) : value]);
  return Object.fromEntries([...Object.entries(under), ...merged]);
}

function removePath(object, path) {
  const keys = [...path];
  const last = keys.pop();
  for (const key of keys) {
    if (!isObject(object) || !Object.hasOwn(object, key)) return;
    object = object[key];
  }
  if (isObject(object)) delete object[last];
}

function setAbsent(object, path, value) {
  const keys = [...path];
  const last = keys.pop();
  for (const key of keys) {
    if (!Object.hasOwn(object, key)) object[key] = {};
    object = object[key];
    if (!isObject(object)) return;
  }
  if (!Object.hasOwn(object, last)) object[last] = value;
}

/** What is on the volume: bytes, undefined when absent, null when it is not a file that can be read. */
function readCurrent(path) {
  try {
    // A pipe would block for ever, so only a file is opened.
    return fs.statSync(path).isFile() ? fs.readFileSync(path) : null;
  } catch (error) {
    return error.code === 'ENOENT' ? undefined : null;
  }
}

function parseCurrent(bytes, settings) {
  for (const format of ['json', 'json5']) {
    try {
      return parse(bytes, format, settings);
    } catch {}
  }
  return null;
}

function setAside(path) {
  fs.rmSync(`${path}.unreadable`, {force: true, recursive: true});
  fs.renameSync(path, `${path}.unreadable`);
  warn(`${path} could not be read and is kept as ${basename(path)}.unreadable`);
}

function mergeOver(current, source, forcePaths = []) {
  const under = structuredClone(current);
  for (const path of forcePaths) removePath(under, path);
  // The application drops `list` without a word when `entries` is there too.
  for (const [ours, other] of [['list', 'entries'], ['entries', 'list']]) {
    const agents = source.agents;
    if (isObject(agents) && ours in agents && !(other in agents)) removePath(under, ['agents', other]);
  }
  return merge(under, source);
}

/** Brings openclaw.json on the volume to what the settings say; leaves an equal file untouched. */
export function apply(settings) {
  const {config} = settings;
  const target = join(settings.stateDir, 'openclaw.json');
  const source = readSource(settings);
  const merging = config.mode === 'merge';
  const bytes = readCurrent(target);
  const current = merging && bytes ? parseCurrent(bytes, settings) : bytes;
  if (current === null) setAside(target);

  // Added before the merge, or a leaf that the volume has from the last start could never change.
  const wanted = structuredClone(source.value);
  for (const leaf of config.set ?? []) setAbsent(wanted, leaf.path, leaf.value);
  const value = merging && current ? mergeOver(current, wanted, config.forcePaths) : wanted;
  // A source that needs no change keeps its bytes: parsing would round large numbers.
  const verbatim = !merging && config.format === 'json' && isDeepStrictEqual(source.value, wanted);
  const text = verbatim ? source.bytes : Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  // Compared by value in a merge, so that the comments of an equal JSON5 file survive.
  if (current && (merging ? isDeepStrictEqual(current, value) : text.equals(bytes))) {
    if (fs.statSync(target).mode & 0o077) fs.chmodSync(target, 0o600);
  } else {
    writeAtomic(target, text);
  }
}
