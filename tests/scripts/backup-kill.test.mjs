import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import {test} from 'node:test';
import {archived, demand, ID, step} from './bucket.mjs';
import {clone, killEverywhere, succeeds, tree, write} from './kit.mjs';
import {HOUR, OLD, starts, T0, volume} from './volume.mjs';

const NOW = {NOW: String(T0 + HOUR)};
const state = (it) => tree(it.state, (path) => path === '.snapshots');
const archive = (it) => it.at('state/.snapshots/.upload', ID);
const manifest = (it) => JSON.parse(fs.readFileSync(`${archive(it)}/manifest.json`, 'utf8'));

// Some of each kind, as each entry costs several kills.
function small() {
  const it = volume();
  starts(it, OLD, T0);
  write(it.at('state/agents/secret'), 'token', 0o600);
  write(it.at('state/locked/file'), 'read-only');
  write(it.at('state/cache/blob'), 'cache');
  fs.symlinkSync('nowhere', it.at('state/dangling'));
  fs.chmodSync(it.at('state/locked'), 0o555);
  write(it.at('state/.snapshots/.backup/20270115T080000Z-scheduled/files/x'), 'of a Job that is gone');
  demand(it);
  return it;
}

function lists(it) {
  return execFileSync('tar', ['-tzf', `${archive(it)}/archive.tar.gz`], {encoding: 'utf8'});
}

test('killed at any change while the state is copied, it is untouched and the next run completes the copy', () => {
  const start = small();
  const [before, whole] = [state(start), clone(start)];
  succeeds(whole, 'backup.mjs', NOW, ['snapshot']);
  const changes = killEverywhere(start, 'backup.mjs', NOW, (it, when) => {
    assert.deepEqual(state(it), before, when);
    succeeds(it, 'backup.mjs', NOW, ['snapshot']);
    assert.deepEqual(tree(it.state), tree(whole.state), when);
  }, ['snapshot']);
  assert.ok(changes > 25, String(changes));
});

test('killed at any change while it is archived, there is no half archive and the next run makes it', () => {
  const start = small();
  succeeds(start, 'backup.mjs', NOW, ['snapshot']);
  const [before, whole] = [state(start), clone(start)];
  const {archive: {}, ...wanted} = archived(whole, {}, NOW);
  const changes = killEverywhere(start, 'backup.mjs', NOW, (it, when) => {
    assert.deepEqual(state(it), before, when);
    if (fs.existsSync(`${archive(it)}/manifest.json`)) assert.equal(fs.statSync(`${archive(it)}/archive.tar.gz`).size, manifest(it).archive.bytes, when);
    // A Job that is started again runs both, and the agent may have written since.
    fs.writeFileSync(it.at('state/agents/secret'), 'later');
    for (const name of ['snapshot', 'archive']) succeeds(it, 'backup.mjs', NOW, [name]);
    const {archive: {}, ...found} = manifest(it);
    assert.deepEqual(found, wanted, when);
    assert.equal(lists(it), lists(whole), when);
    assert.deepEqual(fs.readdirSync(it.at('state/.snapshots/.backup')), [], when);
  }, ['archive']);
  assert.ok(changes > 10, String(changes));
});

test('killed while tar writes, the next run begins the archive anew', () => {
  for (const bytes of [0, 1, 600, 4000]) {
    const it = small();
    demand(it, {source: 'state'});
    const real = execFileSync('sh', ['-c', 'command -v tar'], {encoding: 'utf8'}).trim();
    write(it.at('bin/tar'), `#!/bin/sh\n${real} "$@" | head -c ${bytes}\nsleep 0.1\nkill -9 $PPID\n`, 0o755);
    assert.equal(step(it, 'archive', NOW).signal, 'SIGKILL');
    assert.ok(!fs.existsSync(`${archive(it)}/manifest.json`));
    fs.rmSync(it.at('bin/tar'));
    archived(it, {source: 'state'}, NOW);
  }
});
