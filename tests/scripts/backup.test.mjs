import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import {test} from 'node:test';
import {describe, digest} from '../../templates/scripts/tree.mjs';
import {archived, demand, ID, step} from './bucket.mjs';
import {succeeds, tree, write} from './kit.mjs';
import {content, excluded, fill, HOUR, migrated, NEW, OLD, running, SNAPSHOT, starts, T0, volume} from './volume.mjs';

const NOW = {NOW: String(T0 + HOUR)};
const upload = (it, id = ID) => it.at('state/.snapshots/.upload', id);
const copyOf = (it, id = ID) => it.at('state/.snapshots/.backup', id);
const tar = (it, ...args) => execFileSync('tar', ['--gzip', '--file', `${upload(it)}/archive.tar.gz`, ...args]);
const names = (it) => tar(it, '--list', '--null', '--quoting-style=literal', '--show-transformed-names').toString('latin1');
// All that is not of the Job.
const rest = (it) => tree(it.state, (path) => ['.snapshots/.backup', '.snapshots/.upload'].includes(path));

// What an archive holds, unpacked beside the volume.
function unpacked(it) {
  fs.mkdirSync(it.at('unpacked'));
  tar(it, '--extract', '--same-permissions', '--delay-directory-restore', '--directory', it.at('unpacked'));
  return tree(it.at('unpacked'), excluded);
}

function refuses(it, name, message, env = NOW) {
  const before = rest(it);
  const {status, stderr} = step(it, name, env);
  assert.equal(status, 75, stderr);
  assert.match(stderr, message);
  assert.equal(stderr.split('\n').length, 2);
  assert.deepEqual(rest(it), before);
  assert.ok(!fs.existsSync(upload(it)));
}

test('an archive holds what a snapshot does, and its manifest says so', () => {
  const it = running();
  const before = rest(it);
  const manifest = archived(it, {}, NOW);
  const bytes = fs.readFileSync(`${upload(it)}/archive.tar.gz`);
  assert.deepEqual(unpacked(it), content(it));
  const described = describe(it.at('unpacked'));
  const sizes = described.reduce((sum, {size = 0}) => sum + size, 0);
  assert.deepEqual(manifest, {format: 1, id: ID, instance: 'my-agent', namespace: 'team-a', cluster: 'east', reason: 'demanded',
    created: new Date(T0 + HOUR).toISOString(), application: OLD, entries: described.length, bytes: sizes,
    archive: {name: 'archive.tar.gz', bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex')},
    files: digest(described)});
  assert.ok(sizes > 0);
  assert.ok(!fs.existsSync(copyOf(it)), 'the copy is gone');
  assert.deepEqual(rest(it), before);
});

test('the state itself makes the same archive as its copy, without caches, plugin modules, pipes and what is ours', () => {
  const it = running();
  const copied = archived(it, {}, NOW);
  const direct = archived(it, {id: '20270115T100000Z-deletion', reason: 'deletion', source: 'state'}, NOW);
  assert.deepEqual({...direct, archive: 0}, {...copied, archive: 0, id: '20270115T100000Z-deletion', reason: 'deletion'});
  demand(it, {source: 'state'});
  fs.cpSync(upload(it, '20270115T100000Z-deletion'), upload(it), {recursive: true});
  assert.doesNotMatch(names(it), /^(\.snapshots|cache|tmp|lost\+found)(\/|$)|workspace\/pipe|discord\/node_modules|extensions\/e\/node_modules/m);
  assert.deepEqual(unpacked(it), content(it));
});

test('what is copied is what is archived, however often and whatever is written since', () => {
  const it = running();
  const before = content(it);
  demand(it);
  succeeds(it, 'backup.mjs', NOW, ['snapshot']);
  const once = tree(it.state);
  const {mtime} = fs.statSync(it.at('state/workspace'));
  write(it.at('state/workspace/later'), 'written since');
  fs.utimesSync(it.at('state/workspace'), mtime, mtime);
  succeeds(it, 'backup.mjs', {NOW: String(T0 + 2 * HOUR)}, ['snapshot']);
  assert.deepEqual(tree(it.state, (path) => path === 'workspace/later'), once);
  succeeds(it, 'backup.mjs', NOW, ['archive']);
  const archive = tree(upload(it));
  for (const name of ['snapshot', 'archive']) {
    succeeds(it, 'backup.mjs', {NOW: String(T0 + 3 * HOUR)}, [name]);
    assert.deepEqual(tree(upload(it)), archive);
    assert.ok(!fs.existsSync(copyOf(it)));
  }
  assert.deepEqual(unpacked(it), before);
});

test('without the copy that is meant there is no archive of a state that may be in use', () => {
  const it = running();
  demand(it);
  refuses(it, 'archive', /holds no copy of the state for the backup 20270115T090000Z-demanded/);
});

test('a leftover of the same attempt is begun anew, those of older ones go, and newer ones stay', () => {
  const it = running();
  demand(it);
  for (const parent of ['.backup', '.upload']) {
    for (const id of ['20270115T085959Z-scheduled', '20270115T090000Z-update', '20270115T090001Z-update', '.tmp']) write(it.at('state/.snapshots', parent, id, 'locked/x'), '');
    fs.chmodSync(it.at('state/.snapshots', parent, '20270115T085959Z-scheduled/locked'), 0o500);
  }
  write(`${upload(it)}/archive.tar.gz`, 'half');
  archived(it, {}, NOW);
  assert.deepEqual(fs.readdirSync(it.at('state/.snapshots/.backup')), ['20270115T090000Z-update', '20270115T090001Z-update']);
  assert.deepEqual(fs.readdirSync(it.at('state/.snapshots/.upload')), [ID, '20270115T090000Z-update', '20270115T090001Z-update'].sort());
  assert.deepEqual(fs.readdirSync(upload(it)), ['archive.tar.gz', 'manifest.json']);
  assert.deepEqual(unpacked(it), content(it));
});

test('while a restore is under way nothing is copied', () => {
  const it = running();
  write(it.at('state/.snapshots/journal.json'), '{}');
  demand(it, {source: 'state'});
  for (const name of ['snapshot', 'archive']) refuses(it, name, /a restore is under way on the volume/);
});

test('too little space stops a copy before it begins', () => {
  const it = running();
  demand(it);
  refuses(it, 'snapshot', /too little space for the backup 20270115T090000Z-demanded: 17 MiB needed, 16 MiB free/, {...NOW, FREE: String(16 * 2 ** 20)});
  assert.deepEqual(fs.readdirSync(it.at('state/.snapshots/.backup')), []);
});

test('a volume that fills up leaves the copy and no archive, and the next try makes it', () => {
  const it = running();
  demand(it);
  succeeds(it, 'backup.mjs', NOW, ['snapshot']);
  for (const full of ['0', '100', '1500']) refuses(it, 'archive', /cannot be archived: too little space on the volume/, {...NOW, FULL: full});
  refuses(it, 'archive', /cannot be archived: EIO/, {...NOW, FAIL: 'openSync:.upload/20270115T090000Z-demanded/.openclaw-tmp'});
  assert.ok(fs.existsSync(copyOf(it)));
  archived(it, {}, NOW);
  assert.deepEqual(unpacked(it), content(it));
});

for (const call of ['copyFileSync:agents/main/secret', 'renameSync:.backup/.tmp', 'openSync:.tmp/.openclaw-tmp']) {
  test(`a fault while copying (${call}) is 75 and leaves nothing that looks like a copy`, () => {
    const it = running();
    demand(it);
    refuses(it, 'snapshot', /EIO/, {...NOW, FAIL: call});
    assert.ok(!fs.existsSync(copyOf(it)));
    archived(it, {}, NOW);
  });
}

test('tar that fails, is missing or is killed says why', () => {
  const it = running();
  demand(it, {source: 'state'});
  write(it.at('bin/tar'), '#!/bin/sh\nhead -c 100 /dev/zero\necho "tar: secret: Cannot open: Permission denied" >&2\necho "tar: Exiting" >&2\nexit 2\n', 0o755);
  refuses(it, 'archive', /cannot be archived: tar: secret: Cannot open: Permission denied\n/);
  write(it.at('bin/tar'), '#!/bin/sh\nkill -9 $$\n', 0o755);
  refuses(it, 'archive', /tar ended with SIGKILL/);
  fs.rmSync(it.at('bin/tar'));
  refuses(it, 'archive', /spawn tar ENOENT/, {...NOW, PATH: it.at('bin')});
});

test('a state that somebody writes to meanwhile is no backup', () => {
  const it = running();
  demand(it, {source: 'state'});
  const real = execFileSync('sh', ['-c', 'command -v tar'], {encoding: 'utf8'}).trim();
  // After it was read, which tar cannot see.
  write(it.at('bin/tar'), `#!/bin/sh\n${real} "$@" || exit\necho more >> ${it.at('state/state/openclaw.sqlite')}\n`, 0o755);
  const {status, stderr} = step(it, 'archive', NOW);
  assert.equal(status, 75);
  assert.match(stderr, /it changed while it was read/);
  assert.ok(!fs.existsSync(upload(it)));
});

test('the backup of an update is the snapshot that its start took', () => {
  const it = running();
  const before = content(it);
  starts(it, NEW, T0 + HOUR);
  fs.writeFileSync(it.at('state/state/openclaw.sqlite'), 'rows of 9.6');
  const at = it.at('state/.snapshots');
  // Older ones, an unfinished one, and a backup that was about to be swapped in.
  write(`${at}/2026.9.2..2026.9.4/manifest.json`, JSON.stringify({from: {version: '2026.9.2'}, to: '2026.9.4', created: T0 + HOUR - 1, entries: []}));
  write(`${at}/2026.9.1..2026.9.2/manifest.json`, JSON.stringify({from: {version: '2026.9.1'}, to: '2026.9.2'}));
  write(`${at}/unknown..restored/manifest.json`, JSON.stringify({from: {version: 'unknown'}, to: 'restored', created: T0 + 9 * HOUR, entries: []}));
  const manifest = archived(it, {reason: 'update', source: 'update', since: T0 + HOUR}, {NOW: String(T0 + 2 * HOUR)});
  assert.deepEqual(manifest.application, OLD);
  assert.equal(manifest.created, new Date(T0 + HOUR).toISOString());
  assert.deepEqual(unpacked(it), before);
  assert.ok(fs.existsSync(`${at}/${SNAPSHOT}/files`), 'it stays for the way back');
});

test('an update without a snapshot of its own, or with a damaged one, has no backup', () => {
  const it = migrated();
  for (const since of [T0 + HOUR + 1, undefined]) {
    demand(it, {source: 'update', since});
    refuses(it, 'archive', /the volume holds no snapshot of this update/);
  }
  demand(it, {source: 'update', since: T0});
  fs.writeFileSync(it.at('state/.snapshots', SNAPSHOT, 'files/agents/main/secret'), 'tokem');
  refuses(it, 'archive', /the snapshot 2026\.9\.4\.\.2026\.9\.6 does not match its manifest/);
});

test('of a state whose version nobody recorded the version is unknown, not that of the image', () => {
  const it = volume();
  fill(it);
  assert.deepEqual(archived(it, {}, NOW).application, {version: 'unknown'});
});

test('a step or a name that is none is 78', () => {
  const it = running();
  for (const id of ['../x', '20270115T090000Z-other', undefined]) {
    demand(it, {id});
    assert.equal(step(it, 'snapshot').status, 78);
  }
  demand(it);
  assert.equal(step(it, 'toString').status, 78);
  assert.equal(step(it, 'upload').status, 78);
});
