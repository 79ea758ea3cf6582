import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { CmkClient, CmkError } from '../../client/index.ts';
import { OWNER, recording, type WholeSystem } from './whole-system.ts';

/** Between two files of a worker, so that the load leaves room for what is looked at. */
const PAUSE_MS = 20;
/** A slow stream gets a piece so often. */
const TRICKLE_MS = 250;
const TRICKLE_BYTES = 32 * 1024;

/** Where a service calls: the files are sealed through one sidecar and opened through another, so both ask the broker. */
export interface Route {
  readonly sealer: { readonly address: string };
  readonly opener: { readonly address: string };
}

/** Services that seal and open for as long as a test runs, and that expect every call to succeed. */
export class SteadyLoad {
  /** What went wrong, whatever it was. */
  readonly failures: string[] = [];
  files = 0;
  bytes = 0;
  slowestMs = 0;
  readonly #system: WholeSystem;
  readonly #workers: Promise<void>[] = [];
  readonly #clients: CmkClient[] = [];
  #running = true;

  constructor(system: WholeSystem) {
    this.#system = system;
  }

  /** Adds a worker: one file after the other, each of an asset of its own. */
  add(name: string, route: Route, bytes: number): void {
    this.#work(route, async (clients, count) => {
      const content = randomBytes(bytes);
      await this.#seal(clients, `${name}-${count}`, content, content);
      await sleep(PAUSE_MS);
    });
  }

  /** Adds a worker whose file is sealed as long as the load runs, a little at a time. */
  addSlow(name: string, route: Route): void {
    this.#work(route, async (clients, count) => {
      const pieces: Buffer[] = [];
      await this.#seal(clients, `${name}-${count}`, this.#trickle(pieces), () => Buffer.concat(pieces));
    });
  }

  /** Adds any other call, made again and again. */
  addCall(name: string, call: () => Promise<void>): void {
    this.#workers.push(
      this.#loop(async () => {
        await this.#expect(name, call);
        await sleep(PAUSE_MS);
      }),
    );
  }

  /** Fulfils when every call under way has ended. */
  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#workers);
    for (const client of this.#clients) client.close();
  }

  toString(): string {
    const mib = (this.bytes / 2 ** 20).toFixed(0);
    const { files, slowestMs, failures } = this;
    return `${files} files sealed and opened, ${mib} MiB, slowest ${slowestMs.toFixed(0)} ms, ${failures.length} failed calls`;
  }

  #work(route: Route, work: (clients: [CmkClient, CmkClient], count: number) => Promise<void>): void {
    const clients: [CmkClient, CmkClient] = [
      new CmkClient({ address: route.sealer.address }),
      new CmkClient({ address: route.opener.address }),
    ];
    this.#clients.push(...clients);
    this.#workers.push(this.#loop((count) => work(clients, count)));
  }

  async #loop(work: (count: number) => Promise<void>): Promise<void> {
    for (let count = 0; this.#running; count++) await work(count);
  }

  async *#trickle(pieces: Buffer[]): AsyncGenerator<Buffer> {
    while (this.#running) {
      const piece = randomBytes(TRICKLE_BYTES);
      pieces.push(piece);
      yield piece;
      await sleep(TRICKLE_MS);
    }
  }

  async #seal(
    [sealer, opener]: [CmkClient, CmkClient],
    id: string,
    source: Buffer | AsyncIterable<Buffer>,
    content: Buffer | (() => Buffer),
  ): Promise<void> {
    const asset = recording(id);
    await this.#expect(id, async () => {
      const beganMs = performance.now();
      const file = await buffer(sealer.encrypt(source, { asset, owner: OWNER }));
      const opened = await buffer(opener.decrypt(file, { asset, reason: 'USER_ACCESS' }));
      const expected = Buffer.isBuffer(content) ? content : content();
      if (!opened.equals(expected)) throw new Error('another content came out');
      this.files++;
      this.bytes += expected.length;
      if (Buffer.isBuffer(source)) this.slowestMs = Math.max(this.slowestMs, performance.now() - beganMs);
    });
  }

  async #expect(name: string, call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      this.#system.note(error);
      const code = error instanceof CmkError ? `${error.code}: ` : '';
      this.failures.push(`${new Date().toISOString()} ${name}: ${code}${String(error)}`);
      // Whoever fails at once must not keep the processors from those that start anew.
      await sleep(PAUSE_MS);
    }
  }
}
