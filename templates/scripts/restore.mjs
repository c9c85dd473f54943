// Swaps in what init-restore fetched, once for each value of restoreFrom.

import fs from 'node:fs';
import {Fault, writeAtomic} from './config.mjs';
import {adopt} from './state.mjs';

// In the state itself, so that it comes with the swap and not before or after it.
const RECORD = '.openclaw-restored';

const read = (path) => fs.existsSync(path) ? fs.readFileSync(path, 'utf8') : null;

/** Puts a fetched backup in the place of the state, and returns what it did; the state that it replaces is kept aside. */
export function adoptBackup(settings) {
  const {stateDir, restore} = settings;
  if (!restore || read(`${stateDir}/${RECORD}`) === restore.from) return;
  const incoming = `${stateDir}/.snapshots/incoming`;
  if (read(`${incoming}/complete`) !== restore.from) throw new Fault(`the backup ${restore.from} was not fetched`, 75);
  writeAtomic(`${incoming}/files/${RECORD}`, restore.from, 0o600);
  return adopt(settings, incoming);
}
