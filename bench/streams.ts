/**
 * How fast a sidecar seals and opens streams, against a gRPC server that sends back what it gets: see
 * stream-runs.ts, which is the client and a process of its own.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { SIDECAR_NODE_FLAGS } from '../sidecar/node-flags.ts';

/** One measured thing against another, from the same rounds. */
export interface StreamComparison {
  readonly name: string;
  readonly bytesPerSecond: number;
  readonly echoBytesPerSecond: number;
  readonly ratio: number;
  /** The least acceptable ratio. */
  readonly target: number;
}

export interface SidecarFigures {
  readonly comparisons: readonly StreamComparison[];
  /** From the start of the process to an answer on /ready. */
  readonly readyMs: number;
  readonly idleRssBytes: number;
  /** The most resident memory during the runs, above the idle figure. */
  readonly grownRssBytes: number;
  /** Resident memory for each of many streams whose reader stalls, by the length of their messages. */
  readonly stalled: readonly { readonly pieceBytes: number; readonly bytesPerStream: number }[];
  /** Whole calls of 100 bytes with the data key in the cache: one after another, and 16 at a time. */
  readonly smallCallsPerSecond: number;
  readonly smallCallsAtOncePerSecond: number;
}

export interface StreamRuns {
  /** Plaintext bytes of each stream. */
  readonly streamBytes: number;
  readonly rounds: number;
  readonly smallCalls: number;
  readonly stalledStreams: number;
}

const MIB = 1024 * 1024;
const MAX_READY_MS = 700;
const MAX_IDLE_BYTES = 90 * MIB;
const MAX_GROWN_BYTES = 64 * MIB;

/** Runs everything. The client has the sidecar's flags too: it turns over as many bytes. */
export async function benchStreams(runs: Partial<StreamRuns> = {}): Promise<SidecarFigures> {
  const all: StreamRuns = {
    streamBytes: 256 * MIB,
    rounds: 7,
    smallCalls: 2000,
    stalledStreams: 200,
    ...runs,
  };
  const client = fork(join(import.meta.dirname, 'stream-runs.ts'), [JSON.stringify(all)], {
    execArgv: [...SIDECAR_NODE_FLAGS],
  });
  const ended = once(client, 'exit').then(([code]) => {
    throw new Error(`the client ended with ${String(code)}`);
  });
  const [figures] = (await Promise.race([once(client, 'message'), ended])) as [SidecarFigures];
  ended.catch(() => undefined);
  return figures;
}

/** The figures in lines; what misses its target says MISSED. */
export function describeSidecar(figures: SidecarFigures): string[] {
  const { readyMs, idleRssBytes, grownRssBytes, smallCallsPerSecond, smallCallsAtOncePerSecond } = figures;
  return [
    ...figures.comparisons.map(({ name, bytesPerSecond, echoBytesPerSecond, ratio, target }) => {
      const rates = `${mib(bytesPerSecond)}/s, echo ${mib(echoBytesPerSecond)}/s`;
      return `sidecar, ${name}: ${rates}, ratio ${ratio.toFixed(2)} (≥ ${target.toFixed(2)})${missed(ratio >= target)}`;
    }),
    `sidecar, start to ready: ${Math.round(readyMs)} ms (≤ ${MAX_READY_MS})${missed(readyMs <= MAX_READY_MS)}`,
    `sidecar, resident when idle: ${mib(idleRssBytes)} (≤ ${mib(MAX_IDLE_BYTES)})${missed(idleRssBytes <= MAX_IDLE_BYTES)}`,
    `sidecar, most resident above that: ${mib(grownRssBytes)} (≤ ${mib(MAX_GROWN_BYTES)})${missed(grownRssBytes <= MAX_GROWN_BYTES)}`,
    ...figures.stalled.map(({ pieceBytes, bytesPerStream }) => {
      // A message of 1 MiB is held whole, whatever else is done: docs/decisions/0006-memory.md.
      const most = pieceBytes < MIB ? MIB : 2 * pieceBytes;
      const figure = `${Math.round(bytesPerStream / 1024)} KiB (< ${most / 1024})${missed(bytesPerStream < most)}`;
      return `sidecar, each stalled stream with messages of ${pieceBytes / 1024} KiB: ${figure}`;
    }),
    `sidecar, small Encrypt calls: ${Math.round(smallCallsPerSecond)}/s, 16 at a time ${Math.round(smallCallsAtOncePerSecond)}/s`,
  ];
}

function missed(met: boolean): string {
  return met ? '' : ' MISSED';
}

function mib(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}

if (import.meta.main) for (const line of describeSidecar(await benchStreams())) console.log(line);
