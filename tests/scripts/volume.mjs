// A volume with state of every kind on it, and the versions that come and go.

import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import {run, succeeds, tree, world, write} from './kit.mjs';

export const HOUR = 3_600_000;
export const T0 = 1_800_000_000_000;
export const OLD = {version: '2026.9.4', schemas: {state: 17}};
export const NEW = {version: '2026.9.6', schemas: {state: 18}};
export const SNAPSHOT = '2026.9.4..2026.9.6';
export const bytes = (path) => Buffer.from(path, 'latin1');

export function image(it, {version, schemas}) {
  write(it.at('app/package.json'), JSON.stringify({version, ...(schemas && {openclaw: {schemaVersions: schemas}})}));
}

// A gateway that only tells that it ran.
export function volume(settings) {
  const it = world(settings);
  write(it.at('app/openclaw.mjs'), '');
  return it;
}

export const init = (it, version, at, env) => {
  image(it, version);
  return run(it, 'init-state.mjs', {NOW: String(at), ...env});
};

export function starts(it, version, at) {
  const result = init(it, version, at);
  assert.equal(result.status, 0, result.stderr);
  succeeds(it, 'start.mjs', {NOW: String(at)});
  return result;
}

export function fill(it) {
  const s = (path) => `${it.state}/${path}`;
  write(s('state/openclaw.sqlite'), 'rows of 9.4');
  write(s('state/openclaw.sqlite-wal'), '');
  write(s('workspace/run.sh'), '#!/bin/sh', 0o755);
  write(s('workspace/app/node_modules/x/index.js'), 'own work');
  write(s('agents/main/secret'), 'token', 0o600);
  write(s('npm/projects/discord/package.json'), '{}');
  write(s('npm/projects/discord/node_modules/d/index.js'), 'plugin');
  write(s('extensions/e/node_modules/y.js'), 'plugin');
  write(s('extensions/e/plugin.js'), 'kept');
  write(s('cache/npm/blob'), 'cache');
  write(s('tmp/lock'), '1');
  write(s('lost+found/x'), '');
  fs.mkdirSync(s('workspace/empty'));
  fs.symlinkSync('../agents/main/secret', s('workspace/link'));
  fs.symlinkSync('nowhere', s('workspace/dangling'));
  for (const name of ['a\nb', '-rf', '"$(x)\'', 'caf\xe9', ' ', '..x', '\xf0\x9f\xa6\x9e']) fs.writeFileSync(bytes(s(`workspace/${name}`)), name);
  fs.symlinkSync(bytes('caf\xe9'), bytes(s('workspace/l\xff')));
  write(s('locked/inside/file'), 'read-only');
  execFileSync('mkfifo', [s('workspace/pipe')]);
  fs.chmodSync(s('locked/inside'), 0o555);
  fs.chmodSync(s('locked'), 0o555);
  fs.chmodSync(s('workspace/empty'), 0o2750);
  for (const path of Object.keys(tree(it.state, (p) => p === '.snapshots')).reverse()) {
    fs.lutimesSync(bytes(s(path)), 981158400, 981158400 + path.length + 0.25);
  }
}

// What a snapshot holds, seen from the volume's root.
export const excluded = (path) => ['.snapshots', 'cache', 'tmp', 'lost+found', 'workspace/pipe', 'openclaw.json',
  'npm/projects/discord/node_modules', 'extensions/e/node_modules'].includes(path);
export const content = (it) => tree(it.state, excluded);
export const held = (it, name = SNAPSHOT) => tree(it.at('state/.snapshots', name, 'files'), (path) => path === 'openclaw.json');
export const listed = (it) => fs.readdirSync(it.at('state/.snapshots')).filter((name) => name.includes('..') && name[0] !== '.').sort();
export const marker = (it) => JSON.parse(fs.readFileSync(it.at('state/.snapshots/marker.json'), 'utf8'));

// What the new version does to the state.
export function migrate(it) {
  fs.writeFileSync(it.at('state/state/openclaw.sqlite'), 'rows of 9.6');
  fs.rmSync(it.at('state/agents'), {recursive: true});
  write(it.at('state/state/new.bak'), 'migrated');
  write(it.at('state/added'), 'by 9.6');
}

// 9.4 has run; `then` leaves the volume as 9.6 would find it.
export function running(settings) {
  const it = volume(settings);
  starts(it, OLD, T0);
  fill(it);
  return it;
}

export function migrated(settings) {
  const it = running(settings);
  starts(it, NEW, T0 + HOUR);
  migrate(it);
  return it;
}
