/**
 * The most that is sealed or opened at a time. It bounds what a stream holds for a reader that stalls, and keeps the
 * work within the processor's cache.
 */
export const SLICE_BYTES = 256 * 1024;

/** A piece in order, in slices of {@link SLICE_BYTES} and a rest. Copies nothing. */
export function* slices(piece: Uint8Array): Generator<Uint8Array, void, void> {
  for (let at = 0; at < piece.length; at += SLICE_BYTES) yield piece.subarray(at, at + SLICE_BYTES);
}
