import { CmkError } from '../core/errors.ts';

/**
 * Bytes to send: a Node or web stream, anything iterable of pieces, or one piece. Pieces of any size; a piece must
 * not be changed after it was handed over.
 */
export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array> | Uint8Array;

/** A source being read. */
export interface OpenSource {
  next(): Promise<IteratorResult<unknown, unknown>>;
  /** Lets go of a source that is not needed to its end. Never throws. */
  close(): void;
}

/**
 * Takes a source over: from here on it is read to its end or closed, and its failures surface through `next` alone.
 * @throws CmkError INVALID_ARGUMENT when it is not a source of bytes
 */
export function openSource(source: ByteSource): OpenSource {
  const iterator = iteratorOf(source);
  return {
    next: async () => iterator.next(),
    close: () => {
      if (isNodeStream(source)) source.destroy();
      // An asynchronous iterator may be stuck in `next`: nobody waits for its clean-up, and nobody minds its failure.
      else void closeIterator(iterator).catch(ignore);
    },
  };
}

function iteratorOf(source: ByteSource): AsyncIterator<unknown> | Iterator<unknown> {
  if (source instanceof Uint8Array) return [source].values();
  if (typeof source === 'object' && (source as object | null) !== null) {
    if (Symbol.asyncIterator in source) {
      // A stream that fails before it is first read would otherwise end the process.
      if (isNodeStream(source)) source.on('error', ignore);
      return source[Symbol.asyncIterator]();
    }
    if (Symbol.iterator in source) return source[Symbol.iterator]();
  }
  throw new CmkError(
    'INVALID_ARGUMENT',
    `source: expected a stream or iterable of Uint8Array, got ${typeof source}`,
    {
      metadata: { field: 'source' },
    },
  );
}

async function closeIterator(iterator: AsyncIterator<unknown> | Iterator<unknown>): Promise<void> {
  await iterator.return?.();
}

function isNodeStream(
  source: ByteSource,
): source is ByteSource & NodeJS.ReadableStream & { destroy(): void } {
  return (
    'destroy' in source &&
    typeof source.destroy === 'function' &&
    'on' in source &&
    typeof source.on === 'function'
  );
}

function ignore(): void {
  // Told elsewhere, or of no interest any more.
}
