// The state of the application across versions: a snapshot before another version starts, and the
// way back when an older one returns.
//
// Below <stateDir>/.snapshots:
//   marker.json   {ran: {version, schemas, since}|null, starting}. Only the main container writes
//                 `ran`, so a version that never ran has migrated nothing and nothing is restored.
//   <from>..<to>  manifest.json {from: {version, schemas}, to, created, entries} and files/. Built as
//                 .tmp and renamed with the manifest in it: whatever has this name is complete.
//   journal.json  a swap under way; the next start finishes it, whichever version that is.
//   .swap .failed/<from>..<to> .trash   the snapshot on its way in, what it replaced, leftovers
//   incoming      a backup that init-restore fetched; see restore.mjs
//   .backup/<id> .upload/<id>   a backup on its way to the bucket; see backup.mjs
//
// The volume's root is a mount point and cannot be renamed, so a swap renames what is in it, entry
// by entry. Paths that lead into the state are byte strings; see tree.mjs.

import fs from 'node:fs';
import {isDeepStrictEqual} from 'node:util';
import {Fault, isObject, readRecord, syncDir, warn, writeAtomic, writeRecord} from './config.mjs';
import {copy, describe, flush, list, raw, remove, stat, walk} from './tree.mjs';

// Left where they are, neither copied nor swapped: they can be made again (or are not ours).
const KEEP = ['.snapshots', 'cache', 'tmp', 'lost+found', '.openclaw-tmp'];
const PLUGIN_MODULES = /^(npm|extensions)\/(.*\/)?node_modules$/s;
const NAME = /^[0-9A-Za-z][0-9A-Za-z+-]*(\.[0-9A-Za-z+-]+)*$/;
const SETTLED = 10 * 60 * 1000;
export const UNKNOWN = {version: 'unknown'};
// The backup that was restored: in the state itself, so that it comes with the swap and not before or after it.
export const RECORD = '.openclaw-restored';

const isVersion = (value) => typeof value === 'string' && NAME.test(value);
export const mebibytes = (bytes) => `${Math.ceil(bytes / 2 ** 20)} MiB`;

/** Whether a path below the volume's root is no state. */
export const excluded = (path) => KEEP.includes(path) || PLUGIN_MODULES.test(path);

/** The order of releases: year, month, patch; alpha, beta, stable; then the correction. NaN when one is no release. */
export function compareVersions(a, b) {
  const [x, y] = [a, b].map((version) => {
    const [, year, month, patch, stage, n, fix] =
      /^(\d+)\.(\d+)\.(\d+)(?:-(?:(alpha|beta)(?:\.(\d+))?|(\d+)))?$/.exec(version) ?? [];
    return [year, month, patch, {alpha: 0, beta: 1}[stage] ?? 2, n ?? fix ?? 0].map(Number);
  });
  const i = x.findIndex((part, at) => part !== y[at]);
  return i < 0 ? 0 : x[i] - y[i];
}

const sameSchemas = (app, ran) => app.schemas !== undefined && isDeepStrictEqual(app.schemas, ran.schemas);

export function open({stateDir, appDir}) {
  const state = Buffer.from(stateDir).toString('latin1');
  const {version, openclaw} = JSON.parse(fs.readFileSync(`${appDir}/package.json`, 'utf8'));
  if (!isVersion(version)) throw new Fault(`${appDir}/package.json: version ${JSON.stringify(version)} is no version`, 75);
  const dir = `${stateDir}/.snapshots`;
  fs.mkdirSync(dir, {recursive: true, mode: 0o700});
  return {state, dir, home: `${state}/.snapshots`, marker: `${dir}/marker.json`, journal: `${dir}/journal.json`,
    app: {version, schemas: openclaw?.schemaVersions}};
}

function clones(state, entries) {
  const file = entries.find(([, info]) => info.isFile() && info.size > 0);
  const probe = `${state}/.openclaw-tmp`;
  try {
    remove(probe);
    fs.copyFileSync(raw(`${state}/${file[0]}`), raw(probe), fs.constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    return false;
  } finally {
    remove(probe);
  }
}

/** Throws when a copy of the entries does not fit; `what` is what it is for. */
export function checkSpace({state}, what, entries) {
  const volume = fs.statfsSync(raw(state));
  const free = volume.bavail * volume.bsize;
  const sizes = entries.reduce((sum, [, info]) => sum + Math.ceil(info.size / 4096) * 4096, 0);
  // For each entry a block of metadata and its line in the manifest; then some air for the application.
  const need = entries.length * 4608 + 16 * 2 ** 20;
  const inodes = volume.files > 0 && volume.ffree < entries.length + 16;
  if (!inodes && free >= need && (free >= sizes + need || clones(state, entries))) return;
  const lack = inodes ? `${entries.length} files to copy, ${volume.ffree} inodes free` : `${mebibytes(sizes + need)} needed, ${mebibytes(free)} free`;
  throw new Fault(`too little space for the ${what}: ${lack}; nothing was changed, it goes on when there is more`, 75);
}

/** Complete snapshots, the newest first. */
export function snapshots({dir, home}) {
  return list(home).filter((name) => name.split('..').length === 2 && name.split('..').every(isVersion))
    .map((name) => ({name, ...readRecord(`${dir}/${name}/manifest.json`)}))
    .filter(({from, created, entries}) => isObject(from) && created && entries)
    .sort((a, b) => b.created - a.created);
}

function discard(ctx, name) {
  if (!stat(`${ctx.home}/${name}`)) return;
  remove(`${ctx.home}/.trash`);
  // Renamed first: a half removed snapshot must not keep the name of a whole one.
  fs.renameSync(raw(`${ctx.home}/${name}`), raw(`${ctx.home}/.trash`));
  remove(`${ctx.home}/.trash`);
}

function takeSnapshot(ctx, from) {
  const {state, dir, home, app} = ctx;
  const name = `${from.version}..${app.version}`;
  const entries = [...walk(state, excluded)];
  checkSpace(ctx, `snapshot ${name}`, entries);
  try {
    for (const part of ['.tmp', '.tmp/files']) fs.mkdirSync(`${dir}/${part}`, 0o700);
    copy(state, `${home}/.tmp/files`, entries);
    const manifest = {from: {version: from.version, schemas: from.schemas}, to: app.version, created: Date.now(), entries: describe(`${home}/.tmp/files`)};
    flush(`${home}/.tmp`);
    writeAtomic(`${dir}/.tmp/manifest.json`, `${JSON.stringify(manifest)}\n`);
  } catch (error) {
    remove(`${home}/.tmp`);
    throw error;
  }
  discard(ctx, name);
  fs.renameSync(`${dir}/.tmp`, `${dir}/${name}`);
  syncDir(dir);
  for (const {name: old} of snapshots(ctx).slice(2)) discard(ctx, old);
  const size = entries.reduce((sum, [, info]) => sum + info.size, 0);
  return `took the snapshot ${name} of the state: ${entries.length} entries, ${mebibytes(size)}`;
}

function age(ms) {
  const minutes = Math.max(0, Math.round(ms / 60000));
  return minutes < 120 ? `${minutes} min` : minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}

/** The snapshot that the way back from `ran` may use, or the reason why there is none. */
function chooseSnapshot(ctx, ran, {restoreWithinSeconds = 0, consent} = {}) {
  const all = snapshots(ctx);
  const own = all.find(({from}) => from.version === ctx.app.version);
  const old = own && Date.now() - own.created;
  if (own && old <= restoreWithinSeconds * 1000) return own;
  const agreed = all.find(({name, from}) => name === consent && !(compareVersions(from.version, ctx.app.version) > 0));
  if (agreed) return agreed;
  const why = `the state was last used by ${ran.version}, which this older ${ctx.app.version} cannot read`;
  if (own) {
    throw new Fault(`${why}; the snapshot ${own.name} is ${age(old)} old, past the limit of ${age(restoreWithinSeconds * 1000)}, and what was written since would go: to consent, set the annotation openclaw.rocks/restore-snapshot: ${own.name}`, 75);
  }
  const names = all.map(({name}) => name).join(', ') || 'none';
  throw new Fault(`${why}; no snapshot on the volume was taken from ${ctx.app.version} (there: ${names}): start ${ran.version} or newer, restore a backup, or consent to one of these by the annotation openclaw.rocks/restore-snapshot`, 75);
}

function restore(ctx, {name, from, entries}) {
  const files = `${ctx.home}/${name}/files`;
  if (!isDeepStrictEqual(describe(files), entries)) throw new Fault(`the snapshot ${name} does not match its manifest; nothing was changed`, 75);
  remove(`${ctx.home}/.failed/${name}`);
  // A directory must be writable to change its parent; its own mode is put back at the end.
  const modes = list(files).map((entry) => [entry, stat(`${files}/${entry}`)])
    .filter(([, info]) => info.isDirectory() && !(info.mode & 0o200))
    .map(([entry, info]) => [entry, info.mode & 0o7777]);
  writeRecord(ctx.journal, {name, from, modes, phase: 'out'});
  finishSwap(ctx);
  return `the state is back at ${from.version} (snapshot ${name}); what it replaced is kept in .snapshots/.failed`;
}

function moveAll(from, to, skip = []) {
  for (const name of list(from)) {
    if (skip.includes(name)) continue;
    const info = stat(`${from}/${name}`);
    const locked = info.isDirectory() && !(info.mode & 0o200);
    if (locked) fs.chmodSync(raw(`${from}/${name}`), info.mode & 0o7777 | 0o200);
    fs.renameSync(raw(`${from}/${name}`), raw(`${to}/${name}`));
    if (locked) fs.chmodSync(raw(`${to}/${name}`), info.mode & 0o7777);
  }
  for (const dir of [from, to]) syncDir(raw(dir));
}

/** Rolls a journaled swap forward. While the phase is `out`, all that lies in the root is the failed state; from `in` on, none of it. */
function finishSwap(ctx) {
  if (!stat(ctx.journal)) return;
  const {state, home} = ctx;
  const journal = readRecord(ctx.journal);
  if (!journal?.name?.split('..').every(isVersion)) throw new Fault(`${ctx.journal} cannot be read`, 75);
  const [swap, failed] = [`${home}/.swap`, `${home}/.failed/${journal.name}`];
  if (journal.phase === 'out') {
    if (!stat(swap)) fs.renameSync(raw(`${home}/${journal.name}`), raw(swap));
    fs.mkdirSync(raw(failed), {recursive: true, mode: 0o700});
    moveAll(state, failed, KEEP);
    writeRecord(ctx.journal, {...journal, phase: 'in'});
  }
  if (stat(`${swap}/files`)) moveAll(`${swap}/files`, state);
  for (const [name, mode] of journal.modes) fs.chmodSync(raw(`${state}/${name}`), mode);
  writeRecord(ctx.marker, {ran: journal.from});
  remove(swap);
  fs.unlinkSync(ctx.journal);
  syncDir(ctx.dir);
}

export function readMarker(ctx) {
  const marker = readRecord(ctx.marker);
  if (marker && (marker.ran === null || isVersion(marker.ran?.version))) return marker;
  const empty = list(ctx.state).every((name) => KEEP.includes(name));
  return {ran: empty ? null : UNKNOWN};
}

function tidy(ctx, ran) {
  const leftovers = ['.tmp', '.trash', ...(Date.now() - ran?.since >= SETTLED ? ['.failed'] : [])];
  for (const name of leftovers) {
    try {
      remove(`${ctx.home}/${name}`);
    } catch (error) {
      // Litter is no reason not to start.
      warn(error.message);
    }
  }
}

/** Whether the state is about to be replaced by a backup. */
export function awaitsBackup({stateDir, restore}) {
  const record = `${stateDir}/${RECORD}`;
  return Boolean(restore) && !(fs.existsSync(record) && fs.readFileSync(record, 'utf8') === restore.from);
}

/** Makes the volume fit for this version and returns what it did, or throws and leaves it as it was. */
export function prepare(settings) {
  const done = [];
  const ctx = open(settings);
  const {app} = ctx;
  finishSwap(ctx);
  let {ran, starting} = readMarker(ctx);
  tidy(ctx, ran);
  // Nothing has run since this version was let in, so the decision stands.
  if (ran && starting !== app.version) {
    const older = compareVersions(app.version, ran.version) < 0;
    const same = sameSchemas(app, ran);
    // What is replaced need not be readable; until it is, nothing is decided.
    if (older && !same && awaitsBackup(settings)) return done.join('; ');
    if (older && !same) {
      const snapshot = chooseSnapshot(ctx, ran, settings.state);
      done.push(restore(ctx, snapshot));
      ran = snapshot.from;
    }
    const stays = ran.version === app.version || (older && same);
    if (!stays && settings.state?.snapshot !== false) done.push(takeSnapshot(ctx, ran));
  }
  // For the version that ran last there is nothing to record: it starts on a full volume too.
  writeRecord(ctx.marker, ran?.version === app.version ? {ran} : {ran, starting: app.version});
  return done.join('; ');
}

/** Throws when the application is too old for a backup that was made under `application`. */
export function checkReadable(settings, path, application) {
  const {app} = open(settings);
  if (!isVersion(application.version)) throw new Fault(`the manifest of the backup ${path} names no version`, 75);
  if (!(compareVersions(app.version, application.version) < 0) || sameSchemas(app, application)) return;
  throw new Fault(`the backup ${path} was made under ${application.version}, which this older ${app.version} cannot read; nothing was changed: start ${application.version} or newer`, 75);
}

/** Swaps in the tree in `incoming/files`, as a snapshot is swapped in; `application` is the version that it is from. */
export function adopt(settings, incoming, application = UNKNOWN) {
  const ctx = open(settings);
  // Never under the version's own name: it is no snapshot that a way back may choose.
  const name = 'unknown..restored';
  discard(ctx, name);
  const files = Buffer.from(`${incoming}/files`).toString('latin1');
  // What stays on the volume would be in the way of its namesakes, which a plain tree may hold.
  for (const kept of KEEP) remove(`${files}/${kept}`);
  const entries = describe(files);
  writeAtomic(`${incoming}/manifest.json`, `${JSON.stringify({from: UNKNOWN, to: 'restored', created: Date.now(), entries, application})}\n`);
  fs.renameSync(incoming, `${ctx.dir}/${name}`);
  syncDir(ctx.dir);
  return restore(ctx, {name, from: application, entries});
}

/** Records that this version now runs on the state; called right before it does. */
export function recordRunning(settings) {
  if (!settings.state) return;
  const ctx = open(settings);
  const before = readRecord(ctx.marker)?.ran?.version;
  try {
    writeRecord(ctx.marker, {ran: {...ctx.app, since: Date.now()}});
  } catch (error) {
    // On a full volume the same version may go on; another one must not migrate unrecorded.
    if (before !== ctx.app.version) throw new Fault(`cannot record that ${ctx.app.version} runs: ${error.message}`, 75);
    warn(error.message);
  }
}
