import { setTimeout as pause } from 'node:timers/promises';
import type { Asset } from '../core/asset.ts';
import { CmkError, toCmkError } from '../core/errors.ts';
import { HeaderReader } from '../core/header.ts';
import { findBrokerDataKey } from '../core/reference.ts';
import type { CmkClient } from './client.ts';
import { abortError } from './errors.ts';
import type { CmkStream } from './stream.ts';
import type { Reencryption } from './types.ts';

/** One sealed file as the service stores it. */
export interface StoredFile {
  /** Names it in errors. */
  readonly name: string;
  /** The sealed bytes from the beginning. Called more than once, and not always read to the end. */
  read(): AsyncIterable<Uint8Array>;
  /**
   * Puts newly sealed bytes in the place of what `read` gave. All or nothing: when the bytes end with an error, or the
   * process dies, the old ones stay. It fulfils when the new ones are durable. A file that was changed or deleted
   * meanwhile must stay so: reject, and the worker comes again.
   */
  replace(sealed: AsyncIterable<Uint8Array>): Promise<void>;
}

/** Where the service keeps its sealed files. */
export interface AssetStore {
  /**
   * Every file of an asset, copies and older versions too: what is left out can never be opened again. Whoever is not
   * sure throws.
   */
  open(asset: Asset): AsyncIterable<StoredFile>;
}

/** What became of one asset in a round. */
export interface AssetOutcome {
  readonly asset: Asset;
  readonly dataKeyId: string;
  /**
   * DONE: all is sealed anew and the old data key destroyed. WAITING: files may still be being sealed with it. FAILED:
   * the asset is as readable as before, and its turn comes again.
   */
  readonly state: 'DONE' | 'WAITING' | 'FAILED';
  /** Files and bytes that were sealed again in this round. */
  readonly files: number;
  readonly sealedBytes: number;
  readonly error: CmkError | null;
}

/** What came of one pass over the list. */
export interface Round {
  readonly done: number;
  readonly waiting: number;
  readonly failed: number;
  /** When the first of those that wait is ready, in milliseconds; null: none is known to become so. */
  readonly readyInMs: number | null;
}

export interface ReencryptionWorkerOptions {
  readonly client: Pick<CmkClient, 'listReencryption' | 'completeReencryption' | 'reencrypt'>;
  /** The service whose assets they are. */
  readonly srvId: string;
  readonly store: AssetStore;
  /** Assets at a time. Default 2. */
  readonly concurrency?: number;
  /** Between two looks at the list. Default 60,000. */
  readonly pauseMs?: number;
  /** Told of each asset as it is left. */
  readonly onProgress?: (outcome: AssetOutcome) => void;
  /** Told of a list that could not be fetched; it is tried again after the pause. */
  readonly onListFailed?: (error: CmkError) => void;
}

/** How often an asset's files are gone through before it is left for the next round: new ones kept turning up. */
const MAX_PASSES = 5;

/**
 * Seals a service's files again whose data key the platform key has wrapped, and has that data key destroyed.
 *
 * It may be stopped or die at any point, and several may run: a file is replaced whole or not at all, a file that is
 * sealed anew already is left alone, and the data key is destroyed only after a pass over the asset's files has found
 * none that still needs it.
 */
export class ReencryptionWorker {
  readonly #options: ReencryptionWorkerOptions;

  constructor(options: ReencryptionWorkerOptions) {
    this.#options = options;
  }

  /** Works until the signal aborts; fulfils then. What goes wrong is told and tried again. */
  async run(signal: AbortSignal): Promise<void> {
    const { pauseMs = 60_000, onListFailed } = this.#options;
    while (!signal.aborted) {
      let readyInMs: number | null = null;
      try {
        ({ readyInMs } = await this.runOnce(signal));
      } catch (error) {
        const known = toCmkError(error);
        if (known.code !== 'CANCELLED') onListFailed?.(known);
      }
      const waitMs = Math.min(pauseMs, readyInMs ?? pauseMs);
      await pause(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /**
   * Goes over the list once. A failure of one asset is its own.
   * @throws CmkError what the list failed with, CANCELLED
   */
  async runOnce(signal: AbortSignal = new AbortController().signal): Promise<Round> {
    const { concurrency = 2, onProgress } = this.#options;
    const entries = this.#entries(signal);
    const counts = { DONE: 0, WAITING: 0, FAILED: 0 };
    let readyInMs: number | null = null;
    const work = async (): Promise<void> => {
      for await (const entry of entries) {
        if (entry.readyInMs > 0) readyInMs = Math.min(readyInMs ?? Infinity, entry.readyInMs);
        const outcome = await this.#asset(entry, signal);
        counts[outcome.state]++;
        onProgress?.(outcome);
      }
    };
    // One generator for all: whoever is free takes the next asset.
    const ended = await Promise.allSettled(Array.from({ length: concurrency }, work));
    if (signal.aborted) throw abortError(signal);
    for (const each of ended) if (each.status === 'rejected') throw each.reason;
    return { done: counts.DONE, waiting: counts.WAITING, failed: counts.FAILED, readyInMs };
  }

  async *#entries(signal: AbortSignal): AsyncGenerator<Reencryption, void, void> {
    const { client, srvId } = this.#options;
    let after: string | undefined;
    do {
      const page = await client.listReencryption(srvId, { after, signal });
      for (const entry of page.reencryptions) {
        if (signal.aborted) return;
        yield entry;
      }
      after = page.next;
    } while (after !== undefined);
  }

  async #asset(entry: Reencryption, signal: AbortSignal): Promise<AssetOutcome> {
    const { asset, dataKeyId, readyInMs } = entry;
    const done = { files: 0, sealedBytes: 0 };
    const outcome = (state: AssetOutcome['state'], error: CmkError | null = null): AssetOutcome => {
      return { asset, dataKeyId, state, ...done, error };
    };
    if (readyInMs > 0) return outcome('WAITING');
    try {
      await this.#sealFiles(entry, signal, done);
      await this.#options.client.completeReencryption(asset, dataKeyId, { signal });
      return outcome('DONE');
    } catch (error) {
      const known = toCmkError(error);
      return outcome(known.code === 'DATA_KEY_IN_USE' ? 'WAITING' : 'FAILED', known);
    }
  }

  /** Returns after a pass that found nothing to do: only then may the data key go. */
  async #sealFiles(
    entry: Reencryption,
    signal: AbortSignal,
    done: { files: number; sealedBytes: number },
  ): Promise<void> {
    for (let pass = 1; pass <= MAX_PASSES; pass++) {
      let found = false;
      for await (const file of this.#options.store.open(entry.asset)) {
        if (signal.aborted) throw abortError(signal);
        if ((await dataKeyOf(file)) !== entry.dataKeyId) continue;
        found = true;
        done.sealedBytes += await this.#sealFile(file, entry, signal);
        done.files++;
      }
      if (!found) return;
    }
    throw new CmkError(
      'DATA_KEY_IN_USE',
      `after ${MAX_PASSES} passes there are still files of the old data key`,
    );
  }

  /** @returns sealed bytes */
  async #sealFile(file: StoredFile, entry: Reencryption, signal: AbortSignal): Promise<number> {
    const stream = this.#options.client.reencrypt(file.read(), { asset: entry.asset, signal });
    try {
      const { dataKeyId } = await stream.started;
      if (dataKeyId === entry.dataKeyId) {
        throw new CmkError('CONFLICT', `${file.name}: there is no newer data key to seal it with`);
      }
      const sealed = new Counted(stream);
      await file.replace(sealed);
      if (!sealed.ended)
        throw new CmkError('INTERNAL', `${file.name}: was replaced before the bytes had ended`);
      return sealed.bytes;
    } finally {
      stream.destroy();
    }
  }
}

/** A stream that tells whether it was read to its end. */
class Counted implements AsyncIterable<Uint8Array> {
  bytes = 0;
  ended = false;
  readonly #stream: CmkStream;

  constructor(stream: CmkStream) {
    this.#stream = stream;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    for await (const piece of this.#stream as AsyncIterable<Buffer>) {
      this.bytes += piece.length;
      yield piece;
    }
    this.ended = true;
  }
}

/** The data key that a file says it is sealed with. @throws CmkError MALFORMED, TRUNCATED: it is not a whole one of ours */
async function dataKeyOf(file: StoredFile): Promise<string> {
  const reader = new HeaderReader();
  for await (const piece of file.read()) {
    const complete = reader.push(piece);
    if (complete) return findBrokerDataKey(complete.header).dataKeyId;
  }
  reader.end();
  throw new CmkError('INTERNAL', 'a header that has ended is either complete or truncated');
}
