#!/usr/bin/env node
import { createWriteStream } from 'node:fs';
import { isatty } from 'node:tty';
import { CmkError } from '../../core/errors.ts';
import type { Io } from './io.ts';
import { run } from './program.ts';

const interruption = new AbortController();
const interruptions: NodeJS.Signals[] = [];

// The first signal cleans up, a second one ends the process the hard way.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    interruptions.push(signal);
    interruption.abort(new CmkError('CANCELLED', `interrupted by ${signal}`));
  });
}

const io: Io = {
  stdin: process.stdin,
  // Node writes to a pipe as process.stdout with blocking calls: a slow reader would stop the whole process, the
  // sidecar's keepalive included.
  stdout: isatty(1) ? process.stdout : createWriteStream('', { fd: 1, autoClose: false }),
  stderr: process.stderr,
  env: process.env,
  signal: interruption.signal,
};
// Failed writes are met where they are made; these events would end the process besides.
io.stdout.on('error', () => undefined);
io.stderr.on('error', () => undefined);

process.exitCode = await run(process.argv.slice(2), io);
// A shell tells a command that was interrupted from one that failed by how it ended, so that loops stop.
for (const signal of interruptions) process.kill(process.pid, signal);
