import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import {fileURLToPath} from 'node:url';
import {test} from 'node:test';
import {clone, configure, killEverywhere, run, succeeds, tree, write} from './kit.mjs';
import {content, HOUR, image, init, OLD, running, T0} from './volume.mjs';

const PATH = 'backups/team-a/my-agent/2026-02-01T000000Z';
const SCRIPTS = fileURLToPath(new URL('../../templates/scripts/', import.meta.url));

// A volume with state, and a backup beside it as init-restore leaves it.
function fetched() {
  const it = running();
  init(it, OLD, T0);
  image(it, OLD);
  configure(it, {...it.settings, restore: {from: PATH}});
  write(`${it.state}/.snapshots/incoming/files/state/openclaw.sqlite`, 'rows of the backup');
  write(`${it.state}/.snapshots/incoming/files/workspace/note.md`, 'restored');
  write(`${it.state}/.snapshots/incoming/complete`, PATH);
  return it;
}

test('a fetched backup takes the place of the state, once', () => {
  const it = fetched();
  succeeds(it, 'init-config.mjs', {NOW: String(T0 + HOUR)});
  assert.equal(fs.readFileSync(`${it.state}/workspace/note.md`, 'utf8'), 'restored');
  assert.ok(!fs.existsSync(`${it.state}/agents/main/secret`));
  assert.ok(fs.existsSync(`${it.state}/.snapshots/.failed/unknown..restored/agents/main/secret`));
  const once = tree(it.state);
  fs.rmSync(`${it.state}/.snapshots/incoming`, {recursive: true, force: true});
  succeeds(it, 'init-config.mjs', {NOW: String(T0 + HOUR)});
  assert.deepEqual(tree(it.state), once);
});

test('without the fetched backup the start stops and nothing changes', () => {
  const it = fetched();
  fs.rmSync(`${it.state}/.snapshots/incoming`, {recursive: true});
  const before = tree(it.state);
  const result = run(it, 'init-config.mjs', {});
  assert.equal(result.status, 75);
  assert.match(result.stderr, /the backup backups\/team-a.* was not fetched/);
  assert.deepEqual(tree(it.state), before);
});

test('killed at any change of a restore, the state is the old one or the backup', () => {
  const start = fetched();
  const env = {NOW: String(T0 + HOUR)};
  const old = content(start);
  const whole = clone(start);
  succeeds(whole, 'init-config.mjs', env);
  const changes = killEverywhere(start, 'init-config.mjs', env, (it, when) => {
    succeeds(it, 'init-state.mjs', env);
    const restored = fs.existsSync(`${it.state}/.openclaw-restored`);
    if (restored) {
      assert.equal(fs.readFileSync(`${it.state}/workspace/note.md`, 'utf8'), 'restored', when);
      assert.ok(!fs.existsSync(`${it.state}/agents/main/secret`), when);
    } else {
      assert.deepEqual(content(it), old, when);
    }
  });
  assert.ok(changes > 20, String(changes));
});

// rclone is replaced by a script that records its arguments and copies from a folder.
function bucket(rclone, env, {record} = {}) {
  const root = fs.mkdtempSync('/tmp/openclaw-restore-');
  const bin = `${root}/bin`;
  write(`${bin}/rclone`, `#!/bin/sh\nprintf '%s\\n' "$@" >> ${root}/argv\n${rclone}\n`, 0o755);
  write(`${root}/etc/restore-from`, PATH);
  for (const script of ['init-restore.sh', 'store.sh']) fs.copyFileSync(SCRIPTS + script, `${root}/etc/${script}`);
  fs.mkdirSync(`${root}/state/.snapshots`, {recursive: true});
  if (record) fs.writeFileSync(`${root}/state/.openclaw-restored`, record);
  const result = spawnSync('sh', [`${root}/etc/init-restore.sh`], {
    env: {PATH: `${bin}:/usr/bin:/bin`, OPENCLAW_STATE_DIR: `${root}/state`, TMPDIR: root, ...env}, encoding: 'utf8'});
  return {root, result, argv: fs.existsSync(`${root}/argv`) ? fs.readFileSync(`${root}/argv`, 'utf8') : ''};
}

const KEYS = {B2_BUCKET: 'b', B2_KEY_ID: 'key-id-secret', B2_APP_KEY: 'app-key-secret', B2_ENDPOINT: 'https://s3.example.com'};

test('the backup is copied and checked, and no credential is an argument', () => {
  const {root, result, argv} = bucket('if [ "$1" = copy ]; then echo data > "$4/file"; fi', KEYS);
  assert.equal(result.status, 0, result.stderr);
  assert.equal(fs.readFileSync(`${root}/state/.snapshots/incoming/complete`, 'utf8'), PATH);
  assert.ok(argv.includes(`store:b/${PATH}`));
  assert.ok(!argv.includes('secret'));
});

test('a volume that was restored already needs no credentials', () => {
  const {result, argv} = bucket('exit 9', {}, {record: PATH});
  assert.equal(result.status, 0, result.stderr);
  assert.equal(argv, '');
});

test('missing credentials and a backup that holds nothing are told', () => {
  assert.match(bucket('exit 0', {}).result.stderr, /b2-backup-credentials lacks/);
  const empty = bucket('exit 0', KEYS);
  assert.equal(empty.result.status, 75);
  assert.match(empty.result.stderr, /holds nothing/);
  assert.ok(!fs.existsSync(`${empty.root}/state/.snapshots/incoming/complete`));
  execFileSync('rm', ['-rf', empty.root]);
});
