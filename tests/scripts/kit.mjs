// A volume, an application and the scripts in a scratch directory, and a way to compare whole trees.

import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after} from 'node:test';

const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const scripts = join(here, '../../templates/scripts');
const base = fs.mkdtempSync(join(tmpdir(), 'openclaw-scripts-'));
after(() => erase(base));
export const preload = join(here, 'preload.mjs');

// As the real module does, it names the line of a fault.
const JSON5 = `exports.parse = (text) => {
  try { return new Function('return (' + text + '\\n)')(); }
  catch { throw Object.assign(new SyntaxError('JSON5: invalid character'), {lineNumber: 2}); }
};`;

export function write(path, text, mode) {
  fs.mkdirSync(join(path, '..'), {recursive: true});
  fs.writeFileSync(path, text);
  if (mode) fs.chmodSync(path, mode);
}

/** Removes a world, read-only directories too. */
export function erase(path) {
  spawnSync('chmod', ['-R', 'u+rwx', path], {stdio: 'ignore'});
  fs.rmSync(path, {recursive: true, force: true});
}

let count = 0;
const directory = () => join(base, String(count += 1));

/** A scratch world; `settings` are merged over working ones. */
export function world(settings = {}) {
  const root = directory();
  const at = (...parts) => join(root, ...parts);
  fs.mkdirSync(at('state'), {recursive: true});
  fs.cpSync(scripts, at('etc'), {recursive: true});
  write(at('app/package.json'), JSON.stringify({version: '2026.9.4', openclaw: {schemaVersions: {state: 17}}}));
  write(at('app/node_modules/json5/index.js'), JSON5);
  write(at('etc/openclaw.json'), '{"gateway": {"mode": "local"}}');
  write(at('bin/sync'), '#!/bin/sh\n', 0o755);
  const it = {root, at, state: at('state')};
  configure(it, settings);
  return it;
}

export function configure(it, settings) {
  const defaults = {stateDir: it.state, appDir: it.at('app'), config: {source: it.at('etc/openclaw.json'), format: 'json', mode: 'overwrite'},
    workspace: {}, state: {restoreWithinSeconds: 7200, consent: null}};
  it.settings = {...defaults, ...settings, config: {...defaults.config, ...settings.config}};
  write(it.at('etc/init.json'), JSON.stringify(it.settings));
}

/** Another world with the same files; only the settings name the new place. */
export function clone(it) {
  const root = directory();
  execFileSync('cp', ['-a', it.root, root]);
  const at = (...parts) => join(root, ...parts);
  const text = fs.readFileSync(at('etc/init.json'), 'utf8').replaceAll(`${it.root}/`, `${root}/`);
  fs.writeFileSync(at('etc/init.json'), text);
  return {root, at, state: at('state'), settings: JSON.parse(text)};
}

export function environment(it, env) {
  return {PATH: `${it.at('bin')}:${process.env.PATH}`, HOME: '/nonexistent', ...env};
}

export function run(it, script, env = {}, args = []) {
  const result = spawnSync(process.execPath, ['--import', preload, it.at('etc', script), ...args],
    {env: environment(it, env), encoding: 'utf8', cwd: it.root, timeout: 60_000});
  return {status: result.status, signal: result.signal, stderr: result.stderr, stdout: result.stdout};
}

export function succeeds(it, script, env, args) {
  const result = run(it, script, env, args);
  assert.equal(result.status, 0, result.stderr);
  return result;
}

/** Every entry below a directory: kind, mode, time and content. Times after 2020 are the test's own and read `now`. */
export function tree(root, skip = () => false, rel = '', found = {}) {
  const raw = (path) => Buffer.from(path, 'latin1');
  for (const name of fs.readdirSync(raw(`${root}/${rel}`), {encoding: 'latin1'}).sort()) {
    const path = rel + name;
    if (skip(path)) continue;
    const info = fs.lstatSync(raw(`${root}/${path}`));
    const time = info.mtime.getFullYear() > 2020 ? 'now' : Math.round(info.mtimeMs);
    const mode = (info.mode & 0o7777).toString(8);
    const kind = info.isFile() ? fs.readFileSync(raw(`${root}/${path}`), 'latin1')
      : info.isSymbolicLink() ? `-> ${fs.readlinkSync(raw(`${root}/${path}`), 'latin1')}` : info.isDirectory() ? 'directory' : 'special';
    found[path] = `${info.isSymbolicLink() ? '' : mode} ${time} ${kind}`;
    if (info.isDirectory()) tree(root, skip, `${path}/`, found);
  }
  return found;
}

/** A program that records its arguments and the environment that matters, then runs `body`. */
export function fake(it, name, body = '') {
  const text = `#!${process.execPath}
const fs = require('fs'), path = require('path'), args = process.argv.slice(2), root = ${JSON.stringify(it.root)};
const env = Object.fromEntries(Object.entries(process.env).filter(([k]) => /ignore.scripts|COREPACK|XDG_CONFIG/i.test(k)));
fs.appendFileSync(root + '/calls', JSON.stringify(['${name}', ...args]) + '\\n');
fs.writeFileSync(root + '/env', JSON.stringify(env));
const mkdir = (dir) => fs.mkdirSync(dir, {recursive: true});
${body}`;
  write(it.at('bin', name), text, 0o755);
}

/** Runs a shell script; the last word is what the status of the Pod would have. */
export function shell(it, script, env = {}) {
  write(it.at('last-word'), '');
  fs.mkdirSync(it.at('tmp'), {recursive: true});
  const {status, stdout, stderr} = spawnSync('sh', [it.at('etc', script)], {encoding: 'utf8', timeout: 60_000,
    env: environment(it, {OPENCLAW_STATE_DIR: it.state, TMPDIR: it.at('tmp'), TERMINATION_LOG: it.at('last-word'), ...env})});
  return {status, stdout, stderr, word: fs.readFileSync(it.at('last-word'), 'utf8')};
}

/** The recorded calls, once. */
export function calls(it) {
  const text = fs.existsSync(it.at('calls')) ? fs.readFileSync(it.at('calls'), 'utf8') : '';
  fs.rmSync(it.at('calls'), {force: true});
  return text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

/** Kills `script` before each change, and in the middle of those that have one; `then` sees what came of it. */
export function killEverywhere(start, script, env, then, args = []) {
  const attempt = (at, torn) => {
    const it = clone(start);
    const result = run(it, script, {...env, KILL_AT: String(at), KILL_TORN: torn}, args);
    if (result.signal === 'SIGKILL') then(it, `killed at change ${at}${torn && ', halfway'}`);
    else assert.equal(result.status, 0, result.stderr);
    erase(it.root);
    return result;
  };
  for (let at = 1; ; at += 1) {
    const {signal, stderr} = attempt(at, '');
    if (signal !== 'SIGKILL') return at - 1;
    if (stderr.endsWith('can be torn')) attempt(at, '1');
  }
}
