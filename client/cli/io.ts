import { addAbortSignal, type Readable, type Writable } from 'node:stream';
import { abortError, localError } from '../errors.ts';

/** Everything that the command touches outside: tests hand in their own. */
export interface Io {
  readonly stdin: Readable & { isTTY?: boolean };
  readonly stdout: Writable & { isTTY?: boolean };
  readonly stderr: Writable & { isTTY?: boolean };
  readonly env: NodeJS.ProcessEnv;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
}

/** The reader of our output went away, as `head` does: nothing to tell anybody. */
export class BrokenPipe extends Error {
  override readonly name = 'BrokenPipe';
}

/**
 * Standard input's bytes.
 * @throws CmkError LOCAL_IO_FAILED, CANCELLED
 */
export async function* readStandardInput(
  io: Io,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, void> {
  // Whoever waits for a silent pipe can be interrupted too.
  addAbortSignal(io.signal, io.stdin);
  try {
    for await (const piece of io.stdin as AsyncIterable<Buffer>) {
      count(piece.byteLength);
      yield piece;
    }
  } catch (error) {
    throw io.signal.aborted ? abortError(io.signal) : localError('standard input', error);
  }
}

/**
 * Writes one piece and waits until it is taken, or the user interrupts.
 * @throws BrokenPipe, CmkError CANCELLED, or the stream's error
 */
export function writePiece(out: Writable, piece: Uint8Array | string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortError(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    out.write(piece, (error) => {
      signal.removeEventListener('abort', onAbort);
      if (!error) resolve();
      else reject('code' in error && error.code === 'EPIPE' ? new BrokenPipe() : error);
    });
  });
}

/** A text from elsewhere, safe to print: control characters could rewrite what the terminal shows. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}
