import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import grpc from '@grpc/grpc-js';
import { createTestCa, type TestCa } from '../../sandbox/ca.ts';
import type { Asset } from '../../core/asset.ts';
import { loadSidecar, sidecarPackage } from '../../proto/load.ts';
import { fromGrpcError } from '../../proto/status.ts';
import { withStreamCodec } from '../../proto/stream-codec.ts';
import type { EncryptRequest } from '../../proto/types/cmk/v1/EncryptRequest.ts';
import type { EncryptResponse__Output } from '../../proto/types/cmk/v1/EncryptResponse.ts';
import type { SidecarClient } from '../../proto/types/cmk/v1/Sidecar.ts';
import type { StreamStart } from '../../proto/types/cmk/v1/StreamStart.ts';
import type { StreamStarted__Output } from '../../proto/types/cmk/v1/StreamStarted.ts';
import { createLogger } from '../../runtime/logger.ts';
import { readSidecarConfig } from '../../sidecar/config.ts';
import { startSidecar, type RunningSidecar } from '../../sidecar/main.ts';
import { keepTraces } from './artifacts.ts';
import { DrivenClock } from './driven-clock.ts';
import { eventually } from './eventually.ts';
import { FakeBroker } from './fake-broker.ts';
import { BROKER_ID, sidecarId, sidecarSettings } from './settings.ts';

export const SIDECAR_ID = sidecarId('0001');

export const asset: Asset = {
  account: 'acme',
  srvId: '0001',
  type: 'MeetingWebinarRecording',
  id: 'meeting-1',
};
export const start: StreamStart = { asset, owner: 'user-1', reason: 'REASON_STORAGE' };

type Method = 'encrypt' | 'decrypt' | 'reencrypt';

/** What a stream came to. */
export interface Outcome {
  readonly started: StreamStarted__Output | null;
  /** Data that came, also before a failure. */
  readonly data: Buffer;
  /** The code it failed with; null: it was complete. */
  readonly code: string | null;
  readonly message: string;
}

/** A sidecar in this process on a unix socket, its broker, and a client of each. */
export class SidecarFixture {
  readonly dir: string;
  readonly broker: FakeBroker;
  readonly sidecar: RunningSidecar;
  readonly clock: DrivenClock;
  readonly client: SidecarClient;
  readonly ca: TestCa;
  /** Everything the sidecar logged. */
  readonly log: string[];

  private constructor(
    parts: Omit<
      SidecarFixture,
      'replace' | 'run' | 'seal' | 'open' | 'reencrypt' | 'call' | 'metric' | 'close'
    >,
  ) {
    this.dir = parts.dir;
    this.broker = parts.broker;
    this.sidecar = parts.sidecar;
    this.clock = parts.clock;
    this.client = parts.client;
    this.ca = parts.ca;
    this.log = parts.log;
  }

  static async start(env: Record<string, string> = {}): Promise<SidecarFixture> {
    const dir = await mkdtemp(join(tmpdir(), 'cmk-sidecar-'));
    const ca = await createTestCa();
    const broker = await FakeBroker.start(
      await ca.writeIdentity(join(dir, 'broker'), { uriSans: [BROKER_ID] }),
    );
    const own = await ca.writeIdentity(join(dir, 'own'), { uriSans: [SIDECAR_ID] });
    const config = readSidecarConfig({
      ...sidecarSettings(own, broker.address),
      CMK_LISTEN: `unix:${join(dir, 'run', 'sidecar.sock')}`,
      ...env,
    });
    const clock = new DrivenClock();
    // The authority issues from the real time.
    clock.turnWallClock(Date.now() - clock.wallMs());
    const log: string[] = [];
    const logger = createLogger({
      name: 'sidecar',
      level: 'debug',
      destination: { write: (line) => void log.push(line) },
    });
    const sidecar = await startSidecar({ config, clock, logger });
    const client = connect(sidecar.addresses[0] ?? '');
    await eventually(() => sidecar.hearsRevocations());
    return new SidecarFixture({ dir, broker, sidecar, clock, client, ca, log });
  }

  /** Sends messages as fast as they are taken, and reads to the end. */
  run(method: Method, messages: Iterable<EncryptRequest>): Promise<Outcome> {
    const call = this.call(method);
    for (const message of messages) call.write(message);
    call.end();
    return outcomeOf(call);
  }

  seal(pieces: readonly Uint8Array[], first: StreamStart = start): Promise<Outcome> {
    return this.run('encrypt', [{ start: first }, ...pieces.map((data) => ({ data }))]);
  }

  open(
    pieces: readonly Uint8Array[],
    first: StreamStart = { asset, reason: 'REASON_USER_ACCESS' },
  ): Promise<Outcome> {
    return this.run('decrypt', [{ start: first }, ...pieces.map((data) => ({ data }))]);
  }

  reencrypt(
    pieces: readonly Uint8Array[],
    first: StreamStart = { asset, reason: 'REASON_STORAGE' },
  ): Promise<Outcome> {
    return this.run('reencrypt', [{ start: first }, ...pieces.map((data) => ({ data }))]);
  }

  call(method: Method) {
    // The three look alike on the wire.
    return this.client[method]();
  }

  /** A metric's value, as scraped; `labels` in the order of its text form. */
  async metric(line: string): Promise<number> {
    const text = await this.sidecar.metrics.registry.metrics();
    const found = text.split('\n').find((each) => each.startsWith(`${line} `));
    return found === undefined ? 0 : Number(found.slice(line.length + 1));
  }

  /** Swaps one of the identity's files, as an issuer does. */
  async replace(file: string, text: string): Promise<void> {
    await writeFile(join(this.dir, `${file}.new`), text);
    await rename(join(this.dir, `${file}.new`), join(this.dir, file));
  }

  async close(): Promise<void> {
    this.client.close();
    const closed = this.sidecar.close(0);
    // What a failed test left running ends when the grace period does, and the clock stands still otherwise.
    this.clock.advance(1);
    await closed;
    keepTraces('sidecar', this.log, await this.sidecar.metrics.registry.metrics());
    this.broker.stop();
    await rm(this.dir, { recursive: true });
  }
}

export function connect(address: string): SidecarClient {
  const { Sidecar } = loadSidecar(withStreamCodec(sidecarPackage()));
  return new Sidecar(address, grpc.credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
}

/** A stream that a test leads by hand. */
export class Dialogue {
  readonly outcome: Promise<Outcome>;
  /** Data that came so far. */
  receivedBytes = 0;
  /** Whether the status has come, though data may still be unread. */
  isOver = false;
  readonly #call: ReturnType<SidecarFixture['call']>;

  constructor(fixture: SidecarFixture, method: Method, first: StreamStart = start) {
    this.#call = fixture.call(method);
    this.#call.on('data', ({ data }: EncryptResponse__Output) => (this.receivedBytes += data?.length ?? 0));
    this.#call.on('status', () => (this.isOver = true));
    this.outcome = outcomeOf(this.#call);
    this.#call.write({ start: first });
  }

  /** Sends a piece, and waits until at least so many more bytes came back. */
  async exchange(data: Uint8Array, answerBytes: number): Promise<void> {
    const expected = this.receivedBytes + answerBytes;
    this.send(data);
    await eventually(() => this.receivedBytes >= expected);
  }

  send(data: Uint8Array): void {
    this.#call.write({ data });
  }

  end(): Promise<Outcome> {
    this.#call.end();
    return this.outcome;
  }

  cancel(): void {
    this.#call.cancel();
  }

  /** Stops reading: what the sidecar sends stays with it. */
  stall(): void {
    this.#call.pause();
  }

  resume(): void {
    this.#call.resume();
  }
}

/** Reads a call to its end. */
export function outcomeOf(call: ReturnType<SidecarFixture['call']>): Promise<Outcome> {
  return new Promise((resolve) => {
    let started: StreamStarted__Output | null = null;
    const data: Buffer[] = [];
    call.on('data', (message: EncryptResponse__Output) => {
      if (message.started) started = message.started;
      else data.push(message.data ?? Buffer.alloc(0));
    });
    call.on('error', (error) => {
      const { code, message } = fromGrpcError(error, 'SIDECAR_UNREACHABLE');
      resolve({ started, data: Buffer.concat(data), code, message });
    });
    call.on('end', () => {
      // A failed call ends too; its error comes after.
      setImmediate(() => resolve({ started, data: Buffer.concat(data), code: null, message: '' }));
    });
  });
}

/** The bytes in pieces of one length. */
export function inPieces(bytes: Buffer, length: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += length) pieces.push(bytes.subarray(at, at + length));
  return pieces;
}
