import assert from 'node:assert/strict';
import fs from 'node:fs';
import {test} from 'node:test';
import {clone, erase, killEverywhere, succeeds, tree, write} from './kit.mjs';
import {content, HOUR, image, init, listed, migrated, NEW, OLD, running, SNAPSHOT, T0} from './volume.mjs';

test('killed at any change while a snapshot is taken, the state is whole and the next start completes it', () => {
  const start = running();
  init(start, OLD, T0);
  image(start, NEW);
  const env = {NOW: String(T0 + HOUR)};
  const whole = clone(start);
  succeeds(whole, 'init-state.mjs', env);
  const changes = killEverywhere(start, 'init-state.mjs', env, (it, when) => {
    assert.deepEqual(content(it), content(start), when);
    succeeds(it, 'init-state.mjs', env);
    assert.deepEqual(tree(it.state), tree(whole.state), when);
  });
  assert.ok(changes > 90, String(changes));
});

test('killed at any change while a snapshot replaces one of the same name and drops the third', () => {
  const start = running();
  for (const patch of [2, 3]) write(start.at(`state/.snapshots/2026.9.${patch}..2026.9.4/manifest.json`), JSON.stringify({from: {version: `2026.9.${patch}`}, to: '2026.9.4', created: patch, entries: []}));
  write(start.at('state/.snapshots', SNAPSHOT, 'manifest.json'), JSON.stringify({from: OLD, to: NEW.version, created: 4, entries: []}));
  fs.rmSync(start.at('state/workspace'), {recursive: true});
  image(start, NEW);
  const env = {NOW: String(T0 + HOUR)};
  const whole = clone(start);
  succeeds(whole, 'init-state.mjs', env);
  assert.deepEqual(listed(whole), ['2026.9.3..2026.9.4', SNAPSHOT]);
  killEverywhere(start, 'init-state.mjs', env, (it, when) => {
    assert.deepEqual(content(it), content(start), when);
    succeeds(it, 'init-state.mjs', env);
    assert.deepEqual(tree(it.state), tree(whole.state), when);
  });
});

test('killed at any change on the way back, the next start ends in the old state or in the new one', () => {
  const start = migrated();
  // An earlier way back left its failed state under the same name.
  write(start.at('state/.snapshots/.failed', SNAPSHOT, 'earlier'), 'x');
  image(start, OLD);
  const env = {NOW: String(T0 + HOUR)};
  const failed = content(start);
  const whole = clone(start);
  succeeds(whole, 'init-state.mjs', env);
  const restored = content(whole);
  let [kept, swapped] = [0, 0];
  const changes = killEverywhere(start, 'init-state.mjs', env, (it, when) => {
    const other = clone(it);
    succeeds(it, 'init-state.mjs', env);
    // The mode of a read-only directory that is thrown away may be lost; see moveAll.
    const blur = (found) => ({...found, [`.snapshots/.failed/${SNAPSHOT}/locked`]: ''});
    assert.deepEqual(blur(tree(it.state)), blur(tree(whole.state)), when);
    // Somebody changed the tag again in between: the newer version finds one of the two as well.
    image(other, NEW);
    succeeds(other, 'init-state.mjs', env);
    const found = content(other);
    const back = JSON.stringify(found) === JSON.stringify(restored);
    if (!back) assert.deepEqual(found, failed, when);
    if (back) swapped += 1;
    else kept += 1;
    erase(other.root);
  });
  assert.ok(changes > 30 && kept > 2 && swapped > 30, `${changes} ${kept} ${swapped}`);
});
