// Init container: pnpm through the image's corepack, all of it on the data volume.

import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Fault, run} from './config.mjs';

run(1, ({stateDir, pnpm: {version}}) => {
  const [bin, home] = [join(stateDir, '.local/bin'), join(stateDir, '.local/share/corepack')];
  if (!/^\d+\.\d+\.\d+[0-9A-Za-z.+-]*$/.test(version)) throw new Fault(`pnpm: ${JSON.stringify(version)} is no version`, 78);
  for (const dir of [bin, home]) fs.mkdirSync(dir, {recursive: true});
  // Not in a directory of the agent's: corepack obeys a package.json in or above the current one.
  const call = (program, args, env = {}, stdout = 'inherit') => spawnSync(program, args, {
    cwd: tmpdir(),
    env: {...process.env, COREPACK_HOME: home, COREPACK_ENABLE_DOWNLOAD_PROMPT: '0', ...env},
    stdio: ['ignore', stdout, 'inherit'],
    encoding: 'utf8',
  });
  const corepack = (...args) => {
    const {status, signal, error} = call('corepack', args);
    if (error?.code === 'ENOENT') throw new Fault('corepack is not in this image (Node 25 and newer come without it)', 1);
    if (status !== 0) throw new Fault(`corepack ${args.join(' ')} ended with ${error?.code ?? signal ?? status}`, 1);
  };

  // At each start, because the links point into the image; it needs no network.
  corepack('enable', '--install-directory', bin, 'pnpm');
  const present = fs.existsSync(join(home, 'lastKnownGood.json')) &&
    call(join(bin, 'pnpm'), ['--version'], {COREPACK_ENABLE_NETWORK: '0'}, 'pipe');
  // `prepare` asks the registry even for what is cached, so only a missing version may call it.
  if (present?.stdout?.trim() !== version) corepack('prepare', `pnpm@${version}`, '--activate');
});
