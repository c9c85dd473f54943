// Main container: writes openclaw.json again, so that an agent that broke its own file recovers at
// a container restart, records that this version now runs, and becomes the gateway.

import {spawn} from 'node:child_process';
import {constants} from 'node:os';
import {apply, run} from './config.mjs';
import {recordRunning} from './state.mjs';

// Not passed on: what cannot be caught, what is meant for this process, what a fault in it raises.
const KEPT = ['SIGKILL', 'SIGSTOP', 'SIGCHLD', 'SIGPIPE', 'SIGPROF', 'SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGABRT', 'SIGIOT', 'SIGTRAP', 'SIGSYS'];

// For a Node without execve (before 22.15): a parent that is as transparent as it can be.
function supervise(args) {
  let child;
  for (const signal of Object.keys(constants.signals)) {
    if (KEPT.includes(signal)) continue;
    try {
      process.on(signal, () => child?.kill(signal));
    } catch {
      // The name is listed, but the system does not let it be caught.
    }
  }
  child = spawn(process.execPath, args, {stdio: 'inherit'});
  child.on('error', () => process.exit(1));
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    // The first process of a container is not killed by a default action.
    setTimeout(() => process.exit(128 + constants.signals[signal]), 100);
  });
}

run(1, (settings) => {
  apply(settings);
  recordRunning(settings);
  process.chdir(settings.appDir);
  const args = ['openclaw.mjs', 'gateway', ...process.argv.slice(2)];
  if (process.execve) process.execve(process.execPath, [process.execPath, ...args], process.env);
  else supervise(args);
}, null);
