import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import {test} from 'node:test';
import {archived, demand, ID, kept, KEYS, PARENT, path, upload, withStandIn} from './bucket.mjs';
import {clone, erase, shell, tree, world, write} from './kit.mjs';
import {running, T0} from './volume.mjs';

const NOW = {NOW: String(T0)};
const local = (it, ...name) => it.at('state/.snapshots/.upload', it.settings.backup.id, ...name);
const stored = (it, name) => it.at('bucket', path(it.settings.backup.id), name);
const commands = (it) => fs.readFileSync(it.at('argv'), 'utf8').split('\n').filter(Boolean).map((line) => line.split(' ')[0]);

// An archive that waits, and a bucket that is empty.
function waiting(backup) {
  const it = running();
  fs.writeFileSync(it.at('state/workspace/noise'), Buffer.from(Array.from({length: 5000}, (_, i) => i * i * 31 >> 3)));
  withStandIn(it);
  archived(it, {source: 'state', ...backup}, NOW);
  return it;
}

// An archive of nothing, for what looks at its name alone.
function nominal(id) {
  const it = world();
  withStandIn(it);
  demand(it, {id});
  write(local(it, 'archive.tar.gz'), 'archive');
  const sha256 = createHash('sha256').update('archive').digest('hex');
  write(local(it, 'manifest.json'), JSON.stringify({archive: {name: 'archive.tar.gz', bytes: 7, sha256}}));
  return it;
}

function fails(it, message, env) {
  const result = upload(it, env);
  assert.equal(result.status, 75, result.stderr);
  assert.match(result.stderr, message);
  assert.equal(result.stderr, `${result.word}\n`);
  assert.equal(result.stderr.split('\n').length, 2);
  assert.ok(result.word.length < 800, `${result.word.length} bytes`);
  assert.ok(fs.existsSync(local(it, 'archive.tar.gz')));
  return result;
}

test('what is uploaded is what was archived, the manifest goes last, and the last word names the archive', () => {
  const it = waiting();
  const manifest = JSON.parse(fs.readFileSync(local(it, 'manifest.json'), 'utf8'));
  const wanted = Object.fromEntries(['archive.tar.gz', 'manifest.json'].map((name) => [name, fs.readFileSync(local(it, name), 'latin1')]));
  const before = tree(it.state, (name) => name.startsWith('.snapshots/.upload'));
  const {status, stdout, stderr, word} = upload(it);
  assert.deepEqual({status, stdout, stderr}, {status: 0, stdout: '', stderr: ''});
  assert.deepEqual(kept(it, path()), wanted);
  assert.deepEqual(JSON.parse(word), {bytes: manifest.archive.bytes, sha256: manifest.archive.sha256});
  assert.deepEqual(commands(it), ['lsf', 'copyto', 'cat', 'copyto', 'cat']);
  assert.ok(!fs.existsSync(local(it)));
  assert.deepEqual(tree(it.state, (name) => name.startsWith('.snapshots/.upload')), before);
});

test('an upload that is cut anywhere leaves no manifest', () => {
  const start = waiting();
  for (const [name, count] of [['archive.tar.gz', 20], ['manifest.json', 5]]) {
    const {size} = fs.statSync(local(start, name));
    for (let i = 0; i < count; i += 1) {
      const at = Math.floor((size - 1) * i / (count - 1));
      // `cut` tells that it failed, `lie` says that all went well.
      for (const kind of ['cut', 'lie']) {
        const it = clone(start);
        fails(it, kind === 'cut' ? /cannot be uploaded: .*connection reset/ : /in the bucket is not what was uploaded/, {FAULT_AT: `copyto:*${name}`, FAULT: `${kind}:${at}`});
        assert.ok(!fs.existsSync(stored(it, 'manifest.json')), `${kind} ${name} ${at}`);
        erase(it.root);
      }
    }
  }
});

test('every fault of the store is 75, and its last word names the step and the cause', () => {
  const start = waiting();
  const steps = {
    'lsf:*': /^upload: the bucket cannot be listed: /,
    'copyto:*archive.tar.gz': /^upload: the archive cannot be uploaded: /,
    'cat:*archive.tar.gz': /^upload: the archive cannot be read back: /,
    'copyto:*manifest.json': /^upload: the manifest cannot be uploaded: /,
    'cat:*manifest.json': /^upload: the manifest cannot be read back: /,
  };
  const causes = {403: /AccessDenied: Access Denied, StatusCode: 403 \(\*\*\*, \*\*\*\)/, 404: /NoSuchBucket/, 503: /SlowDown: 0+$/m, full: /no space left on device/, hang: /rclone gave no reason|Terminated|no answer within 2 s/, killed: /rclone gave no reason|Killed/, 'cut:3': /connection reset/};
  for (const [at, step] of Object.entries(steps)) {
    for (const [fault, cause] of Object.entries(causes)) {
      if (at === 'lsf:*' && fault === 'cut:3') continue;
      const it = clone(start);
      const {stderr} = fails(it, step, {FAULT_AT: at, FAULT: fault, STORE_LIMIT: '2'});
      assert.match(stderr, cause, `${at} ${fault}`);
      assert.doesNotMatch(stderr, /2026\/02\/01|the first of two/);
      assert.ok(!fs.existsSync(stored(it, 'manifest.json')), `${at} ${fault}`);
      erase(it.root);
    }
  }
});

test('a damaged answer is no proof', () => {
  const start = waiting();
  for (const name of ['archive.tar.gz', 'manifest.json']) {
    const it = clone(start);
    fails(it, /in the bucket is not what was uploaded/, {FAULT_AT: `cat:*${name}`, FAULT: 'lie:100'});
    assert.ok(!fs.existsSync(stored(it, 'manifest.json')));
  }
});

test('a prefix that holds anything is left as it is', () => {
  const start = waiting();
  for (const name of ['manifest.json', 'archive.tar.gz', 'other', 'deep/down/x']) {
    const it = clone(start);
    write(stored(it, name), 'of somebody else');
    const before = kept(it);
    fails(it, /is taken in the bucket; it is left as it is/);
    assert.deepEqual(kept(it), before);
  }
});

test('what lacks is named before the store is asked', () => {
  const start = waiting();
  const cases = [
    [{B2_BUCKET: ''}, /lacks B2_BUCKET or S3_BUCKET/], [{B2_ENDPOINT: ' \n'}, /lacks B2_ENDPOINT or S3_ENDPOINT/],
    [{B2_KEY_ID: ''}, /lacks B2_KEY_ID or S3_ACCESS_KEY_ID/], [{B2_APP_KEY: ''}, /lacks B2_APP_KEY or S3_SECRET_ACCESS_KEY/],
    [{B2_KEY_ID: '', B2_APP_KEY: ''}, /lacks B2_KEY_ID/], [{B2_KEY_ID: '', BACKUP_ENV_AUTH: 'true'}, /lacks B2_KEY_ID/],
    [{B2_APP_KEY: '', BACKUP_ENV_AUTH: 'true'}, /lacks B2_APP_KEY/],
    [{BACKUP_PATH: ''}, /is no path of a backup/], [{BACKUP_PATH: `backups/a/b/${ID}`}, /is no path of a backup/],
    [{BACKUP_PATH: `${PARENT}/latest`}, /is no path of a backup/], [{BACKUP_PATH: `${PARENT}/x/${ID}`}, /is no path of a backup/],
    [{BACKUP_PATH: path('20270115T090000Z-update')}, /the volume holds no archive\.tar\.gz of 20270115T090000Z-update/],
  ];
  for (const [env, message] of cases) fails(start, message, env);
  fs.writeFileSync(local(start, 'manifest.json'), '{"archive": {}}');
  fails(start, /the manifest of .* names no archive/);
  fs.rmSync(local(start, 'manifest.json'));
  fails(start, /the volume holds no manifest\.json/);
  assert.ok(!fs.existsSync(start.at('argv')));
});

test('a scratch directory that is not there is told', () => {
  const it = waiting();
  fails(it, /none cannot be written to/, {TMPDIR: it.at('none')});
});

// Runs upload.sh with an rclone that only tells its environment.
function told(env) {
  const it = nominal(ID);
  write(it.at('bin/rclone'), `#!/bin/sh\nenv | grep '^RCLONE_' | sort > "$(dirname "$0")/../told"\nexit 9\n`, 0o755);
  shell(it, 'upload.sh', {BACKUP_PATH: path(), ...env});
  return Object.fromEntries(fs.readFileSync(it.at('told'), 'utf8').replaceAll(it.root, '').split('\n').filter(Boolean).map((line) => line.split(/=(.*)/s)));
}

test('rclone gets the keys of either name, or none where the cloud gives them', () => {
  const at = 'RCLONE_CONFIG_STORE_';
  const b2 = told({...KEYS, S3_REGION: 'eu\n', S3_BUCKET: 'other', B2_KEY_ID: 'key-id-secret\n'});
  const s3 = told({S3_BUCKET: 'b', S3_ACCESS_KEY_ID: 'key-id-secret', S3_SECRET_ACCESS_KEY: 'app-key-secret', S3_ENDPOINT: KEYS.B2_ENDPOINT, S3_REGION: 'eu', BACKUP_ENV_AUTH: 'true'});
  assert.deepEqual(s3, b2);
  assert.equal(b2[`${at}ACCESS_KEY_ID`], 'key-id-secret');
  assert.equal(b2[`${at}ENDPOINT`], KEYS.B2_ENDPOINT);
  assert.equal(b2[`${at}REGION`], 'eu');
  assert.equal(b2[`${at}ENV_AUTH`], undefined);
  const cloud = told({B2_BUCKET: 'b', B2_ENDPOINT: KEYS.B2_ENDPOINT, BACKUP_ENV_AUTH: 'true'});
  assert.equal(cloud[`${at}ENV_AUTH`], 'true');
  assert.ok(!(`${at}ACCESS_KEY_ID` in cloud));
  assert.deepEqual([cloud.RCLONE_RETRIES, cloud.RCLONE_LOW_LEVEL_RETRIES, cloud.RCLONE_TIMEOUT, cloud.RCLONE_CONTIMEOUT], ['3', '3', '60s', '15s']);
});

// Each row: the backup, the days, the limit, what is in the bucket (`-` has no manifest), what stays.
const OWN = '20270115T090000Z-scheduled';
const day = (n, reason = 'scheduled') => `202701${String(n).padStart(2, '0')}T090000Z-${reason}`;
const days = (...n) => n.map((d) => day(d));
const TABLE = {
  'without limits nothing goes': [OWN, '', '', days(1, 2), days(1, 2)],
  'past the days': [OWN, '7', '', ['20270108T085959Z-scheduled', ...days(7, 8, 9)], days(8, 9)],
  'past the newest, of which this is one': [OWN, '', '3', days(10, 11, 12, 13, 14), days(13, 14)],
  'past either': [OWN, '7', '3', days(1, 13, 14), days(13, 14)],
  'other reasons and other names stay': [OWN, '1', '1', [day(1), day(1, 'demanded'), day(1, 'update'), day(1, 'deletion'), 'latest', 'x20270101T090000Z-scheduled', '20270101T090000Z-scheduled-2', '2027-scheduled'],
    [day(1, 'demanded'), day(1, 'update'), day(1, 'deletion'), 'latest', 'x20270101T090000Z-scheduled', '20270101T090000Z-scheduled-2', '2027-scheduled']],
  'what has no manifest takes no place': [OWN, '', '2', [day(10), day(11), `-${day(12)}`, `-${day(13)}`, `-${day(14)}`], [day(11), `-${day(12)}`, `-${day(13)}`, `-${day(14)}`]],
  'what has no manifest goes with its age': [OWN, '7', '2', [`-${day(1)}`, `-${day(10)}`, day(11), day(12)], [day(12)]],
  'a backup on demand is not counted and not pruned': ['20270115T090000Z-demanded', '', '1', [day(13), day(14), day(12, 'demanded')], [day(14), day(12, 'demanded')]],
  'a newer one is counted, and this one stays whatever the clocks say': [OWN, '', '1', days(14, 16), days(16)],
  'across a month and a year': [OWN, '30', '', ['20261216T085959Z-scheduled', '20261216T090000Z-scheduled'], ['20261216T090000Z-scheduled']],
  'a limit of one keeps this one': [OWN, '', '1', days(14), []],
};

function withSiblings(id, siblings) {
  const it = nominal(id);
  for (const name of siblings) {
    const whole = !name.startsWith('-');
    const at = it.at('bucket', PARENT, whole ? name : name.slice(1));
    write(`${at}/archive.tar.gz`, 'archive');
    if (whole) write(`${at}/manifest.json`, '{}');
  }
  // Of another instance, whose name begins as ours does.
  write(it.at('bucket', `${PARENT}-2`, day(1), 'manifest.json'), '{}');
  return it;
}

function standing(it) {
  return fs.readdirSync(it.at('bucket', PARENT)).map((name) => fs.existsSync(it.at('bucket', PARENT, name, 'manifest.json')) ? name : `-${name}`).sort();
}

for (const [name, [id, retention, limit, siblings, wanted]] of Object.entries(TABLE)) {
  test(`pruning: ${name}`, () => {
    const it = withSiblings(id, siblings);
    const {status, stderr, word} = upload(it, {BACKUP_RETENTION_DAYS: retention, BACKUP_HISTORY_LIMIT: limit});
    assert.equal(status, 0, stderr);
    assert.deepEqual(standing(it), [...wanted, id].sort());
    const {pruned} = JSON.parse(word);
    assert.equal(pruned, retention || limit ? siblings.length - wanted.length : undefined);
    assert.ok(fs.existsSync(it.at('bucket', `${PARENT}-2`, day(1), 'manifest.json')));
  });
}

test('pruning that fails is told, and the backup is one all the same', () => {
  const limits = {BACKUP_RETENTION_DAYS: '7', BACKUP_HISTORY_LIMIT: '3'};
  const cases = {
    'lsf:*my-agent': [0, days(1, 2), /nothing is pruned, the bucket cannot be listed: .*403/],
    // Its manifest could not go, so the rest stays too.
    [`deletefile:*${day(1)}*`]: [1, [day(1)], /20270101T090000Z-scheduled cannot be pruned: /],
    // What is half pruned is no backup any more.
    [`purge:*${day(1)}`]: [1, [`-${day(1)}`], /20270101T090000Z-scheduled cannot be pruned: /],
  };
  for (const [at, [pruned, left, warning]] of Object.entries(cases)) {
    const it = withSiblings(OWN, days(1, 2));
    const {status, stderr, word} = upload(it, {...limits, FAULT_AT: at, FAULT: '403'});
    assert.equal(status, 0, stderr);
    assert.match(stderr, warning);
    assert.deepEqual(standing(it), [OWN, ...left].sort());
    const {bytes, sha256, ...rest} = JSON.parse(word);
    assert.ok(bytes === 7 && sha256.length === 64);
    assert.deepEqual(rest, {pruned, pruneFailed: true});
  }
});

test('limits that are no numbers above zero prune nothing', () => {
  for (const [retention, limit] of [['0', ''], ['', '0'], ['7d', ''], ['', '-1'], ['7', 'x']]) {
    const it = withSiblings(OWN, days(1));
    const {status, stderr, word} = upload(it, {BACKUP_RETENTION_DAYS: retention, BACKUP_HISTORY_LIMIT: limit});
    assert.equal(status, 0);
    assert.match(stderr, /nothing is pruned/);
    assert.deepEqual(standing(it), [day(1), OWN].sort());
    assert.equal(JSON.parse(word).pruneFailed, true);
  }
});
