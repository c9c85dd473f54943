// A bucket: a stand-in for rclone that keeps it in a directory and fails as told, or the real rclone
// and an S3 server. And the backups that go there.

import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import {createServer} from 'node:net';
import {after} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';
import {configure, run, shell, succeeds, write} from './kit.mjs';

export const KEYS = {B2_BUCKET: 'b', B2_KEY_ID: 'key-id-secret', B2_APP_KEY: 'app-key-secret', B2_ENDPOINT: 'https://s3.example.com'};
export const PARENT = 'openclaw/0e5f9d1c-2a43-4a5e-9f3b-0a1b2c3d4e5f/my-agent';
export const ID = '20270115T090000Z-demanded';

// FAULT_AT is a pattern for `<command>:<last argument>`; FAULT is what happens there. `cut` leaves the
// beginning of a file and fails, `lie` leaves it and does not.
const RCLONE = `#!/bin/sh
root=$(dirname "$0")/..
printf '%s\\n' "$*" >> "$root/argv"
for last; do :; done
here() { case $1 in store:b/*) printf '%s/bucket/%s' "$root" "\${1#store:b/}" ;; *) printf '%s' "$1" ;; esac; }
to=$(here "$last")
from=$(here "$3")
quit() {
  echo "2026/02/01 00:00:00 ERROR : the first of two" >&2
  echo "2026/02/01 00:00:01 CRITICAL: Failed to $command: $1 ($RCLONE_CONFIG_STORE_ACCESS_KEY_ID, $RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY)" >&2
  exit 1
}
command=$1
fault=
case $1:$last in \${FAULT_AT:-none}) fault=\${FAULT:-} ;; esac
case $fault in
  403) quit 'AccessDenied: Access Denied, StatusCode: 403' ;;
  404) quit 'NoSuchBucket: The specified bucket does not exist, StatusCode: 404' ;;
  503) quit "SlowDown: $(printf '%0900d' 0), StatusCode: 503" ;;
  full) quit 'no space left on device' ;;
  hang) exec timeout 3 sleep 60 ;;
  killed) kill -9 $$ ;;
  cut:*|lie:*)
    mkdir -p "$(dirname "$to")"
    if [ "$1" = cat ]; then head -c "\${fault#*:}" "$to"; else head -c "\${fault#*:}" "$from" > "$to"; fi
    case $fault in cut:*) quit 'connection reset by peer' ;; esac
    exit 0 ;;
esac
case $1 in
  lsf)
    [ -d "$to" ] || exit 3
    cd "$to"
    if [ "$2" = -R ]; then find . -type f | sed 's|^./||'; elif [ "$2" = --files-only ]; then ls -Ap | grep -v '/$'; else ls -Ap; fi
    exit 0 ;;
  copyto) mkdir -p "$(dirname "$to")" && cp "$from" "$to" ;;
  copy) mkdir -p "$to" && cp -R "$from/." "$to" ;;
  check) diff -r "$to" "$(here "$3")" >&2 ;;
  cat) cat "$to" ;;
  deletefile) rm "$to" ;;
  purge) rm -r "$to" ;;
  *) quit 'unknown command' ;;
esac
`;

export const withStandIn = (it) => write(it.at('bin/rclone'), RCLONE, 0o755);

/** Below the bucket: path and bytes, as a text of one character for each. */
export function kept(it, below = '') {
  const root = it.at('bucket', below);
  if (!fs.existsSync(root)) return {};
  return Object.fromEntries(fs.readdirSync(root, {recursive: true}).sort()
    .filter((name) => fs.statSync(`${root}/${name}`).isFile()).map((name) => [name, fs.readFileSync(`${root}/${name}`, 'latin1')]));
}

export const path = (id = ID) => `${PARENT}/${id}`;

/** Sets what the Job is to do; `backup` is merged over a backup on demand. */
export function demand(it, backup = {}) {
  configure(it, {...it.settings, backup: {id: ID, instance: 'my-agent', namespace: 'team-a', cluster: 'east', reason: 'demanded', source: 'copy', ...backup}});
}

export const step = (it, name, env) => run(it, 'backup.mjs', env, [name]);

/** Snapshot and archive, which must succeed. */
export function archived(it, backup, env) {
  demand(it, backup);
  for (const name of it.settings.backup.source === 'copy' ? ['snapshot', 'archive'] : ['archive']) succeeds(it, 'backup.mjs', env, [name]);
  return JSON.parse(fs.readFileSync(it.at('state/.snapshots/.upload', it.settings.backup.id, 'manifest.json'), 'utf8'));
}

/** Runs upload.sh, and checks that no credential got out. */
export function upload(it, env = {}) {
  const result = shell(it, 'upload.sh', {...KEYS, BACKUP_PATH: path(it.settings.backup.id), ...env});
  const argv = fs.existsSync(it.at('argv')) ? fs.readFileSync(it.at('argv'), 'utf8') : '';
  assert.doesNotMatch(result.stdout + result.stderr + result.word + argv, /key-id-secret|app-key-secret/);
  return result;
}

/** The path of the real rclone, or undefined. */
export function realRclone() {
  const {OPENCLAW_TOOLS_RCLONE, OPENCLAW_BED_RCLONE, PATH} = process.env;
  return [OPENCLAW_TOOLS_RCLONE, OPENCLAW_BED_RCLONE, ...PATH.split(':').map((dir) => `${dir}/rclone`)]
    .find((file) => file && spawnSync(file, ['version'], {stdio: 'ignore'}).status === 0);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const {port} = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Puts the real rclone in the place of the stand-in, and serves the world's bucket by S3. Returns the environment. */
export async function withS3(it, rclone) {
  fs.rmSync(it.at('bin/rclone'), {force: true});
  fs.symlinkSync(rclone, it.at('bin/rclone'));
  fs.mkdirSync(it.at('bucket/b'), {recursive: true});
  const port = await freePort();
  const server = spawn(rclone, ['serve', 's3', '--config', '', '--addr', `127.0.0.1:${port}`, '--auth-key', `${KEYS.B2_KEY_ID},${KEYS.B2_APP_KEY}`, it.at('bucket')], {stdio: 'ignore'});
  after(() => server.kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}`;
  for (let i = 0; i < 100 && !await fetch(url).catch(() => false); i += 1) await sleep(100);
  return {...KEYS, B2_ENDPOINT: url, RCLONE_RETRIES: '1', RCLONE_LOW_LEVEL_RETRIES: '1', RCLONE_TIMEOUT: '2s', RCLONE_CONTIMEOUT: '2s'};
}
