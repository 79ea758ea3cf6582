/**
 * The client of the streams' bench. A sidecar and an echo, each a process of its own, serve it over unix sockets with
 * the same messages, serialisers and flags of Node.
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
import { setTimeout as pause } from 'node:timers/promises';
import type { SidecarClient } from '../proto/types/cmk/v1/Sidecar.ts';
import type { StreamStart } from '../proto/types/cmk/v1/StreamStart.ts';
import { createTestCa } from '../sandbox/ca.ts';
import { answersOk, freePort, launch, type ManagedProcess } from '../sandbox/process.ts';
import { buildProgram, PROGRAMS, type Program } from '../scripts/build.ts';
import { SIDECAR_NODE_FLAGS } from '../sidecar/node-flags.ts';
import { FakeBroker } from '../test/support/fake-broker.ts';
import { BROKER_ID } from '../test/support/settings.ts';
import { connect, inPieces, SIDECAR_ID } from '../test/support/sidecar-fixture.ts';
import type { SidecarFigures, StreamComparison, StreamRuns } from './streams.ts';

const KIB = 1024;
const START: StreamStart = {
  asset: { account: 'acme', srvId: '0001', type: 'MeetingWebinarRecording', id: 'bench' },
  owner: 'user-1',
  reason: 'REASON_STORAGE',
};
const TARGETS = [
  { pieceBytes: 1024 * KIB, target: 0.8 },
  { pieceBytes: 64 * KIB, target: 0.75 },
];
const STALLED_PIECES = [64 * KIB, 256 * KIB, 1024 * KIB];

/** Both servers run as bundles, as in an image: stripping types takes time and memory that no pod spends. */
const ECHO: Program = { name: 'echo', entry: 'bench/echo.ts', native: [], protos: [] };

async function measure(runs: StreamRuns): Promise<SidecarFigures> {
  const dir = await mkdtemp(join(tmpdir(), 'cmk-bench-'));
  const broker = await prepare(dir);
  const echo = await startEcho(dir);
  try {
    const sidecar = await startSidecar(dir, broker);
    const { client, readyMs } = sidecar;
    const idleRssBytes = await residentBytes(sidecar.process);
    const comparisons: StreamComparison[] = [];
    for (const { pieceBytes, target } of TARGETS) {
      comparisons.push(...(await compare(client, echo.client, { ...runs, pieceBytes, target })));
    }
    const grownRssBytes = (await residentBytes(sidecar.process, 'VmHWM')) - idleRssBytes;
    const smallCallsPerSecond = await smallCallRate(client, runs.smallCalls, 1);
    const smallCallsAtOncePerSecond = await smallCallRate(client, runs.smallCalls, 16);
    await sidecar.stop();

    const stalled: SidecarFigures['stalled'][number][] = [];
    for (const pieceBytes of STALLED_PIECES) {
      const fresh = await startSidecar(dir, broker);
      stalled.push({ pieceBytes, bytesPerStream: await stall(fresh, runs.stalledStreams, pieceBytes) });
      await fresh.stop();
    }
    const calls = { smallCallsPerSecond, smallCallsAtOncePerSecond };
    return { comparisons, readyMs, idleRssBytes, grownRssBytes, stalled, ...calls };
  } finally {
    await echo.stop();
    broker.stop();
    await rm(dir, { recursive: true });
  }
}

interface Server {
  readonly client: SidecarClient;
  readonly process: ManagedProcess;
  /** From its start to the first answer that says so. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

/** Builds both servers, and starts the sidecar's broker. */
async function prepare(dir: string): Promise<FakeBroker> {
  for (const program of [ECHO, ...PROGRAMS.filter(({ name }) => name === 'sidecar')]) {
    await buildProgram(program, join(dir, program.name));
  }
  const ca = await createTestCa();
  await ca.writeIdentity(join(dir, 'own'), { uriSans: [SIDECAR_ID] });
  return FakeBroker.start(await ca.writeIdentity(join(dir, 'broker-identity'), { uriSans: [BROKER_ID] }));
}

function startEcho(dir: string): Promise<Server> {
  const socket = join(dir, 'echo.sock');
  const address = `unix:${socket}`;
  return startServer({ dir, name: 'echo', address, args: [address], env: {} }, () =>
    Promise.resolve(existsSync(socket)),
  );
}

async function startSidecar(dir: string, broker: FakeBroker): Promise<Server> {
  const statusPort = await freePort();
  const address = `unix:${join(dir, 'sidecar.sock')}`;
  const env = {
    CMK_LISTEN: address,
    CMK_BROKER: broker.address,
    CMK_BROKER_SPIFFE_ID: BROKER_ID,
    CMK_TLS_CERT: join(dir, 'own', 'cert.pem'),
    CMK_TLS_KEY: join(dir, 'own', 'key.pem'),
    CMK_TLS_CA: join(dir, 'own', 'ca.pem'),
    CMK_STATUS_HOST: '127.0.0.1',
    CMK_STATUS_PORT: String(statusPort),
  };
  const ready = () => answersOk(`http://127.0.0.1:${statusPort}/ready`);
  return startServer({ dir, name: 'sidecar', address, args: [], env }, ready);
}

async function startServer(
  server: {
    dir: string;
    name: string;
    address: string;
    args: readonly string[];
    env: Record<string, string>;
  },
  ready: () => Promise<boolean>,
): Promise<Server> {
  const { dir, name, address, args, env } = server;
  const bundle = join(dir, name, `${name}.mjs`);
  const startMs = performance.now();
  const logPath = join(dir, `${name}.log`);
  const process = await launch({ name, args: [...SIDECAR_NODE_FLAGS, bundle, ...args], env, logPath }, ready);
  const readyMs = performance.now() - startMs;
  const client = connect(address);
  return {
    client,
    process,
    readyMs,
    async stop() {
      client.close();
      await process.kill();
    },
  };
}

async function compare(
  client: SidecarClient,
  echo: SidecarClient,
  { pieceBytes, target, streamBytes, rounds }: StreamRuns & { pieceBytes: number; target: number },
): Promise<StreamComparison[]> {
  // One file of some MiB stands for all of them; only the sealed form has to be the whole stream.
  const few = inPieces(randomBytes(8 * KIB * KIB), pieceBytes);
  const plaintext = Array.from(
    { length: streamBytes / pieceBytes },
    (_, i) => few[i % few.length] ?? Buffer.alloc(0),
  );
  const sealed = inPieces(await sealedOnce(client, plaintext), pieceBytes);
  // Each against an echo of the very same messages: their bytes come from the same places in memory.
  const contestants = {
    seal: () => run(client, 'encrypt', plaintext),
    'echo of seal': () => run(echo, 'encrypt', plaintext),
    open: () => run(client, 'decrypt', sealed),
    'echo of open': () => run(echo, 'decrypt', sealed),
  };
  const rates = { seal: [], 'echo of seal': [], open: [], 'echo of open': [] } as Record<
    Contestant,
    number[]
  >;
  type Contestant = keyof typeof contestants;
  const names = Object.keys(contestants) as Contestant[];
  for (let round = -1; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(round + 1 + i) % names.length] ?? 'seal';
      const seconds = await contestants[name]();
      // The first round warms up.
      if (round >= 0) rates[name].push(streamBytes / seconds);
    }
  }
  return (['seal', 'open'] as const).map((name) => ({
    name: `${name}, messages of ${pieceBytes / KIB} KiB`,
    bytesPerSecond: median(rates[name]),
    echoBytesPerSecond: median(rates[`echo of ${name}`]),
    ratio: median(rates[name].map((rate, round) => rate / (rates[`echo of ${name}`][round] ?? NaN))),
    target,
  }));
}

async function sealedOnce(client: SidecarClient, pieces: readonly Buffer[]): Promise<Buffer> {
  const received: Buffer[] = [];
  await run(client, 'encrypt', pieces, (data) => received.push(data));
  return Buffer.concat(received);
}

/** Sends pieces as fast as they are taken, reads to the end, and tells the seconds it took. */
async function run(
  client: SidecarClient,
  method: 'encrypt' | 'decrypt',
  pieces: readonly Buffer[],
  keep: (data: Buffer) => void = () => undefined,
): Promise<number> {
  const startMs = performance.now();
  const call = client[method]();
  call.on('data', ({ data }: { data?: Buffer }) => {
    if (data) keep(data);
  });
  const ended = once(call, 'status');
  call.write({ start: START });
  for (const data of pieces) if (!call.write({ data })) await once(call, 'drain');
  call.end();
  const [status] = (await ended) as [{ code: number; details: string }];
  if (status.code !== 0) throw new Error(status.details);
  return (performance.now() - startMs) / 1000;
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

/** Streams whose reader takes nothing, until they stand still: what each costs the sidecar. */
async function stall({ client, process }: Server, streams: number, pieceBytes: number): Promise<number> {
  const before = await residentBytes(process);
  const data = randomBytes(pieceBytes);
  const calls = Array.from({ length: streams }, () => {
    const call = client.encrypt();
    call.on('error', () => undefined);
    call.write({ start: START });
    for (let sent = 0; sent < 4 * KIB * KIB; sent += pieceBytes) call.write({ data });
    return call;
  });
  let most = 0;
  for (let second = 0; second < 10; second++) {
    await pause(1000);
    most = Math.max(most, await residentBytes(process));
  }
  for (const call of calls) call.cancel();
  await pause(500);
  return (most - before) / streams;
}

/** VmRSS: resident now; VmHWM: the most it ever was. */
async function residentBytes({ pid }: ManagedProcess, field: 'VmRSS' | 'VmHWM' = 'VmRSS'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const [, kib] = new RegExp(`${field}:\\s+(\\d+) kB`).exec(status) ?? [];
  return Number(kib) * KIB;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}

const figures = await measure(JSON.parse(process.argv[2] ?? '{}') as StreamRuns);
process.send?.(figures, () => process.disconnect());
