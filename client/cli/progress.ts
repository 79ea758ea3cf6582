import { stat } from 'node:fs/promises';
import type { StreamStarted } from '../types.ts';
import { printable, type Io } from './io.ts';
import type { Operation } from './seal.ts';

/** Tells a person how far a stream is; silent for a program. */
export interface Progress {
  update(bytes: number): void;
  stop(): void;
}

const SILENT: Progress = { update: () => undefined, stop: () => undefined };

/** A progress bar on standard error if that is a terminal; the bytes so far when the input has no size. */
export async function startProgress(
  operation: Operation,
  input: string,
  io: Io,
  silent: boolean,
): Promise<Progress> {
  if (silent || io.stderr.isTTY !== true) return SILENT;
  const totalBytes = input === '-' ? 0 : ((await stat(input).catch(() => null))?.size ?? 0);
  const { default: progress } = await import('cli-progress');
  const bar = new progress.SingleBar({
    stream: io.stderr,
    format:
      totalBytes > 0
        ? `${operation} [{bar}] {percentage}% of {total}, {eta_formatted} left`
        : `${operation} {value}`,
    formatValue: (value, _, type) =>
      type === 'value' || type === 'total' ? inMegabytes(value) : String(value),
    clearOnComplete: true,
    hideCursor: true,
    barsize: 30,
    etaBuffer: 50,
  });
  bar.start(totalBytes, 0);
  return { update: (bytes) => bar.update(bytes), stop: () => bar.stop() };
}

export interface Totals {
  readonly operation: Operation;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly elapsedMs: number;
  readonly started: StreamStarted;
}

/** One line on what was done, how fast, and under which key. */
export function summary({ operation, bytesIn, bytesOut, elapsedMs, started }: Totals): string {
  const done = operation === 'encrypt' ? 'sealed' : 'opened';
  const plaintextBytes = operation === 'encrypt' ? bytesIn : bytesOut;
  const speed = `${(elapsedMs / 1000).toFixed(2)} s, ${inMegabytes((plaintextBytes / elapsedMs) * 1000)}/s`;
  const key = `data key ${started.dataKeyId}, ${started.protection} ${started.keyInUse}`;
  return `cmk: ${done} ${inMegabytes(plaintextBytes)} in ${speed}; ${printable(key)}\n`;
}

/** e.g. `12.3 MB`: decimal megabytes. */
function inMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
