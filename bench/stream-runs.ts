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
import { BROKER_ID, connect, inPieces, SIDECAR_ID } from '../test/support/sidecar-fixture.ts';
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
const STALLED_PIECES = [64 * KIB, 256 * KIB];

/** Both servers run as bundles, as in an image: stripping types takes time and memory that no pod spends. */
const ECHO: Program = { name: 'echo', entry: 'bench/echo.ts', native: [], protos: [] };

async function measure(runs: StreamRuns): Promise<SidecarFigures> {
  const dir = await mkdtemp(join(tmpdir(), 'cmk-bench-'));
  const servers = await startServers(dir);
  try {
    const { client, sidecar, readyMs } = servers;
    const idleRssBytes = await residentBytes(sidecar);
    const comparisons: StreamComparison[] = [];
    for (const { pieceBytes, target } of TARGETS) {
      comparisons.push(...(await compare(servers, { ...runs, pieceBytes, target })));
    }
    const grownRssBytes = (await residentBytes(sidecar, 'VmHWM')) - idleRssBytes;
    const smallCallsPerSecond = await smallCallRate(client, runs.smallCalls, 1);
    const smallCallsAtOncePerSecond = await smallCallRate(client, runs.smallCalls, 16);
    const stalled: SidecarFigures['stalled'][number][] = [];
    for (const pieceBytes of STALLED_PIECES) {
      stalled.push({ pieceBytes, bytesPerStream: await stall(servers, runs.stalledStreams, pieceBytes) });
    }
    const calls = { smallCallsPerSecond, smallCallsAtOncePerSecond };
    return { comparisons, readyMs, idleRssBytes, grownRssBytes, stalled, ...calls };
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
  for (const program of [ECHO, ...PROGRAMS.filter(({ name }) => name === 'sidecar')]) {
    await buildProgram(program, join(dir, program.name));
  }
  const processOf = (name: string, env: Record<string, string>, ...args: string[]) => ({
    name,
    args: [...SIDECAR_NODE_FLAGS, join(dir, name, `${name}.mjs`), ...args],
    env,
    logPath: join(dir, `${name}.log`),
  });
  const echoSocket = join(dir, 'echo.sock');
  const echo = await launch(processOf('echo', {}, `unix:${echoSocket}`), () =>
    Promise.resolve(existsSync(echoSocket)),
  );
  const statusPort = await freePort();
  const address = `unix:${join(dir, 'sidecar.sock')}`;
  const env = {
    CMK_LISTEN: address,
    CMK_BROKER: broker.address,
    CMK_BROKER_SPIFFE_ID: BROKER_ID,
    CMK_TLS_CERT: own.certPath,
    CMK_TLS_KEY: own.keyPath,
    CMK_TLS_CA: own.caPath,
    CMK_STATUS_HOST: '127.0.0.1',
    CMK_STATUS_PORT: String(statusPort),
  };
  const startMs = performance.now();
  const sidecar = await launch(processOf('sidecar', env), () =>
    answersOk(`http://127.0.0.1:${statusPort}/ready`),
  );
  const readyMs = performance.now() - startMs;
  const clients = { client: connect(address), echo: connect(`unix:${echoSocket}`) };
  return {
    ...clients,
    sidecar,
    readyMs,
    async stop() {
      clients.client.close();
      clients.echo.close();
      broker.stop();
      await Promise.all([sidecar.kill(), echo.kill()]);
    },
  };
}

async function compare(
  { client, echo }: Servers,
  { pieceBytes, target, streamBytes, rounds }: StreamRuns & { pieceBytes: number; target: number },
): Promise<StreamComparison[]> {
  // One file of some MiB stands for all of them; only the sealed form has to be the whole stream.
  const few = inPieces(randomBytes(8 * KIB * KIB), pieceBytes);
  const plaintext = Array.from(
    { length: streamBytes / pieceBytes },
    (_, i) => few[i % few.length] ?? Buffer.alloc(0),
  );
  const sealed = inPieces(await sealedOnce(client, plaintext), pieceBytes);
  const contestants = {
    seal: () => run(client, 'encrypt', plaintext),
    echo: () => run(echo, 'encrypt', plaintext),
    open: () => run(client, 'decrypt', sealed),
  };
  const names = ['seal', 'echo', 'open'] as const;
  const rates: Record<(typeof names)[number], number[]> = { seal: [], echo: [], open: [] };
  for (let round = -1; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(round + 1 + i) % names.length] ?? 'echo';
      const seconds = await contestants[name]();
      // The first round warms up.
      if (round >= 0) rates[name].push(streamBytes / seconds);
    }
  }
  return (['seal', 'open'] as const).map((name) => ({
    name: `${name}, messages of ${pieceBytes / KIB} KiB`,
    bytesPerSecond: median(rates[name]),
    echoBytesPerSecond: median(rates.echo),
    ratio: median(rates[name].map((rate, round) => rate / (rates.echo[round] ?? NaN))),
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
async function stall({ client, sidecar }: Servers, streams: number, pieceBytes: number): Promise<number> {
  const before = await residentBytes(sidecar);
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
    most = Math.max(most, await residentBytes(sidecar));
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
