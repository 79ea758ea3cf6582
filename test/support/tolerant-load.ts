import { setTimeout } from 'node:timers/promises';
import { CmkError, type CmkClient } from '../../client/index.ts';
import type { ErrorCode } from '../../core/errors.ts';
import { openSample, sealSample, type SealedSample } from '../../sandbox/stories/samples.ts';
import { OWNER, recording } from './whole-system.ts';

const PAUSE_MS = 100;

/** A service that seals and opens without end, whatever it is answered. */
export class TolerantLoad {
  readonly #client: CmkClient;
  readonly #sealed: SealedSample[] = [];
  readonly #codes = new Map<ErrorCode, number>();
  readonly #stopped = new AbortController();
  readonly #loops: Promise<void>;

  constructor(client: CmkClient) {
    this.#client = client;
    this.#loops = Promise.all([this.#sealAndOpen(), this.#sealSlowly()]).then(() => undefined);
  }

  /** What was sealed first. */
  get first(): SealedSample {
    const [first] = this.#sealed;
    if (!first) throw new Error('nothing was sealed');
    return first;
  }

  /** How often each code was answered. */
  get codes(): ReadonlyMap<ErrorCode, number> {
    return this.#codes;
  }

  stop(): Promise<void> {
    this.#stopped.abort();
    return this.#loops;
  }

  async #sealAndOpen(): Promise<void> {
    for (let turn = 0; !this.#stopped.signal.aborted; turn++) {
      await this.#try(async () => {
        this.#sealed.push(await sealSample(this.#client, recording(`day-${turn}`)));
      });
      // The same ones again and again: that is what caches are for.
      for (const sample of this.#sealed.slice(0, 4)) await this.#try(() => openSample(this.#client, sample));
      await setTimeout(PAUSE_MS);
    }
  }

  /** Streams that outlive their leases. */
  async #sealSlowly(): Promise<void> {
    const { signal } = this.#stopped;
    const source = async function* () {
      for (let piece = 0; piece < 200 && !signal.aborted; piece++) {
        yield Buffer.alloc(1_000, piece);
        await setTimeout(PAUSE_MS);
      }
    };
    for (let turn = 0; !signal.aborted; turn++) {
      await this.#try(async () => {
        const asset = recording(`slow-${turn}`);
        for await (const _ of this.#client.encrypt(source(), { asset, owner: OWNER }));
      });
      await setTimeout(PAUSE_MS);
    }
  }

  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof CmkError)) throw error;
      this.#codes.set(error.code, (this.#codes.get(error.code) ?? 0) + 1);
    }
  }
}
