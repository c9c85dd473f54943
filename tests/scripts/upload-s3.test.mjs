import assert from 'node:assert/strict';
import fs from 'node:fs';
import {createServer} from 'node:net';
import {after, test} from 'node:test';
import {archived, ID, kept, PARENT, path, realRclone, upload, withS3} from './bucket.mjs';
import {shell, succeeds, tree, write} from './kit.mjs';
import {content, excluded, image, OLD, running, T0, volume} from './volume.mjs';

const rclone = realRclone();
const real = {skip: !rclone && 'no rclone: set OPENCLAW_TOOLS_RCLONE to one of 1.65 or newer'};
const NOW = {NOW: String(T0)};
const restored = (it) => tree(it.state, (name) => excluded(name) || ['.openclaw-restored', '.openclaw-seeds.json'].includes(name));

function waiting(backup) {
  const it = running();
  archived(it, {source: 'state', ...backup}, NOW);
  return it;
}

// A new volume with the same S3 server.
function beside(it, from) {
  const other = volume({restore: {from}});
  image(other, OLD);
  fs.symlinkSync(rclone, other.at('bin/rclone'));
  write(other.at('etc/restore-from'), from);
  return other;
}

test('a backup goes to a real S3 store and comes back byte for byte', real, async () => {
  const it = waiting();
  const env = await withS3(it, rclone);
  const {status, stderr, word} = upload(it, env);
  assert.equal(status, 0, stderr);
  assert.ok(JSON.parse(word).bytes > 0);
  assert.deepEqual(Object.keys(kept(it, `b/${path()}`)), ['archive.tar.gz', 'manifest.json']);
  archived(it, {source: 'state'}, NOW);
  const before = kept(it);
  assert.match(upload(it, env).stderr, /is taken in the bucket/);
  assert.deepEqual(kept(it), before);
  const other = beside(it, path());
  const fetched = shell(other, 'init-restore.sh', env);
  assert.equal(fetched.status, 0, fetched.stderr);
  succeeds(other, 'init-config.mjs', NOW);
  assert.deepEqual(restored(other), content(it));
});

test('a plain tree in a real S3 store is fetched file by file', real, async () => {
  const it = waiting();
  write(it.at('bucket/b', path(), 'archive.tar.gz'), 'half');
  const env = await withS3(it, rclone);
  write(it.at('bucket/b/backups/team-a/my-agent/x/openclaw.json'), '{}');
  write(it.at('bucket/b/backups/team-a/my-agent/x/workspace/deep/note.md'), 'plain');
  const other = beside(it, 'backups/team-a/my-agent/x');
  const fetched = shell(other, 'init-restore.sh', env);
  assert.equal(fetched.status, 0, fetched.stderr);
  succeeds(other, 'init-config.mjs', NOW);
  assert.equal(fs.readFileSync(other.at('state/workspace/deep/note.md'), 'utf8'), 'plain');
  const none = beside(it, 'backups/team-a/my-agent/none');
  const missing = shell(none, 'init-restore.sh', env);
  assert.equal(missing.status, 75);
  assert.match(missing.stderr, /^init-restore: backups\/team-a\/my-agent\/none (holds nothing|cannot be read from the bucket: .*not found)/);
  const half = beside(it, path());
  assert.match(shell(half, 'init-restore.sh', env).stderr, /is no whole backup: it has no manifest/);
});

test('old backups are pruned in a real S3 store', real, async () => {
  const id = '20270115T090000Z-scheduled';
  const it = waiting({id});
  const env = await withS3(it, rclone);
  const at = (name) => it.at('bucket/b', PARENT, name);
  for (const name of ['20270101T090000Z-scheduled', '20270113T090000Z-scheduled', '20270114T090000Z-scheduled', '20270101T090000Z-demanded']) {
    for (const file of ['archive.tar.gz', 'manifest.json']) write(`${at(name)}/${file}`, 'x');
  }
  write(`${at('20270102T090000Z-scheduled')}/archive.tar.gz`, 'half');
  const {status, stderr, word} = upload(it, {...env, BACKUP_RETENTION_DAYS: '7', BACKUP_HISTORY_LIMIT: '2'});
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  assert.equal(JSON.parse(word).pruned, 3);
  assert.deepEqual(fs.readdirSync(at('')).filter((name) => Object.keys(kept(it, `b/${PARENT}/${name}`)).length > 0).sort(),
    ['20270101T090000Z-demanded', '20270114T090000Z-scheduled', id]);
});

test('wrong keys, another bucket and a store that is away are told, and nothing is left', real, async () => {
  const it = waiting();
  const env = await withS3(it, rclone);
  const fails = (change, message) => {
    const result = upload(it, {...env, ...change});
    assert.equal(result.status, 75);
    assert.match(result.stderr, message);
    assert.equal(result.stderr, `${result.word}\n`);
    assert.deepEqual(kept(it), {});
  };
  fails({B2_APP_KEY: 'another-secret'}, /^upload: the bucket cannot be listed: .*(403|SignatureDoesNotMatch)/);
  fails({B2_KEY_ID: 'another-id'}, /^upload: the bucket cannot be listed: .*(403|InvalidAccessKeyId)/);
  fails({B2_BUCKET: 'none'}, /^upload: the archive cannot be uploaded: .*(404|NoSuchBucket)/);
  fails({B2_ENDPOINT: 'http://127.0.0.1:1'}, /^upload: the bucket cannot be listed: .*connection refused/);
});

test('a store that never answers ends an upload with its cause', real, async () => {
  const it = waiting();
  const env = await withS3(it, rclone);
  const sockets = [];
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  after(() => { sockets.forEach((socket) => socket.destroy()); server.close(); });
  await new Promise((resolve) => server.once('listening', resolve));
  const began = Date.now();
  const hung = {...env, B2_ENDPOINT: `http://127.0.0.1:${server.address().port}`};
  const limited = upload(it, {...hung, STORE_LIMIT: '3', RCLONE_TIMEOUT: '60s'});
  assert.equal(limited.status, 75);
  assert.match(limited.stderr, /^upload: the bucket cannot be listed: no answer within 3 s\n$/);
  const {status, stderr} = upload(it, {...hung, RCLONE_TIMEOUT: '1s'});
  assert.equal(status, 75);
  assert.match(stderr, /^upload: the bucket cannot be listed: .*(timeout|deadline|i\/o)/i);
  assert.ok(Date.now() - began < 40_000);
});
