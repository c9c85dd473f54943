import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {compareVersions} from '../../templates/scripts/state.mjs';
import {clone, configure, run, succeeds, tree, write} from './kit.mjs';
import {bytes, content, excluded, fill, held, HOUR, image, init, listed, marker, migrate, migrated, NEW, OLD, running, SNAPSHOT, starts, T0, volume} from './volume.mjs';

test('versions are ordered as releases, not as SemVer', () => {
  const order = ['2026.2.17', '2026.7.1-alpha.3', '2026.7.1-beta.6', '2026.7.1-beta.10', '2026.7.1', '2026.7.1-1', '2026.7.1-2', '2026.7.2-beta.1', '2026.7.2', '2026.10.1', '2027.1.1'];
  const sign = (a, b) => Math.sign(compareVersions(a, b));
  for (const [i, a] of order.entries()) for (const [j, b] of order.entries()) assert.equal(sign(a, b), Math.sign(i - j), `${a} ${b}`);
  for (const odd of ['unknown', '2026.7', '2026.7.1-rc.1', 'v2026.7.1']) assert.ok(Number.isNaN(compareVersions(odd, '2026.7.1')), odd);
});

test('a fresh volume just starts', () => {
  const it = volume();
  fs.mkdirSync(it.at('state/lost+found'));
  starts(it, OLD, T0);
  assert.deepEqual(listed(it), []);
  assert.deepEqual(marker(it), {ran: {...OLD, since: T0}});
});

test('a snapshot holds links, modes, times, empty directories and odd names, and no caches', () => {
  const it = running();
  const before = content(it);
  assert.equal(init(it, NEW, T0 + HOUR).status, 0);
  assert.deepEqual(held(it), before);
  assert.deepEqual(content(it), before);
  assert.equal(Object.keys(before).length, 33);
});

test('what was done with the state is the last word, and of a start that does nothing there is none', () => {
  const it = running();
  assert.match(init(it, NEW, T0 + HOUR).stderr, /^init-state.mjs: took the snapshot 2026\.9\.4\.\.2026\.9\.6 of the state: \d+ entries, 1 MiB\n$/);
  assert.equal(init(it, NEW, T0 + HOUR).stderr, '');
  const back = migrated();
  assert.match(init(back, OLD, T0 + 2 * HOUR).stderr, /^init-state.mjs: the state is back at 2026\.9\.4 \(snapshot /);
});

test('the manifest names every entry with size and SHA-256', () => {
  const it = running();
  init(it, NEW, T0 + HOUR);
  const manifest = JSON.parse(fs.readFileSync(it.at('state/.snapshots', SNAPSHOT, 'manifest.json'), 'utf8'));
  assert.deepEqual({...manifest, entries: 0}, {from: {...OLD}, to: NEW.version, created: T0 + HOUR, entries: 0});
  const {entries} = manifest;
  const sha256 = createHash('sha256').update('token').digest('hex');
  assert.deepEqual(entries.find(({path}) => path === 'agents/main/secret'), {path: 'agents/main/secret', size: 5, sha256});
  assert.deepEqual(entries.find(({path}) => path === 'workspace/dangling'), {path: 'workspace/dangling', link: 'nowhere'});
  assert.deepEqual(entries.find(({path}) => path === 'workspace/empty'), {path: 'workspace/empty', directory: true});
  assert.ok(entries.some(({path64}) => path64 && Buffer.from(path64, 'base64').equals(bytes('workspace/caf\xe9'))));
  assert.equal(entries.length, Object.keys(held(it)).length + 1);
});

test('the same version, and a retry of one that was let in, take no further snapshot', () => {
  const it = running();
  starts(it, OLD, T0 + 1);
  assert.deepEqual(listed(it), []);
  init(it, NEW, T0 + HOUR);
  const once = tree(it.state);
  init(it, NEW, T0 + 2 * HOUR);
  assert.deepEqual(tree(it.state), once);
});

test('the way back of a version that never ran restores nothing', () => {
  const it = running();
  init(it, NEW, T0 + HOUR);
  write(it.at('state/since'), 'written by init containers');
  starts(it, OLD, T0 + 2 * HOUR);
  assert.equal(fs.readFileSync(it.at('state/since'), 'utf8'), 'written by init containers');
  init(it, NEW, T0 + 3 * HOUR);
  assert.ok(fs.existsSync(it.at('state/.snapshots', SNAPSHOT, 'files/since')), 'the second try takes a new snapshot');
});

test('an older image gets its state back, and the failed one is kept beside it', () => {
  const it = running();
  const before = content(it);
  starts(it, NEW, T0 + HOUR);
  migrate(it);
  const failed = content(it);
  const result = starts(it, OLD, T0 + 2 * HOUR);
  assert.match(result.stderr, /back at 2026\.9\.4/);
  assert.deepEqual(content(it), before);
  assert.deepEqual(tree(it.at('state/.snapshots/.failed', SNAPSHOT), excluded), failed);
  assert.deepEqual(listed(it), []);
  assert.equal(fs.readFileSync(it.at('state/cache/npm/blob'), 'utf8'), 'cache');
  assert.deepEqual(marker(it), {ran: {...OLD, since: T0 + 2 * HOUR}});
});

test('without a snapshot the next version starts at once, and there is no way back', () => {
  const it = running();
  configure(it, {state: {restoreWithinSeconds: 7200, consent: null, snapshot: false}});
  starts(it, NEW, T0 + HOUR);
  migrate(it);
  assert.deepEqual(listed(it), []);
  const before = tree(it.state);
  const {status, stderr} = init(it, OLD, T0 + 2 * HOUR);
  assert.equal(status, 75);
  assert.match(stderr, /no snapshot on the volume was taken from 2026\.9\.4/);
  assert.deepEqual(tree(it.state), before);
});

test('equal schema versions need no way back', () => {
  const it = running();
  starts(it, {...NEW, schemas: OLD.schemas}, T0 + HOUR);
  migrate(it);
  const before = content(it);
  starts(it, OLD, T0 + 10 * HOUR);
  assert.deepEqual(content(it), before);
  assert.deepEqual(listed(it), [SNAPSHOT]);
});

test('versions that do not tell their schemas count as different', () => {
  const it = volume();
  starts(it, {version: '2026.2.1'}, T0);
  fill(it);
  const before = content(it);
  starts(it, {version: '2026.2.2'}, T0 + 1);
  migrate(it);
  starts(it, {version: '2026.2.1'}, T0 + 2);
  assert.deepEqual(content(it), before);
});

test('a snapshot past the limit stops the start, names itself, its age and the consent, and changes nothing', () => {
  const it = migrated();
  const before = tree(it.state);
  const {status, stderr} = init(it, OLD, T0 + 4 * HOUR + 60_000);
  assert.equal(status, 75);
  assert.match(stderr, /^init-state\.mjs: .*last used by 2026\.9\.6.*snapshot 2026\.9\.4\.\.2026\.9\.6 is 3 h old.*limit of 2 h.*openclaw\.rocks\/restore-snapshot: 2026\.9\.4\.\.2026\.9\.6\n$/);
  assert.deepEqual(tree(it.state), before);
  starts(it, NEW, T0 + 5 * HOUR);
});

test('consent lets an old snapshot in, consent to another does not', () => {
  const it = migrated();
  configure(it, {state: {restoreWithinSeconds: 7200, consent: '2026.9.3..2026.9.6'}});
  assert.equal(init(it, OLD, T0 + 9 * HOUR).status, 75);
  configure(it, {state: {restoreWithinSeconds: 7200, consent: SNAPSHOT}});
  starts(it, OLD, T0 + 9 * HOUR);
  assert.equal(fs.readFileSync(it.at('state/state/openclaw.sqlite'), 'utf8'), 'rows of 9.4');
});

test('an older image without a snapshot of its own stops and says what there is', () => {
  const it = migrated();
  const before = tree(it.state);
  const {status, stderr} = init(it, {version: '2026.9.5', schemas: {state: 17}}, T0 + HOUR);
  assert.equal(status, 75);
  assert.match(stderr, /no snapshot on the volume was taken from 2026\.9\.5 \(there: 2026\.9\.4\.\.2026\.9\.6\)/);
  assert.deepEqual(tree(it.state), before);
});

test('consent to the snapshot of a still older version restores it and snapshots it again', () => {
  const it = migrated({state: {restoreWithinSeconds: 0, consent: SNAPSHOT}});
  starts(it, {version: '2026.9.5', schemas: {state: 17}}, T0 + HOUR);
  assert.equal(fs.readFileSync(it.at('state/state/openclaw.sqlite'), 'utf8'), 'rows of 9.4');
  assert.deepEqual(listed(it), ['2026.9.4..2026.9.5']);
});

test('a volume without a marker is snapshotted as unknown and never restored', () => {
  const it = volume();
  fill(it);
  const before = content(it);
  starts(it, OLD, T0);
  assert.deepEqual(listed(it), ['unknown..2026.9.4']);
  assert.deepEqual(held(it, 'unknown..2026.9.4'), before);
  starts(it, NEW, T0 + 1);
  migrate(it);
  const after = content(it);
  for (const damage of [(path) => fs.rmSync(path), (path) => fs.writeFileSync(path, '{"ran": 3}')]) {
    const other = clone(it);
    damage(other.at('state/.snapshots/marker.json'));
    starts(other, OLD, T0 + 2);
    assert.deepEqual(content(other), after);
    assert.deepEqual(listed(other), [SNAPSHOT, 'unknown..2026.9.4']);
  }
});

test('on a full volume the version that ran last starts, and another one does not', () => {
  const it = running();
  const full = {FAIL: 'openSync:.openclaw-tmp', NOW: String(T0 + HOUR)};
  succeeds(it, 'init-config.mjs');
  succeeds(it, 'init-state.mjs', full);
  succeeds(it, 'start.mjs', full);
  image(it, NEW);
  const {status, stderr} = run(it, 'start.mjs', full);
  assert.equal(status, 75);
  assert.match(stderr, /cannot record that 2026\.9\.6 runs/);
});

test('the last two snapshots are kept, and what others put beside them', () => {
  const it = running();
  write(it.at('state/.snapshots/backup-1/x'), '');
  for (const [i, patch] of [5, 6, 7, 8].entries()) starts(it, {version: `2026.9.${patch}`, schemas: {state: patch}}, T0 + i);
  assert.deepEqual(listed(it), ['2026.9.6..2026.9.7', '2026.9.7..2026.9.8']);
  assert.ok(fs.existsSync(it.at('state/.snapshots/backup-1/x')));
});

test('too little space is 75 with both numbers and changes nothing', () => {
  const it = running();
  const before = tree(it.state);
  const {status, stderr} = init(it, NEW, T0 + HOUR, {FREE: String(16 * 2 ** 20)});
  assert.equal(status, 75);
  assert.match(stderr, /too little space for the snapshot 2026\.9\.4\.\.2026\.9\.6: 17 MiB needed, 16 MiB free/);
  assert.deepEqual(tree(it.state), before);
});

for (const call of ['copyFileSync:agents/main/secret', 'renameSync:.tmp', 'lutimesSync:link', 'openSync:.snapshots/.tmp/.openclaw-tmp']) {
  test(`a fault while copying (${call}) is 75 and leaves nothing behind`, () => {
    const it = running();
    const before = tree(it.state);
    const {status, stderr} = init(it, NEW, T0 + HOUR, {FAIL: call});
    assert.equal(status, 75, stderr);
    assert.equal(stderr.split('\n').length, 2);
    const after = tree(it.state, (path) => path === '.snapshots/.tmp');
    assert.deepEqual(after, before);
    assert.equal(init(it, NEW, T0 + HOUR).status, 0);
  });
}

test('a package.json that cannot be read, or without a version, is 75', () => {
  for (const text of ['', '{}', '{"version": "../../x"}', '{"version": "a..b"}']) {
    const it = running();
    write(it.at('app/package.json'), text);
    assert.equal(run(it, 'init-state.mjs').status, 75);
  }
});

test('a damaged snapshot is not swapped in', () => {
  for (const damage of [(p) => fs.writeFileSync(join(p, 'agents/main/secret'), 'tokem'), (p) => fs.rmSync(join(p, 'workspace/link')), (p) => write(join(p, 'more'), '')]) {
    const it = migrated();
    damage(it.at('state/.snapshots', SNAPSHOT, 'files'));
    const before = tree(it.state);
    const {status, stderr} = init(it, OLD, T0 + HOUR);
    assert.equal(status, 75);
    assert.match(stderr, /does not match its manifest/);
    assert.deepEqual(tree(it.state), before);
  }
});

test('modes that the kubelet changed do not damage a snapshot', () => {
  const it = migrated();
  fs.chmodSync(it.at('state/.snapshots', SNAPSHOT, 'files/agents/main/secret'), 0o660);
  starts(it, OLD, T0 + HOUR);
});

test('the failed state goes once the old version has run for ten minutes', () => {
  const it = migrated();
  starts(it, OLD, T0 + 2 * HOUR);
  const kept = () => fs.existsSync(it.at('state/.snapshots/.failed'));
  starts(it, OLD, T0 + 2 * HOUR + 9 * 60_000);
  assert.ok(kept(), 'too early');
  starts(it, OLD, T0 + 2 * HOUR + 18 * 60_000);
  assert.ok(kept(), 'a restart begins the ten minutes again');
  starts(it, OLD, T0 + 2 * HOUR + 28 * 60_000);
  assert.ok(!kept());
});

test('after a way back the same update can be tried and undone again', () => {
  const it = migrated();
  const before = clone(it);
  starts(it, OLD, T0 + HOUR);
  starts(it, NEW, T0 + HOUR);
  migrate(it);
  starts(it, OLD, T0 + HOUR);
  starts(before, OLD, T0 + HOUR);
  assert.deepEqual(content(it), content(before));
});

test('without the sync program each file is put on disk by itself', () => {
  const it = running();
  fs.rmSync(it.at('bin/sync'));
  assert.equal(init(it, NEW, T0 + HOUR, {PATH: it.at('bin')}).status, 0);
  assert.deepEqual(held(it), content(it));
});
