import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import fs from 'node:fs';
import {test} from 'node:test';
import {environment, run, world, write} from './kit.mjs';

function gateway(text, settings) {
  const it = world(settings);
  write(it.at('app/openclaw.mjs'), text);
  return it;
}

async function started(it, args = []) {
  const child = spawn(process.execPath, [it.at('etc/start.mjs'), ...args], {env: environment(it, {}), stdio: ['ignore', 'pipe', 'inherit']});
  await once(child.stdout, 'data');
  return child;
}

test('the gateway runs in the directory of the application, with the arguments that follow', () => {
  const it = gateway('console.log(JSON.stringify([process.cwd(), process.argv.slice(1)]))');
  const {stdout} = run(it, 'start.mjs', {}, ['--verbose', '--port=1', '$(x)']);
  assert.deepEqual(JSON.parse(stdout), [it.at('app'), [it.at('app/openclaw.mjs'), 'gateway', '--verbose', '--port=1', '$(x)']]);
});

test('what the agent broke is whole again before the gateway reads it', () => {
  const it = gateway("import fs from 'node:fs'; process.stdout.write(fs.readFileSync('../state/openclaw.json'))");
  write(it.at('state/openclaw.json'), '{broken');
  assert.equal(run(it, 'start.mjs').stdout, '{"gateway": {"mode": "local"}}');
});

test('the marker names the version when the gateway begins', () => {
  const it = gateway("import fs from 'node:fs'; process.stdout.write(fs.readFileSync('../state/.snapshots/marker.json'))");
  assert.deepEqual(JSON.parse(run(it, 'start.mjs', {NOW: '5'}).stdout), {ran: {version: '2026.9.4', schemas: {state: 17}, since: 5}});
});

test('without settings for the state there is no marker', () => {
  const it = gateway('', {state: undefined});
  assert.equal(run(it, 'start.mjs').status, 0);
  assert.ok(!fs.existsSync(it.at('state/.snapshots')));
});

test('a source that cannot be parsed starts no gateway', () => {
  const it = gateway("console.log('ran')");
  write(it.at('etc/openclaw.json'), '{');
  const {status, stdout} = run(it, 'start.mjs');
  assert.deepEqual({status, stdout}, {status: 78, stdout: ''});
});

for (const code of [0, 1, 78]) {
  test(`exit code ${code} of the gateway is passed on`, () => {
    assert.equal(run(gateway(`process.exit(${code})`), 'start.mjs').status, code);
  });
}

test('a gateway that a signal kills takes its parent with it by the same signal', () => {
  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGSEGV']) {
    assert.equal(run(gateway(`process.kill(process.pid, '${signal}'); setTimeout(() => {}, 9e6)`), 'start.mjs').signal, signal);
  }
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT']) {
  test(`${signal} reaches the gateway, which decides how to end`, async () => {
    const it = gateway(`process.on('${signal}', () => setTimeout(() => process.exit(7), 20)); console.log('up'); setInterval(() => {}, 1000)`);
    const child = await started(it);
    child.kill(signal);
    assert.deepEqual(await once(child, 'exit'), [7, null]);
  });
}

test('SIGTERM ends a gateway that does not handle it', async () => {
  const child = await started(gateway("console.log('up'); setInterval(() => {}, 1000)"));
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [null, 'SIGTERM']);
});
