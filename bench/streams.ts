/**
 * How fast a sidecar seals and opens streams, against a gRPC server that sends back what it gets, over unix sockets
 * with the same messages, serialisers and client; the client is this process, each server one of its own.
 *
 * One round runs each contestant once, in an order that moves on from round to round. A throughput is the median over
 * the rounds; a ratio is the median of the rounds' own ratios, so that a slow moment of the machine hits both sides.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestCa } from '../sandbox/ca.ts';
import { buildProgram, PROGRAMS, type Program } from '../scripts/build.ts';
import { answersOk, freePort, launch, type ManagedProcess } from '../sandbox/process.ts';
import type { SidecarClient } from '../proto/types/cmk/v1/Sidecar.ts';
import type { StreamStart } from '../proto/types/cmk/v1/StreamStart.ts';
import { FakeBroker } from '../test/support/fake-broker.ts';
import { BROKER_ID, connect, inPieces, SIDECAR_ID } from '../test/support/sidecar-fixture.ts';

const KIB = 1024;
const START: StreamStart = {
  asset: { account: 'acme', srvId: '0001', type: 'MeetingWebinarRecording', id: 'bench' },
  owner: 'user-1',
  reason: 'REASON_STORAGE',
};

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
  /** Whole calls of 100 bytes, one after another and 16 at a time, with the data key in the cache. */
  readonly smallCallsPerSecond: number;
  readonly smallCallsAtOncePerSecond: number;
}

const TARGETS: Readonly<Record<number, number>> = { [64 * KIB]: 0.75, [1024 * KIB]: 0.8 };

/** Both servers run as bundles, as in an image: stripping types takes time and memory that no pod spends. */
const ECHO: Program = { name: 'echo', entry: 'bench/echo.ts', native: [], protos: [] };

/** Runs everything. @param options.streamBytes bytes of each stream, options.rounds how often each is run */
export async function benchStreams(
  options: { streamBytes?: number; rounds?: number; smallCalls?: number } = {},
): Promise<SidecarFigures> {
  const { streamBytes = 256 * KIB * KIB, rounds = 7, smallCalls = 1000 } = options;
  const dir = await mkdtemp(join(tmpdir(), 'cmk-bench-'));
  const servers = await startServers(dir);
  try {
    const idleRssBytes = await residentBytes(servers.sidecar);
    const comparisons: StreamComparison[] = [];
    for (const pieceBytes of [1024 * KIB, 64 * KIB]) {
      comparisons.push(...(await compare(servers, { pieceBytes, streamBytes, rounds })));
    }
    const grownRssBytes = (await residentBytes(servers.sidecar, 'VmHWM')) - idleRssBytes;
    const smallCallsPerSecond = await smallCallRate(servers.client, smallCalls, 1);
    const smallCallsAtOncePerSecond = await smallCallRate(servers.client, smallCalls, 16);
    const { readyMs } = servers;
    return {
      comparisons,
      readyMs,
      idleRssBytes,
      grownRssBytes,
      smallCallsPerSecond,
      smallCallsAtOncePerSecond,
    };
  } finally {
    await servers.stop();
    await rm(dir, { recursive: true });
  }
}

interface Servers {
  readonly client: SidecarClient;
  readonly echo: SidecarClient;
  readonly sidecar: ManagedProcess;
  readonly readyMs: number;
  stop(): Promise<void>;
}

async function startServers(dir: string): Promise<Servers> {
  const ca = await createTestCa();
  const broker = await FakeBroker.start(
    await ca.writeIdentity(join(dir, 'broker'), { uriSans: [BROKER_ID] }),
  );
  const own = await ca.writeIdentity(join(dir, 'own'), { uriSans: [SIDECAR_ID] });
  for (const program of [ECHO, ...PROGRAMS.filter(({ name }) => name === 'sidecar')])
    await buildProgram(program, join(dir, program.name));
  const echoAddress = `unix:${join(dir, 'echo.sock')}`;
  const echoProgram = {
    name: 'echo',
    args: [join(dir, 'echo', 'echo.mjs'), echoAddress],
    env: {},
    logPath: join(dir, 'echo.log'),
  };
  const echo = await launch(echoProgram, () => Promise.resolve(existsSync(join(dir, 'echo.sock'))));
  const statusPort = await freePort();
  const address = `unix:${join(dir, 'sidecar.sock')}`;
  const startMs = performance.now();
  const program = {
    name: 'sidecar',
    args: [join(dir, 'sidecar', 'sidecar.mjs')],
    logPath: join(dir, 'sidecar.log'),
    env: {
      CMK_LISTEN: address,
      CMK_BROKER: broker.address,
      CMK_BROKER_SPIFFE_ID: BROKER_ID,
      CMK_TLS_CERT: own.certPath,
      CMK_TLS_KEY: own.keyPath,
      CMK_TLS_CA: own.caPath,
      CMK_STATUS_HOST: '127.0.0.1',
      CMK_STATUS_PORT: String(statusPort),
    },
  };
  const sidecar = await launch(program, () => answersOk(`http://127.0.0.1:${statusPort}/ready`));
  const readyMs = performance.now() - startMs;
  const clients = { client: connect(address), echo: connect(echoAddress) };
  return {
    ...clients,
    sidecar,
    readyMs,
    async stop() {
      clients.client.close();
      clients.echo.close();
      broker.stop();
      await Promise.all([sidecar.stop(1000), echo.kill()]);
    },
  };
}

async function compare(
  { client, echo }: Servers,
  { pieceBytes, streamBytes, rounds }: { pieceBytes: number; streamBytes: number; rounds: number },
): Promise<StreamComparison[]> {
  const plaintext = inPieces(randomBytes(8 * KIB * KIB), pieceBytes);
  const repeated = <T>(pieces: readonly T[]) =>
    Array.from({ length: streamBytes / pieceBytes }, (_, i) => pieces[i % pieces.length] as T);
  const pieces = repeated(plaintext);
  const sealed = inPieces(Buffer.concat((await run(client, 'encrypt', pieces, true)).received), pieceBytes);
  const contestants = {
    seal: () => run(client, 'encrypt', pieces),
    open: () => run(client, 'decrypt', sealed),
    echo: () => run(echo, 'encrypt', pieces),
  };
  const names = ['seal', 'echo', 'open'] as const;
  const results: Record<(typeof names)[number], number[]> = { seal: [], open: [], echo: [] };
  for (const name of names) await contestants[name]();
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(round + i) % names.length] ?? 'echo';
      const { seconds } = await contestants[name]();
      results[name].push(streamBytes / seconds);
    }
  }
  return (['seal', 'open'] as const).map((name) => ({
    name: `${name}, messages of ${pieceBytes / KIB} KiB`,
    bytesPerSecond: median(results[name]),
    echoBytesPerSecond: median(results.echo),
    ratio: median(results[name].map((rate, round) => rate / (results.echo[round] ?? NaN))),
    target: TARGETS[pieceBytes] ?? 0,
  }));
}

/** Sends pieces as fast as they are taken, and reads to the end. */
async function run(
  client: SidecarClient,
  method: 'encrypt' | 'decrypt',
  pieces: readonly Buffer[],
  keep = false,
): Promise<{ seconds: number; received: Buffer[] }> {
  const received: Buffer[] = [];
  const startMs = performance.now();
  const call = client[method]();
  call.on('data', ({ data }: { data?: Buffer }) => {
    if (data && keep) received.push(data);
  });
  const ended = once(call, 'status');
  call.write({ start: START });
  for (const data of pieces) if (!call.write({ data })) await once(call, 'drain');
  call.end();
  const [status] = (await ended) as [{ code: number; details: string }];
  if (status.code !== 0) throw new Error(status.details);
  return { seconds: (performance.now() - startMs) / 1000, received };
}

async function smallCallRate(client: SidecarClient, calls: number, atOnce: number): Promise<number> {
  const piece = [randomBytes(100)];
  const startMs = performance.now();
  let left = calls;
  const worker = async () => {
    while (left-- > 0) await run(client, 'encrypt', piece);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return calls / ((performance.now() - startMs) / 1000);
}

/** VmRSS: resident now; VmHWM: the most it ever was. */
async function residentBytes({ pid }: ManagedProcess, field: 'VmRSS' | 'VmHWM' = 'VmRSS'): Promise<number> {
  const [, kib] =
    new RegExp(`${field}:\\s+(\\d+) kB`).exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) * KIB;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}

if (import.meta.main) {
  const mib = (bytes: number) => `${Math.round(bytes / KIB / KIB)} MiB`;
  const figures = await benchStreams();
  for (const { name, bytesPerSecond, echoBytesPerSecond, ratio, target } of figures.comparisons) {
    const rates = `${mib(bytesPerSecond)}/s, echo ${mib(echoBytesPerSecond)}/s`;
    console.log(`${name}: ${rates}, ratio ${ratio.toFixed(2)} (≥ ${target.toFixed(2)})`);
  }
  console.log(`start to ready: ${Math.round(figures.readyMs)} ms`);
  console.log(`resident: ${mib(figures.idleRssBytes)} idle, at most ${mib(figures.grownRssBytes)} more`);
  console.log(
    `small calls: ${Math.round(figures.smallCallsPerSecond)}/s, 16 at a time ${Math.round(figures.smallCallsAtOncePerSecond)}/s`,
  );
}
