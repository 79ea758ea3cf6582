import { setImmediate as turn } from 'node:timers/promises';
import { CmkError } from '../core/errors.ts';
import type { OpenSource } from './source.ts';

/** The largest message sent: gRPC on Node moves most bytes a second at this size, and the sidecar takes up to 1 MiB. */
export const LARGEST_PIECE_BYTES = 256 * 1024;

/** Pieces below this are gathered, up to this much: the cost of a message outweighs that of a copy. */
const GATHER_BYTES = 32 * 1024;

const WAITED = Symbol('waited');

/**
 * A source's bytes in pieces that suit gRPC: large ones split without copying, small ones gathered. Gathering never
 * delays: what has arrived leaves at the end of the event loop's turn.
 * @throws CmkError INVALID_ARGUMENT when the source yields something other than bytes; what the source throws
 */
export async function* inPieces(source: OpenSource): AsyncGenerator<Uint8Array, void, void> {
  let gathered: Uint8Array[] = [];
  let gatheredBytes = 0;
  let endOfTurn: Promise<typeof WAITED> | null = null;
  const takeGathered = (): Uint8Array => {
    const whole = gathered.length === 1 && gathered[0] ? gathered[0] : Buffer.concat(gathered);
    [gathered, gatheredBytes, endOfTurn] = [[], 0, null];
    return whole;
  };

  let next = ahead(source);
  for (;;) {
    const result: IteratorResult<unknown, unknown> | typeof WAITED = await (endOfTurn
      ? Promise.race([next, endOfTurn])
      : next);
    if (result === WAITED) {
      yield takeGathered();
      continue;
    }
    if (result.done === true) break;
    const piece = checkPiece(result.value);
    next = ahead(source);
    if (piece.byteLength >= GATHER_BYTES) {
      if (gatheredBytes > 0) yield takeGathered();
      for (let at = 0; at < piece.byteLength; at += LARGEST_PIECE_BYTES)
        yield piece.subarray(at, at + LARGEST_PIECE_BYTES);
    } else if (piece.byteLength > 0) {
      gathered.push(piece);
      gatheredBytes += piece.byteLength;
      endOfTurn ??= turn(WAITED);
      if (gatheredBytes >= GATHER_BYTES) yield takeGathered();
    }
  }
  if (gatheredBytes > 0) yield takeGathered();
}

/** Reads one piece ahead. Its failure is met when its turn comes, not as an unhandled rejection before. */
function ahead(source: OpenSource): Promise<IteratorResult<unknown, unknown>> {
  const next = source.next();
  next.catch(() => undefined);
  return next;
}

function checkPiece(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece;
  throw new CmkError('INVALID_ARGUMENT', `source: expected pieces of type Uint8Array, got ${typeof piece}`, {
    metadata: { field: 'source' },
  });
}
