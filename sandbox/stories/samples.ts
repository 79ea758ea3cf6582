import { randomBytes } from 'node:crypto';
import { CmkError, type Asset, type CmkClient } from '../../client/index.ts';
import { OWNER } from './enrolment.ts';
import { must } from './must.ts';

const BYTES = 300_000;

/** Something small that was sealed, and is remembered so that it can be compared. */
export interface SealedSample {
  readonly asset: Asset;
  readonly plaintext: Buffer;
  readonly sealed: Buffer;
  readonly protection: string;
  /** As its KMS names the key or replica that made the data key. */
  readonly keyInUse: string;
}

export async function sealSample(client: CmkClient, asset: Asset): Promise<SealedSample> {
  const plaintext = randomBytes(BYTES);
  const stream = client.encrypt([plaintext], { asset, owner: OWNER });
  const sealed = await collect(stream);
  const { protection, keyInUse } = await stream.started;
  return { asset, plaintext, sealed, protection, keyInUse };
}

/** @throws CmkError when it does not open; Error when it is not what was sealed */
export async function openSample(client: CmkClient, sample: SealedSample): Promise<void> {
  const { asset, plaintext, sealed } = sample;
  const opened = await collect(client.decrypt([sealed], { asset, reason: 'USER_ACCESS' }));
  must(opened.equals(plaintext), `${asset.id} opened, but is not what was sealed`);
}

/** Why the service refuses for good; null: it does not. What passes by itself is tried again by whoever asks. */
export async function refusalOf(work: Promise<unknown>): Promise<CmkError | null> {
  try {
    await work;
    return null;
  } catch (error) {
    if (!(error instanceof CmkError)) throw error;
    return error.retryable ? null : error;
  }
}

async function collect(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
