import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CmkError, type Asset, type CmkClient } from '../client/index.ts';

const FRAME_BYTES = 64 * 1024;
const FRAMES = 40;
const FRAME_INTERVAL_MS = 100;
const MAX_MS = 60_000;

/** A sealed recording. */
export interface Sample {
  readonly asset: Asset;
  readonly sealed: Buffer;
}

export async function sealSample(client: CmkClient, account: string): Promise<Sample> {
  const asset = { account, srvId: '0001', type: 'MeetingWebinarRecording', id: 'meeting' };
  const pieces: Buffer[] = [];
  const plaintext = [randomBytes(FRAMES * FRAME_BYTES)];
  for await (const piece of client.encrypt(plaintext, { asset, owner: 'owner' }))
    pieces.push(piece as Buffer);
  return { asset, sealed: Buffer.concat(pieces) };
}

/**
 * Somebody who watches a recording over and over: a frame each 100 ms, and from the beginning again when it ends. So
 * there is a running stream nearly all the time, and now and then a new one, until one is refused.
 */
export class Reader {
  /** Fulfils with the first byte. */
  readonly reading: Promise<void>;
  /** Fulfils when the customer's key was refused: when the last byte before came, by `performance.now()`. */
  readonly refused: Promise<number>;
  #lastByteAtMs = NaN;

  constructor(client: CmkClient, sample: Sample) {
    let onByte = (): void => undefined;
    const firstByte = new Promise<void>((resolve) => (onByte = resolve));
    this.refused = this.#readOn(client, sample, onByte);
    this.reading = Promise.race([firstByte, this.refused.then(() => undefined)]);
  }

  async #readOn(client: CmkClient, { asset, sealed }: Sample, onByte: () => void): Promise<number> {
    const startedAtMs = performance.now();
    for (;;) {
      try {
        const stream = client.decrypt(paced(sealed), { asset, reason: 'USER_ACCESS' });
        for await (const _ of stream) {
          this.#lastByteAtMs = performance.now();
          onByte();
        }
      } catch (error) {
        if (!(error instanceof CmkError)) throw error;
        const isRefusal = error.code === 'KEY_DISABLED';
        if (isRefusal && !Number.isNaN(this.#lastByteAtMs)) return this.#lastByteAtMs;
        // A grant may be overtaken by the revocation; a key just given back rests for a moment at the broker.
        const mayPass = isRefusal || error.retryable;
        if (!mayPass || performance.now() - startedAtMs > MAX_MS) throw error;
        await sleep(FRAME_INTERVAL_MS);
      }
    }
  }
}

async function* paced(sealed: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < sealed.length; at += FRAME_BYTES) {
    yield sealed.subarray(at, at + FRAME_BYTES);
    await sleep(FRAME_INTERVAL_MS);
  }
}
