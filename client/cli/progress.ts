import type { StreamStarted } from '../types.ts';
import { printable, type Io } from './io.ts';
import type { Operation } from './seal.ts';

/** Tells a person how far something is; silent for a program. */
export interface Progress {
  /** @param value so far @param note how fast, where {@link startNoted} began it */
  update(value: number, note?: string): void;
  stop(): void;
}

const SILENT: Progress = { update: () => undefined, stop: () => undefined };

/**
 * A progress bar on standard error if that is a terminal.
 * @param totalBytes 0 when the input has no size: then it shows the bytes so far
 */
export function startProgress(label: string, totalBytes: number, io: Io, silent: boolean): Promise<Progress> {
  return startBar(label, totalBytes, inMegabytes, io, silent);
}

/** The same for things that are counted. */
export function startCounter(label: string, total: number, io: Io, silent: boolean): Promise<Progress> {
  return startBar(label, total, String, io, silent);
}

/** The same for things that others count, who also say how fast it goes. */
export function startNoted(label: string, total: number, io: Io): Promise<Progress> {
  return startBar(label, total, String, io, false, '{note}');
}

async function startBar(
  label: string,
  total: number,
  inWords: (value: number) => string,
  io: Io,
  silent: boolean,
  end = '{eta_formatted} left',
): Promise<Progress> {
  if (silent || io.stderr.isTTY !== true) return SILENT;
  const { default: progress } = await import('cli-progress');
  const bar = new progress.SingleBar({
    stream: io.stderr,
    format: total > 0 ? `${label} [{bar}] {percentage}% of {total}, ${end}` : `${label} {value}`,
    formatValue: (value, _, type) => (type === 'value' || type === 'total' ? inWords(value) : String(value)),
    clearOnComplete: true,
    hideCursor: true,
    barsize: 30,
    etaBuffer: 50,
  });
  bar.start(total, 0, { note: '' });
  return { update: (value, note = '') => bar.update(value, { note }), stop: () => bar.stop() };
}

export interface Totals {
  readonly operation: Operation;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly elapsedMs: number;
  readonly started: StreamStarted;
}

const DONE: Readonly<Record<Operation, string>> = {
  encrypt: 'sealed',
  decrypt: 'opened',
  reencrypt: 'sealed again',
};

/** One line on what was done, how fast, and under which key. */
export function summary({ operation, bytesIn, bytesOut, elapsedMs, started }: Totals): string {
  const done = DONE[operation];
  // Nobody here sees the plaintext of what is sealed again.
  const plaintextBytes = operation === 'decrypt' ? bytesOut : bytesIn;
  const speed = `${(elapsedMs / 1000).toFixed(2)} s, ${inMegabytes((plaintextBytes / elapsedMs) * 1000)}/s`;
  const key = `data key ${started.dataKeyId}, ${started.protection} ${started.keyInUse}`;
  return `cmk: ${done} ${inMegabytes(plaintextBytes)} in ${speed}; ${printable(key)}\n`;
}

/** e.g. `12.3 MB`: decimal megabytes. */
function inMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
