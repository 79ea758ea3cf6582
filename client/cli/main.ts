#!/usr/bin/env node
import { CmkError } from '../../core/errors.ts';
import type { Io } from './io.ts';
import { run } from './program.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const interruption = new AbortController();
const interruptions: NodeJS.Signals[] = [];

// The first signal cleans up, a second one ends the process the hard way.
for (const signal of SIGNALS) {
  process.once(signal, () => {
    interruptions.push(signal);
    interruption.abort(new CmkError('CANCELLED', `interrupted by ${signal}`));
  });
}

const io: Io = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: interruption.signal,
};
// Failed writes are met where they are made; these events would end the process besides.
io.stdout.on('error', () => undefined);
io.stderr.on('error', () => undefined);

process.exitCode = await run(process.argv.slice(2), io);
// The work is over: what may still hold the process, such as a pipe that nobody writes to, can be interrupted.
for (const signal of SIGNALS) process.removeAllListeners(signal);
// A shell tells a command that was interrupted from one that failed by how it ended, so that loops stop.
for (const signal of interruptions) process.kill(process.pid, signal);
