// Init container: makes directories, writes openclaw.json, seeds the workspace. Safe to repeat and
// to be killed anywhere: each file appears as a whole, and the record of seeds is written last.

import fs from 'node:fs';
import {join} from 'node:path';
import {Fault, apply, enter, readRecord, run, warn, writeAtomic, writeRecord} from './config.mjs';
import {adoptBackup} from './restore.mjs';

function split(path) {
  const parts = path.replace(/\/+$/, '').split('/');
  if (path.includes('\0') || parts.some((part) => ['', '.', '..'].includes(part))) {
    throw new Fault(`workspace: ${JSON.stringify(path)} does not stay below the workspace`, 78);
  }
  return parts;
}

function seeds({files = [], trees = []}) {
  const keys = trees.flatMap((tree) => fs.readdirSync(tree).sort()
    // The kubelet keeps its own bookkeeping in a mounted ConfigMap under such names.
    .filter((name) => !name.startsWith('..'))
    .map((name) => ({from: join(tree, name), to: name})));
  return [...files, ...keys.filter(({from}) => fs.statSync(from).isFile())];
}

function plant(workspace, {from, to}) {
  const parts = split(to);
  const name = parts.pop();
  const dir = enter(workspace, parts);
  if (!dir) return false;
  const target = join(dir, name);
  if (!fs.lstatSync(target, {throwIfNoEntry: false})) writeAtomic(target, fs.readFileSync(from), 0o644);
  return true;
}

run(1, (settings) => {
  adoptBackup(settings);
  const {stateDir, workspace: wanted = {}} = settings;
  const workspace = join(stateDir, 'workspace');
  for (const dir of [stateDir, join(stateDir, 'cache'), workspace]) fs.mkdirSync(dir, {recursive: true});
  apply(settings);

  // A record, because absence does not tell a fresh workspace from a file that the agent deleted.
  const record = join(stateDir, '.openclaw-seeds.json');
  const seeded = new Set(readRecord(record)?.seeded);
  for (const seed of seeds(wanted)) {
    if (seeded.has(seed.to)) continue;
    if (plant(workspace, seed)) seeded.add(seed.to);
    else warn(`${seed.to} is not seeded: a file or link is in the way`);
  }
  for (const dir of wanted.directories ?? []) {
    const parts = split(dir);
    // With its slash, no file can have the same name in the record.
    const name = `${parts.join('/')}/`;
    if (seeded.has(name)) continue;
    if (enter(workspace, parts)) seeded.add(name);
    else warn(`${dir} is not made: a file or link is in the way`);
  }
  writeRecord(record, {seeded: [...seeded].sort()});
});
