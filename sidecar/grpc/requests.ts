import { checkAsset, checkIdentifier, type Asset } from '../../core/asset.ts';
import { CmkError } from '../../core/errors.ts';
import { DATA_HEADROOM } from '../../proto/stream-codec.ts';
import type { DecryptRequest__Output } from '../../proto/types/cmk/v1/DecryptRequest.ts';
import type { EncryptRequest__Output } from '../../proto/types/cmk/v1/EncryptRequest.ts';
import type { Reason__Output } from '../../proto/types/cmk/v1/Reason.ts';
import type { ReencryptRequest__Output } from '../../proto/types/cmk/v1/ReencryptRequest.ts';

export type StreamRequest = EncryptRequest__Output | DecryptRequest__Output | ReencryptRequest__Output;

/** A checked `start` message. */
export interface Start {
  readonly asset: Asset;
  /** Empty where it is optional and was not given. */
  readonly owner: string;
  readonly reason: Reason__Output;
}

/** The largest piece that a stream takes: see sidecar.proto. */
export const MAX_PIECE_BYTES = 1024 * 1024;

/** gRPC's own five bytes and the field's tag and length. */
const MAX_PREFIX_BYTES = 5 + DATA_HEADROOM;

const REASON = /^REASON_(?!UNSPECIFIED$)/;

/**
 * The stream's first message.
 * @throws CmkError INVALID_ARGUMENT that names the field
 */
export function readStart(message: StreamRequest | null, options: { ownerRequired: boolean }): Start {
  if (message === null) throw invalid('start', 'the first message', 'the end of the stream');
  if (message.part !== 'start')
    throw invalid('start', 'the first message', message.part ?? 'an empty message');
  const { asset, owner, reason } = message.start ?? {};
  const checked = checkAsset(asset);
  if (options.ownerRequired || owner) checkIdentifier('owner', owner ?? '');
  // An enum value that this version does not know comes out as a number.
  if (typeof reason !== 'string' || !REASON.test(reason))
    throw invalid('reason', 'why the key is used', String(reason));
  return { asset: checked, owner: owner ?? '', reason };
}

/**
 * The bytes of a later message.
 * @throws CmkError INVALID_ARGUMENT that names the field
 */
export function readData(message: StreamRequest): Buffer {
  if (message.part !== 'data' || !message.data) {
    throw invalid('data', 'data in every message after the first', message.part ?? 'an empty message');
  }
  if (message.data.length > MAX_PIECE_BYTES) {
    throw invalid('data', `at most ${MAX_PIECE_BYTES} bytes`, String(message.data.length));
  }
  return message.data;
}

/**
 * Frees a piece that was read, at once: the next message needs as much again long before a garbage collection. Does
 * nothing for a piece that shares its memory with anything but its own message.
 */
export function release(piece: Buffer): void {
  const { buffer, byteOffset, length } = piece;
  // Node's shared pool is smaller than this.
  const isOwn =
    length > Buffer.poolSize && byteOffset < MAX_PREFIX_BYTES && byteOffset + length === buffer.byteLength;
  if (isOwn && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** The broker's answer to whoever may not, word by word: who asks cannot tell from it who refused, or why. */
export function notAuthorized(cause: string): CmkError {
  return new CmkError('NOT_AUTHORIZED', 'not authorized for this asset', { cause: new Error(cause) });
}

function invalid(field: string, expected: string, actual: string): CmkError {
  return new CmkError('INVALID_ARGUMENT', `${field}: expected ${expected}, got ${actual}`, {
    metadata: { field },
  });
}
