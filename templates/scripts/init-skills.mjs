// Init container: skills from ClawHub, npm and GitHub. A record on the volume names what is there, so
// a second start needs no network; an item is in it only while its directory holds just that item.

import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Readable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {createGunzip} from 'node:zlib';
import {Fault, enter, readRecord, run, writeRecord} from './config.mjs';

const LARGEST = 256 * 2 ** 20;
const WORD = '[A-Za-z0-9_][A-Za-z0-9._-]*';
const PIN = '(?:@([A-Za-z0-9_][A-Za-z0-9._+/-]*))?';
// Closed on purpose: what matches can be neither an option nor a path out of its directory.
const FORMS = [
  ['npm', new RegExp(`^npm:((?:@${WORD}/)?${WORD})${PIN}$`)],
  ['pack', new RegExp(`^pack:(${WORD}/${WORD})((?:/\\.?${WORD})+)${PIN}$`)],
  ['clawhub', new RegExp(`^((?:@${WORD}/)?${WORD})${PIN}$`)],
];

/** What an item asks for, if it has a known form; `dirs` are the places below the state directory where it can be. */
function parse(item) {
  const [kind, match] = FORMS.map(([kind, form]) => [kind, form.exec(item)]).find(([, match]) => match) ?? [];
  if (!kind || item.includes('..')) return undefined;
  if (kind === 'pack') {
    const path = match[2].slice(1);
    return {item, kind, repo: match[1], path, version: match[3] ?? 'HEAD', dirs: [`workspace/skills/${path.split('/').pop()}`]};
  }
  const [, name, version] = match;
  if (kind === 'npm') return {item, kind, name, version, dirs: [`.local/lib/node_modules/${name}`]};
  // The client keeps a skill at its old place when it was installed without its owner before.
  return {item, kind, name, version, dirs: [...new Set([`workspace/skills/${name}`, `workspace/skills/${name.split('/').pop()}`])]};
}

function call(item, program, args) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^npm_config_ignore[-_]scripts$/i.test(key)));
  Object.assign(env, {npm_config_ignore_scripts: 'true', XDG_CONFIG_HOME: join(tmpdir(), '.config'), CLAWHUB_DISABLE_TELEMETRY: '1'});
  const {status, signal, error} = spawnSync(program, args, {cwd: tmpdir(), env, stdio: ['ignore', 'inherit', 'inherit']});
  if (status !== 0) throw new Fault(`skill ${item}: ${program} ended with ${error?.code ?? signal ?? status}`, 1);
}

/** A function that gives the next `n` bytes, or undefined at the end. */
function reader(stream) {
  const chunks = stream[Symbol.asyncIterator]();
  let held = Buffer.alloc(0);
  return async (n) => {
    while (held.length < n) {
      const {value, done} = await chunks.next();
      if (done) return undefined;
      held = Buffer.concat([held, value]);
    }
    const bytes = held.subarray(0, n);
    held = held.subarray(n);
    return bytes;
  };
}

async function* content(take, size) {
  for (let left = size; left > 0;) {
    const block = await take(Math.min(65536, Math.ceil(left / 512) * 512));
    if (!block) throw new Error('the archive ends early');
    yield block.subarray(0, left);
    left -= block.length;
  }
}

const string = (bytes) => bytes.toString('utf8').replace(/\0.*$/s, '');

/** The entries of a tar stream; a `body` that is not read is passed over. */
async function* tar(stream) {
  const take = reader(stream);
  let long;
  for (let head; (head = await take(512));) {
    if (head[0] === 0) continue;
    const size = parseInt(string(head.subarray(124, 136)), 8);
    if (!(size >= 0)) throw new Error('the archive is damaged');
    const type = String.fromCharCode(head[156] || 48);
    const prefix = string(head.subarray(257, 263)).startsWith('ustar') ? string(head.subarray(345, 500)) : '';
    const plain = string(head.subarray(0, 100));
    const mode = parseInt(string(head.subarray(100, 108)), 8);
    const body = content(take, size);
    if ('xgLK'.includes(type)) {
      let bytes = Buffer.alloc(0);
      for await (const block of body) bytes = Buffer.concat([bytes, block]);
      if (type === 'x') long = /(?:^|\n)\d+ path=([^\n]*)\n/.exec(bytes.toString('utf8'))?.[1] ?? long;
      if (type === 'L') long = string(bytes);
      continue;
    }
    yield {name: long ?? (prefix ? `${prefix}/${plain}` : plain), type, mode, body};
    long = undefined;
    for await (const _ of body);
  }
}

/** Writes what lies below `path` in a repository's archive to `dir`; whether there was anything. */
async function unpack(stream, path, dir) {
  let total = 0;
  let found = false;
  for await (const {name, type, mode, body} of tar(stream)) {
    // The archive holds one directory, named for repository and ref.
    const parts = name.replace(/\/$/, '').split('/').slice(1);
    const whole = parts.join('/');
    if (!`${whole}/`.startsWith(`${path}/`)) continue;
    if (parts.some((part) => ['', '.', '..'].includes(part))) throw new Error(`${name} leaves its directory`);
    const target = join(dir, whole.slice(path.length + 1));
    if (type === '5') {
      fs.mkdirSync(target, {recursive: true});
      continue;
    }
    if (type !== '0' || whole === path) throw new Error(`${name} is neither a directory nor a file in one`);
    fs.mkdirSync(join(target, '..'), {recursive: true});
    const fd = fs.openSync(target, 'wx', mode & 0o100 ? 0o755 : 0o644);
    for await (const block of body) {
      total += block.length;
      if (total > LARGEST) throw new Error(`more than ${LARGEST} bytes`);
      fs.writeSync(fd, block);
    }
    fs.closeSync(fd);
    found = true;
  }
  return found;
}

async function installPack({stateDir}, {item, repo, path, version, dirs: [dir]}) {
  const target = join(stateDir, dir);
  const fresh = join(stateDir, 'workspace/skills/.openclaw-tmp');
  fs.rmSync(fresh, {recursive: true, force: true});
  try {
    fs.mkdirSync(fresh);
    const response = await fetch(`https://codeload.github.com/${repo}/tar.gz/${version}`, {signal: AbortSignal.timeout(300_000)});
    if (!response.ok) throw new Error(`HTTP ${response.status} from GitHub`);
    let found;
    await pipeline(Readable.fromWeb(response.body), createGunzip(), async (stream) => {
      found = await unpack(stream, path, fresh);
    });
    if (!found) throw new Error(`${path} is not in ${repo} at ${version}`);
  } catch (error) {
    fs.rmSync(fresh, {recursive: true, force: true});
    throw new Fault(`skill ${item}: ${error.cause?.message ?? error.message}`, 1);
  }
  fs.rmSync(target, {recursive: true, force: true});
  fs.renameSync(fresh, target);
}

async function install(settings, skill, present) {
  const {item, kind, name, version, dirs} = skill;
  const {stateDir} = settings;
  if (kind === 'pack') {
    await installPack(settings, skill);
  } else if (kind === 'npm') {
    call(item, 'npm', ['install', '-g', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', join(stateDir, '.local'), '--', version ? `${name}@${version}` : name]);
  } else {
    // --force replaces a directory, but it also silences the warning about a suspicious skill: only where one is there.
    call(item, 'npx', ['-y', '--ignore-scripts', `clawhub@${settings.skills.clawhub}`, '--no-input', '--workdir', join(stateDir, 'workspace'),
      'install', name, ...(version ? ['--version', version] : []), ...(present ? ['--force'] : [])]);
  }
  const dir = dirs.find((place) => fs.existsSync(join(stateDir, place)));
  if (!dir) throw new Fault(`skill ${item}: installed, but ${dirs[0]} is not there`, 1);
  return dir;
}

function uninstall(stateDir, {item, kind, name}, dir) {
  if (kind === 'npm') call(item, 'npm', ['uninstall', '-g', '--ignore-scripts', '--prefix', join(stateDir, '.local'), '--', name]);
  else fs.rmSync(join(stateDir, dir), {recursive: true, force: true});
}

function parseAll(items) {
  const owners = new Map();
  return items.map((item) => {
    const skill = parse(item);
    if (!skill) throw new Fault(`skill ${JSON.stringify(item)} is not <slug>[@version], npm:<package>[@version] or pack:<owner>/<repo>/<path>[@ref]`, 78);
    const [dir] = skill.dirs;
    if (owners.has(dir)) throw new Fault(`skills ${owners.get(dir)} and ${item} share the directory ${dir}`, 78);
    owners.set(dir, item);
    return skill;
  });
}

run(1, async (settings) => {
  const {stateDir, skills} = settings;
  const wanted = parseAll(skills.items);
  const exists = (dir) => fs.existsSync(join(stateDir, dir));
  fs.mkdirSync(join(stateDir, 'workspace'), {recursive: true});
  if (!enter(join(stateDir, 'workspace'), ['skills'])) throw new Fault('workspace/skills is a file or leads out of the workspace', 1);

  const path = join(stateDir, '.openclaw-skills.json');
  // The agent can write to the record: an entry counts only if the item can really be there.
  const known = new Map(Object.entries(readRecord(path)?.items ?? {}).filter(([item, dir]) => parse(item)?.dirs.includes(dir)));
  const save = () => writeRecord(path, {items: Object.fromEntries([...known].sort())});
  for (const skill of wanted) {
    if (known.has(skill.item) && exists(known.get(skill.item))) continue;
    // Forgotten before the directory changes: killed on the way, no version may claim it.
    for (const [item, dir] of known) if (skill.dirs.includes(dir)) known.delete(item);
    save();
    known.set(skill.item, await install(settings, skill, skill.dirs.some(exists)));
    save();
  }
  for (const [item, dir] of known) {
    if (wanted.some((skill) => skill.item === item)) continue;
    uninstall(stateDir, parse(item), dir);
    known.delete(item);
    save();
  }
});
