import { CmkError } from './errors.ts';
import {
  DEFAULT_FRAME_BYTES,
  FINAL_OVERHEAD_BYTES,
  MAX_SEQUENCE,
  REGULAR_OVERHEAD_BYTES,
} from './message-format.ts';
import { truncated } from './refusals.ts';

/** The layout that sizes follow from; all in bytes. */
export interface Layout {
  /** The header's length, its tag included. */
  readonly headerBytes: number;
  /** Plaintext bytes in each frame but the last. Default 65,536. */
  readonly frameBytes?: number;
}

/**
 * How many frames the sealer makes of a plaintext, the final one included; at least one.
 * @throws CmkError INVALID_ARGUMENT when they are more than the format can number
 */
export function frameCount({
  plaintextBytes,
  frameBytes = DEFAULT_FRAME_BYTES,
}: {
  readonly plaintextBytes: number;
  readonly frameBytes?: number;
}): number {
  const frames = Math.floor(plaintextBytes / frameBytes) + 1;
  if (frames > MAX_SEQUENCE) {
    throw new CmkError(
      'INVALID_ARGUMENT',
      `plaintext: expected at most ${MAX_SEQUENCE} frames, got ${frames}`,
    );
  }
  return frames;
}

/**
 * How many bytes sealing adds to a plaintext.
 * @throws CmkError INVALID_ARGUMENT as {@link frameCount}
 */
export function overheadBytes({
  plaintextBytes,
  ...layout
}: Layout & { readonly plaintextBytes: number }): number {
  const regularFrames = frameCount({ plaintextBytes, ...layout }) - 1;
  return layout.headerBytes + regularFrames * REGULAR_OVERHEAD_BYTES + FINAL_OVERHEAD_BYTES;
}

/**
 * How long a plaintext becomes when it is sealed.
 * @throws CmkError INVALID_ARGUMENT as {@link frameCount}
 */
export function sealedBytes(sizes: Layout & { readonly plaintextBytes: number }): number {
  return sizes.plaintextBytes + overheadBytes(sizes);
}

/**
 * How long the plaintext in a sealed file of this length is, whichever way its writer ended a multiple of the
 * frame length: docs/format.md, "Sizes". The length is proved only by the final frame's authentication.
 * @throws CmkError TRUNCATED when no sealed file has this length
 */
export function plaintextBytes({
  sealedBytes: total,
  headerBytes,
  frameBytes = DEFAULT_FRAME_BYTES,
}: Layout & { readonly sealedBytes: number }): number {
  const body = total - headerBytes - FINAL_OVERHEAD_BYTES;
  if (body < 0) throw truncated(`${total} bytes are too few for a header and a final frame`);
  const sealedFrameBytes = frameBytes + REGULAR_OVERHEAD_BYTES;
  const finalLength = body % sealedFrameBytes;
  if (finalLength > frameBytes) throw truncated(`${total} bytes end inside a frame`);
  return Math.floor(body / sealedFrameBytes) * frameBytes + finalLength;
}
