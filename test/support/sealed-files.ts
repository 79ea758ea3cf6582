import { assetContext } from '../../core/encryption-context.ts';
import type { DataKey } from '../../core/data-key.ts';
import { CmkError } from '../../core/errors.ts';
import { HeaderReader } from '../../core/header.ts';
import { Opener } from '../../core/opener.ts';
import { brokerDataKey } from '../../core/reference.ts';
import { Sealer } from '../../core/sealer.ts';
import type { SealerOptions } from '../../core/sealer.ts';

/** The context and entry that a sealed file of ours bears. */
export const RECORDING = {
  context: assetContext(
    { account: 'acme', srvId: '0001', type: 'MeetingWebinarRecording', id: '93201847' },
    1_760_000_000,
  ),
  encryptedDataKeys: [brokerDataKey('0199e2a4-7b1c-7c3e-9a5d-2f1e8b7c6d50', 1)],
};

/** A byte that {@link samplePlaintext} never holds. */
const UNTOUCHED = 0xee;

/** Bytes that differ from frame to frame, so that a misplaced frame shows. */
export function samplePlaintext(bytes: number): Buffer {
  return Buffer.from(Array.from({ length: bytes }, (_, i) => (i * 7 + (i >> 8)) % 200));
}

/** Seals the pieces one by one, into buffers of exactly the promised size. */
export function seal(pieces: Uint8Array | readonly Uint8Array[], options: SealerOptions): Buffer {
  const sealer = new Sealer(options);
  const written = [sealer.header];
  for (const piece of pieces instanceof Uint8Array ? [pieces] : pieces) {
    const out = Buffer.alloc(sealer.updateBytes(piece.length));
    if (sealer.update(piece, out, 0) !== out.length) throw new Error('update wrote less than it promised');
    written.push(out);
  }
  const out = Buffer.alloc(sealer.finalBytes());
  if (sealer.final(out, 0) !== out.length) throw new Error('final wrote less than it promised');
  return Buffer.concat([...written, out]);
}

/** Cuts bytes into pieces of one size; no bytes make no piece. */
export function piecesOf(bytes: Uint8Array, pieceBytes: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) pieces.push(bytes.subarray(at, at + pieceBytes));
  return pieces;
}

/** Cuts bytes at the given positions, in whatever order and however often these are named. */
export function cutAt(bytes: Uint8Array, positions: readonly number[]): Uint8Array[] {
  const edges = [0, ...positions.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((end, i) => bytes.subarray(edges[i], end));
}

/** How an attempt to open ended, and all that a reader could have seen of the plaintext. */
export interface Attempt {
  /** What the opener said it had released. */
  readonly released: Buffer;
  /** What lies in the output buffers, also behind the back of a call that threw. */
  readonly exposed: Buffer;
  /** Null: the file was opened to its end. */
  readonly error: CmkError | null;
}

/**
 * Opens the pieces one by one.
 * @throws whatever is not one of our own errors
 */
export function attemptToOpen(pieces: readonly Uint8Array[], dataKey: DataKey): Attempt {
  const released: Buffer[] = [];
  const exposed: Buffer[] = [];
  const reader = new HeaderReader();
  let opener: Opener | undefined;

  const feed = (piece: Uint8Array): void => {
    let rest = piece;
    if (!opener) {
      const read = reader.push(piece);
      if (!read) return;
      opener = new Opener(read.header, dataKey);
      rest = read.rest;
    }
    const out = Buffer.alloc(opener.updateBytes(rest.length), UNTOUCHED);
    exposed.push(out);
    const written = opener.update(rest, out, 0);
    released.push(out.subarray(0, written));
  };

  let error: CmkError | null = null;
  try {
    pieces.forEach(feed);
    reader.end();
    opener?.final();
  } catch (caught) {
    if (!(caught instanceof CmkError)) throw caught;
    error = caught;
  }
  return {
    released: Buffer.concat(released),
    exposed: Buffer.concat(exposed).filter((byte) => byte !== UNTOUCHED) as Buffer,
    error,
  };
}
