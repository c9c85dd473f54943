import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import {test} from 'node:test';
import {describe, digest} from '../../templates/scripts/tree.mjs';
import {archived, ID, KEYS, path, upload, withStandIn} from './bucket.mjs';
import {clone, configure, erase, killEverywhere, run, shell, succeeds, tree, write} from './kit.mjs';
import {bytes, content, excluded, HOUR, image, init, marker, NEW, OLD, running, T0, volume} from './volume.mjs';

const NOW = {NOW: String(T0 + HOUR)};
const incoming = (it, ...parts) => it.at('state/.snapshots/incoming', ...parts);
const seeds = ['.openclaw-restored', '.openclaw-seeds.json'];
const restored = (it) => tree(it.state, (name) => excluded(name) || seeds.includes(name));

// Modules as pnpm lays them out: links within links.
function addModules(it) {
  const store = it.at('state/workspace/node_modules/.pnpm');
  write(`${store}/a@1/node_modules/a/index.js`, 'a');
  write(`${store}/b@1/node_modules/b/bin.js`, '#!/usr/bin/env node', 0o755);
  fs.symlinkSync('../../b@1/node_modules/b', `${store}/a@1/node_modules/b`);
  fs.symlinkSync('.pnpm/a@1/node_modules/a', it.at('state/workspace/node_modules/a'));
  fs.linkSync(`${store}/a@1/node_modules/a/index.js`, `${store}/hard`);
  fs.symlinkSync('/etc/passwd', it.at('state/workspace/absolute'));
  write(it.at('state/workspace', 'n'.repeat(255)), 'a long name');
  fs.symlinkSync('t'.repeat(300), it.at('state/workspace/far'));
  fs.symlinkSync('.', it.at('state/workspace/loop'));
  for (const mode of [0o400, 0o4755, 0o666]) write(it.at(`state/workspace/mode-${mode}`), 'x', mode);
}

// A backup in the bucket of a state with all kinds of entries.
function stored(source = 'state') {
  const it = running();
  addModules(it);
  withStandIn(it);
  archived(it, {source}, NOW);
  const {status, stderr} = upload(it);
  assert.equal(status, 0, stderr);
  return it;
}

// A new volume beside the bucket of another world.
function beside(it, version = OLD) {
  const other = volume({restore: {from: path()}});
  image(other, version);
  withStandIn(other);
  fs.cpSync(it.at('bucket'), other.at('bucket'), {recursive: true});
  write(other.at('etc/restore-from'), path());
  return other;
}

const fetch = (it) => shell(it, 'init-restore.sh', KEYS);

function fetched(it) {
  const {status, stderr} = fetch(it);
  assert.equal(status, 0, stderr);
}

function refuses(it, message) {
  const before = tree(it.state, (name) => name.startsWith('.snapshots/incoming/files'));
  const {status, stderr} = run(it, 'init-config.mjs', NOW);
  assert.equal(status, 75, stderr);
  assert.match(stderr, message);
  assert.equal(stderr.split('\n').length, 2);
  assert.deepEqual(tree(it.state, (name) => name.startsWith('.snapshots/incoming/files')), before);
}

// Writes the archive of a tree that somebody made by hand, with a manifest that agrees with it.
function forge(it, make, names, flags = []) {
  const root = it.at('forged');
  erase(root);
  fs.mkdirSync(`${root}/files`, {recursive: true});
  make(`${root}/files`);
  execFileSync('tar', ['-czf', incoming(it, 'archive.tar.gz'), '-C', `${root}/files`, ...flags, ...names], {stdio: 'ignore'});
}

function manifest(it, change) {
  const file = incoming(it, 'manifest.json');
  fs.writeFileSync(file, JSON.stringify({...JSON.parse(fs.readFileSync(file, 'utf8')), ...change}));
}

for (const source of ['state', 'copy']) {
  test(`a backup comes back byte for byte (source ${source})`, () => {
    const it = stored(source);
    const other = beside(it);
    fetched(other);
    succeeds(other, 'init-config.mjs', NOW);
    assert.deepEqual(restored(other), content(it));
    assert.deepEqual(marker(other), {ran: OLD});
    const time = (world, name) => fs.lstatSync(bytes(`${world.state}/${name}`), {bigint: true}).mtimeNs;
    if (source === 'state') for (const name of ['locked/inside', 'workspace/far', 'workspace/mode-256', 'workspace/caf\xe9']) assert.equal(time(other, name), time(it, name), name);
    assert.ok(!fs.existsSync(incoming(other)));
    // The next starts take it as their own.
    const once = tree(other.state);
    fetched(other);
    succeeds(other, 'init-config.mjs', NOW);
    assert.deepEqual(tree(other.state), once);
  });
}

test('names are kept whatever the locale is', () => {
  const it = stored();
  for (const LC_ALL of ['C.UTF-8', 'C', 'en_US.ISO-8859-1']) {
    const other = beside(it);
    fetched(other);
    succeeds(other, 'init-config.mjs', {...NOW, LC_ALL});
    assert.deepEqual(restored(other), content(it));
  }
});

test('an application that is too old for a backup refuses it before anything is swapped', () => {
  const it = running();
  withStandIn(it);
  image(it, NEW);
  init(it, NEW, T0);
  succeeds(it, 'start.mjs', {NOW: String(T0)});
  archived(it, {source: 'state'}, NOW);
  upload(it);
  const other = beside(it, OLD);
  fetched(other);
  refuses(other, /the backup openclaw\/.* was made under 2026\.9\.6, which this older 2026\.9\.4 cannot read; nothing was changed: start 2026\.9\.6 or newer/);
  assert.ok(fs.existsSync(incoming(other, 'archive.tar.gz')), 'it is not even unpacked');
  const accepts = (version, change) => {
    const again = clone(other);
    image(again, version);
    if (change) manifest(again, change);
    succeeds(again, 'init-config.mjs', NOW);
    assert.deepEqual(restored(again), content(it));
    return marker(again);
  };
  assert.deepEqual(accepts(NEW), {ran: NEW});
  assert.deepEqual(accepts({...OLD, schemas: NEW.schemas}), {ran: NEW});
  assert.deepEqual(accepts({version: '2026.10.1', schemas: {state: 20}}), {ran: NEW});
  assert.deepEqual(accepts(OLD, {application: {version: 'unknown'}}), {ran: {version: 'unknown'}});
  for (const application of [undefined, {}, {version: '../x'}]) {
    const again = clone(other);
    manifest(again, {application});
    refuses(again, /names no version/);
  }
});

test('a backup is the way back for a version that cannot read what is there', () => {
  const it = stored();
  const other = beside(it, NEW);
  succeeds(other, 'start.mjs', {NOW: String(T0)});
  write(other.at('state/state/openclaw.sqlite'), 'rows of 9.6');
  assert.equal(init(other, OLD, T0 + HOUR).status, 0);
  assert.equal(marker(other).ran.version, NEW.version);
  fetched(other);
  succeeds(other, 'init-config.mjs', NOW);
  assert.deepEqual(restored(other), content(it));
  assert.equal(init(other, OLD, T0 + HOUR).status, 0);
  // Once it was restored, the state is its own again and nothing is let through.
  succeeds(other, 'start.mjs', {NOW: String(T0 + HOUR)});
  succeeds({...other, ...image(other, NEW)}, 'start.mjs', {NOW: String(T0 + HOUR)});
  const {status, stderr} = init(other, OLD, T0 + HOUR);
  assert.equal(status, 75);
  assert.match(stderr, /last used by 2026\.9\.6, which this older 2026\.9\.4 cannot read/);
});

test('an archive that is damaged, lies or leads out of its place is refused', () => {
  const start = beside(stored());
  fetched(start);
  const cases = {
    truncated: (it) => fs.truncateSync(incoming(it, 'archive.tar.gz'), 500),
    'of another digest': (it) => manifest(it, {files: '0'.repeat(64)}),
    'no archive': (it) => fs.writeFileSync(incoming(it, 'archive.tar.gz'), 'text'),
    pipe: (it) => {
      forge(it, (root) => execFileSync('mkfifo', [`${root}/pipe`]), ['pipe']);
    },
    'out of its place': (it) => {
      forge(it, (root) => write(`${root}/x`, 'x'), ['x'], ['-P', '--transform=s|^|../../../|']);
      manifest(it, {files: digest([])});
    },
    'an entry more': (it) => {
      forge(it, (root) => { write(`${root}/a`, 'a'); write(`${root}/b`, 'b'); }, ['a', 'b']);
      manifest(it, {files: digest(describe(it.at('forged/files')).slice(1))});
    },
    'through a link': (it) => {
      forge(it, (root) => write(`${root}/x`, 'x'), ['x'], ['-P', '--transform=s|^|out/|']);
      fs.symlinkSync(it.root, it.at('forged/files/out'));
      execFileSync('sh', ['-c', `cd ${it.at('forged')} && gzip -dc ${incoming(it, 'archive.tar.gz')} > b.tar && tar -cf a.tar -C files out && tar -Af a.tar b.tar && gzip < a.tar > ${incoming(it, 'archive.tar.gz')}`]);
    },
  };
  for (const [name, change] of Object.entries(cases)) {
    const it = clone(start);
    change(it);
    refuses(it, /the backup openclaw\/.* cannot be unpacked; nothing was changed: /);
    assert.ok(!fs.existsSync(incoming(it, 'files')), name);
    for (const place of [it.at('x'), it.at('state/x'), it.at('state/.snapshots/x')]) assert.ok(!fs.existsSync(place), name);
  }
  manifest(start, {format: 2});
  refuses(start, /is of no format that is known here/);
});

test('a name that begins at the root stays below the state', () => {
  const it = beside(stored());
  fetched(it);
  forge(it, (root) => write(`${root}/x`, 'x'), ['x'], ['-P', `--transform=s|^|${it.at('escaped')}/|`]);
  refuses(it, /does not match its manifest/);
  assert.ok(!fs.existsSync(it.at('escaped')));
});

// A fetched archive of little, over a state of everything.
function prepared() {
  const it = running();
  withStandIn(it);
  const small = volume();
  withStandIn(small);
  succeeds(small, 'init-config.mjs', NOW);
  write(small.at('state/workspace/note.md'), 'restored');
  write(small.at('state/locked/file'), 'read-only');
  fs.symlinkSync('nowhere', small.at('state/dangling'));
  fs.chmodSync(small.at('state/locked'), 0o555);
  init(small, OLD, T0);
  archived(small, {source: 'state'}, NOW);
  upload(small);
  fs.cpSync(small.at('bucket'), it.at('bucket'), {recursive: true});
  configure(it, {...it.settings, restore: {from: path()}});
  write(it.at('etc/restore-from'), path());
  image(it, OLD);
  fetched(it);
  return {it, small};
}

test('killed at any change of a restore, the state is the old one or the backup, and the next start ends it', () => {
  const {it: start} = prepared();
  const old = content(start);
  const whole = clone(start);
  succeeds(whole, 'init-config.mjs', NOW);
  let [kept, swapped] = [0, 0];
  const changes = killEverywhere(start, 'init-config.mjs', NOW, (it, when) => {
    succeeds(it, 'init-state.mjs', NOW);
    if (fs.existsSync(it.at('state/.openclaw-restored'))) {
      assert.equal(fs.readFileSync(it.at('state/workspace/note.md'), 'utf8'), 'restored', when);
      assert.ok(!fs.existsSync(it.at('state/agents')), when);
      swapped += 1;
    } else {
      assert.deepEqual(content(it), old, when);
      kept += 1;
    }
    fetched(it);
    succeeds(it, 'init-config.mjs', NOW);
    assert.deepEqual(restored(it), restored(whole), when);
  });
  assert.ok(changes > 40 && kept > 10 && swapped > 10, `${changes} ${kept} ${swapped}`);
});

test('killed while it is unpacked, the next start unpacks it anew', () => {
  const {it, small} = prepared();
  const old = content(it);
  const real = execFileSync('sh', ['-c', 'command -v tar'], {encoding: 'utf8'}).trim();
  write(it.at('bin/tar'), `#!/bin/sh\n${real} "$@"\nfor last; do :; done\necho more > "\${last#--directory=}/workspace/half"\nkill -9 $PPID\n`, 0o755);
  assert.equal(run(it, 'init-config.mjs', NOW).signal, 'SIGKILL');
  assert.deepEqual(content(it), old);
  fs.rmSync(it.at('bin/tar'));
  succeeds(it, 'init-config.mjs', NOW);
  assert.deepEqual(restored(it), restored(small));
});

test('a volume that fills up while it is unpacked keeps its state and none of the backup', () => {
  const {it} = prepared();
  write(it.at('bin/tar'), '#!/bin/sh\necho "tar: note.md: Cannot write: No space left on device" >&2\necho "tar: Exiting" >&2\nexit 2\n', 0o755);
  refuses(it, /cannot be unpacked; nothing was changed: tar: note\.md: Cannot write: No space left on device\n/);
  assert.ok(!fs.existsSync(incoming(it, 'files')));
});

test('what is fetched is checked, and a prefix without its manifest is no backup', () => {
  const it = stored();
  const at = (world, name) => world.at('bucket', path(), name);
  const says = (change, message) => {
    const other = beside(it);
    change(other);
    const {status, stderr, word} = fetch(other);
    assert.equal(status, 75, stderr);
    assert.match(stderr, message);
    assert.equal(`${word}\n`, stderr);
    assert.ok(!fs.existsSync(incoming(other, 'complete')));
  };
  says((other) => fs.appendFileSync(at(other, 'archive.tar.gz'), 'x'), /the archive of .* does not match its manifest/);
  says((other) => fs.writeFileSync(at(other, 'manifest.json'), '{}'), /the archive of .* does not match its manifest/);
  says((other) => fs.rmSync(at(other, 'manifest.json')), /is no whole backup: it has no manifest/);
  says((other) => erase(at(other, '')), /cannot be read from the bucket: /);
});

test('a manifest that somebody laid out anew is still read', () => {
  const it = stored();
  const other = beside(it);
  const file = other.at('bucket', path(), 'manifest.json');
  fs.writeFileSync(file, JSON.stringify(JSON.parse(fs.readFileSync(file, 'utf8')), null, 2));
  fetched(other);
  succeeds(other, 'init-config.mjs', NOW);
  assert.deepEqual(restored(other), content(it));
});

test('what a start left unpacked in part does not stop another fetch', () => {
  const other = beside(stored());
  write(incoming(other, 'files/locked/file'), 'x');
  fs.chmodSync(incoming(other, 'files/locked'), 0o555);
  write(incoming(other, 'complete'), 'another path');
  fetched(other);
  assert.deepEqual(fs.readdirSync(incoming(other)).sort(), ['archive.tar.gz', 'complete', 'files', 'manifest.json']);
  assert.deepEqual(fs.readdirSync(incoming(other, 'files')), []);
});

test('the caches of a plain tree are not in the way of those on the volume', () => {
  const it = running();
  init(it, OLD, T0);
  configure(it, {...it.settings, restore: {from: 'backups/a'}});
  for (const name of ['cache/npm/blob', 'tmp/x', 'lost+found/x', '.snapshots/x', 'note.md']) write(incoming(it, 'files', name), 'of the tree');
  write(incoming(it, 'complete'), 'backups/a');
  succeeds(it, 'init-config.mjs', NOW);
  assert.equal(fs.readFileSync(it.at('state/note.md'), 'utf8'), 'of the tree');
  assert.equal(fs.readFileSync(it.at('state/cache/npm/blob'), 'utf8'), 'cache');
  assert.ok(!fs.existsSync(it.at('state/.snapshots/journal.json')));
});
