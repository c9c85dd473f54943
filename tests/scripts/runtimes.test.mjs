import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import {test} from 'node:test';
import {calls, configure, environment, fake, run, succeeds, world, write} from './kit.mjs';

const COREPACK = `const home = process.env.COREPACK_HOME, bin = args[args.indexOf('--install-directory') + 1];
if (args[0] === 'enable') {
  fs.writeFileSync(bin + '/pnpm', '#!/bin/sh\\necho pnpm >> ' + root + '/calls.pnpm\\n[ "$COREPACK_ENABLE_NETWORK" = 0 ] || exit 1\\ncat "$COREPACK_HOME/version" || exit 1\\n');
  fs.chmodSync(bin + '/pnpm', 0o755);
} else {
  if (fs.existsSync(root + '/offline')) process.exit(1);
  fs.writeFileSync(home + '/version', args[1].replace('pnpm@', ''));
  fs.writeFileSync(home + '/lastKnownGood.json', '{}');
}`;

function pnpm(version) {
  const it = world({pnpm: {version}});
  fake(it, 'corepack', COREPACK);
  return it;
}

test('pnpm is prepared once, then offline, and again for another version', () => {
  const it = pnpm('10.1.0');
  const enable = ['corepack', 'enable', '--install-directory', it.at('state/.local/bin'), 'pnpm'];
  succeeds(it, 'init-pnpm.mjs', {COREPACK_HOME: '/usr/local/share/corepack', COREPACK_NPM_REGISTRY: 'https://example.com'});
  assert.deepEqual(calls(it), [enable, ['corepack', 'prepare', 'pnpm@10.1.0', '--activate']]);
  assert.deepEqual(JSON.parse(fs.readFileSync(it.at('env'), 'utf8')),
    {COREPACK_HOME: it.at('state/.local/share/corepack'), COREPACK_ENABLE_DOWNLOAD_PROMPT: '0', COREPACK_NPM_REGISTRY: 'https://example.com'});
  write(it.at('offline'), '');
  succeeds(it, 'init-pnpm.mjs');
  assert.deepEqual(calls(it), [enable]);
  configure(it, {pnpm: {version: '10.2.0'}});
  const {status, stderr} = run(it, 'init-pnpm.mjs');
  assert.deepEqual({status, stderr}, {status: 1, stderr: 'init-pnpm.mjs: corepack prepare pnpm@10.2.0 --activate ended with 1\n'});
  fs.rmSync(it.at('offline'));
  succeeds(it, 'init-pnpm.mjs');
});

test('a version of pnpm that is none, and an image without corepack, are said', () => {
  const it = pnpm('latest');
  assert.equal(run(it, 'init-pnpm.mjs').status, 78);
  assert.deepEqual(calls(it), []);
  configure(it, {pnpm: {version: '10.1.0'}});
  assert.match(run(it, 'init-pnpm.mjs', {PATH: '/nonexistent'}).stderr, /corepack is not in this image/);
});

function python() {
  const it = world();
  const uv = '#!/bin/sh\necho "$@" >> "$ROOT/calls"\ncase $1 in --version) echo "uv $V";; python) [ -z "$OFFLINE" ] && mkdir -p "$UV_PYTHON_INSTALL_DIR/cpython-3.12.9";; esac\n';
  write(it.at('image dir/uv'), uv, 0o755);
  write(it.at('image dir/uvx'), uv, 0o755);
  const env = {ROOT: it.root, OPENCLAW_STATE_DIR: it.state, UV_PYTHON_INSTALL_DIR: it.at('state/.local/share/uv/python')};
  it.go = (version, offline = '') => {
    // The volume first, as in the main container.
    const path = `${it.at('state/.local/bin')}:${it.at('image dir')}:/usr/bin:/bin`;
    const {status} = spawnSync('/bin/sh', [it.at('etc/init-python.sh')], {env: {...environment(it, env), PATH: path, V: version, OFFLINE: offline}});
    const made = fs.readFileSync(it.at('calls'), 'utf8').trim().split('\n');
    fs.rmSync(it.at('calls'));
    return {status, made};
  };
  return it;
}

test('uv and python are installed once, then offline, and again for another uv', () => {
  const it = python();
  assert.deepEqual(it.go('0.1'), {status: 0, made: ['--version', 'python install 3.12']});
  assert.deepEqual(fs.readdirSync(it.at('state/.local/bin')).sort(), ['uv', 'uvx']);
  assert.deepEqual(it.go('0.1', '1'), {status: 0, made: ['--version']});
  write(it.at('image dir/uv'), `${fs.readFileSync(it.at('image dir/uv'), 'utf8')}# newer\n`, 0o755);
  assert.deepEqual(it.go('0.2'), {status: 0, made: ['--version', 'python install 3.12']});
  assert.match(fs.readFileSync(it.at('state/.local/bin/uv'), 'utf8'), /# newer/);
});

test('a python that could not be installed is tried again', () => {
  const it = python();
  assert.equal(it.go('0.1', '1').status, 1);
  assert.deepEqual(it.go('0.1'), {status: 0, made: ['--version', 'python install 3.12']});
});
