// Loaded before a script under test (node --import). It makes the world hostile or still, so that
// the scripts themselves hold no test code:
//   KILL_AT=n, KILL_TORN=1   killed right before the n-th call that changes a file, or halfway through it
//   NOW=ms   FREE=bytes   FAIL=function:path   the clock, the free space, a call that fails with EIO
//   FULL=bytes   the space that is left for what is written to an open file
//   FETCH=directory   archives served instead of the network, named by the path of the URL

import fs from 'node:fs';

const CHANGES = ['writeFileSync', 'writeSync', 'renameSync', 'unlinkSync', 'rmdirSync', 'rmSync', 'mkdirSync', 'copyFileSync',
  'symlinkSync', 'linkSync', 'chmodSync', 'fchmodSync', 'utimesSync', 'lutimesSync', 'fsyncSync', 'openSync'];
const {KILL_AT, KILL_TORN, NOW, FREE, FAIL, FETCH, FULL} = process.env;
const real = {...fs};
let calls = 0;
let left = Number(FULL ?? Infinity);

function die() {
  process.kill(process.pid, 'SIGKILL');
  for (;;);
}

const HALFWAY = {
  writeFileSync: ([to, data]) => real[typeof to === 'number' ? 'writeSync' : 'writeFileSync'](to, Buffer.from(data).subarray(0, data.length / 2)),
  copyFileSync: ([from, to]) => real.writeFileSync(to, real.readFileSync(from).subarray(1)),
};

function fails(name, path) {
  if (!FAIL) return false;
  const [call, end] = FAIL.split(':');
  return name === call && String(path).endsWith(end);
}

for (const name of CHANGES) {
  fs[name] = (...args) => {
    const reads = name === 'openSync' && (args[1] === 'r' || typeof args[1] === 'number');
    const speaks = name === 'writeSync' && args[0] === 2;
    if (!reads && !speaks) calls += 1;
    if (!reads && !speaks && calls === Number(KILL_AT)) {
      if (KILL_TORN) HALFWAY[name](args);
      else if (HALFWAY[name]) real.writeSync(2, 'can be torn');
      die();
    }
    if (fails(name, args[0])) throw Object.assign(new Error(`EIO: i/o error, ${name}`), {code: 'EIO'});
    if (name === 'writeFileSync' && typeof args[0] === 'number' && (left -= args[1].length) < 0) {
      real.writeSync(args[0], Buffer.from(args[1]).subarray(0, left));
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), {code: 'ENOSPC'});
    }
    // Durability cannot be tested here, and a busy disk would make the tests slow.
    return name === 'fsyncSync' ? undefined : real[name](...args);
  };
}

if (NOW) Date.now = () => Number(NOW);
if (FREE) fs.statfsSync = () => ({bavail: Math.floor(Number(FREE) / 4096), bsize: 4096, files: 0, ffree: 0});
if (FETCH) {
  globalThis.fetch = async (url) => {
    real.appendFileSync(`${FETCH}/log`, `${url}\n`);
    const path = `${FETCH}/${encodeURIComponent(new URL(url).pathname)}`;
    return real.existsSync(path) ? new Response(real.readFileSync(path)) : new Response('', {status: 404});
  };
}
