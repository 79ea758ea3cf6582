import { createReadStream } from 'node:fs';
import type { CmkClient } from './client.ts';
import { localError } from './errors.ts';
import { LARGEST_PIECE_BYTES } from './pieces.ts';
import type { StoredFile } from './reencryption-worker.ts';
import type { CmkStream } from './stream.ts';
import type { DecryptOptions, EncryptOptions, StreamStarted } from './types.ts';
import { writeWhole } from './whole-file.ts';

/** A file that was sealed or opened whole. */
export interface FileResult extends StreamStarted {
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface FileOptions {
  /** Whether an existing target is replaced. Default true; if false, an existing one is LOCAL_IO_FAILED. */
  readonly overwrite?: boolean | undefined;
  /** Called as the input is read, with the bytes so far. */
  readonly onProgress?: ((bytesIn: number) => void) | undefined;
}

/**
 * Seals a file into another. The target appears, complete and flushed to disk, only if all went well.
 * @throws CmkError LOCAL_IO_FAILED for either file; else as {@link CmkClient.encrypt}
 */
export function encryptFile(
  client: CmkClient,
  inputPath: string,
  outputPath: string,
  options: EncryptOptions & FileOptions,
): Promise<FileResult> {
  return throughFile(inputPath, outputPath, options, (source) => client.encrypt(source, options));
}

/**
 * Opens a sealed file into another. A failure leaves no output behind, neither whole nor partial.
 * @throws CmkError LOCAL_IO_FAILED for either file; else as {@link CmkClient.decrypt}
 */
export function decryptFile(
  client: CmkClient,
  inputPath: string,
  outputPath: string,
  options: DecryptOptions & FileOptions,
): Promise<FileResult> {
  return throughFile(inputPath, outputPath, options, (source) => client.decrypt(source, options));
}

/**
 * A sealed file on a disk, for a {@link ReencryptionWorker}. What replaces it is written beside it, flushed and renamed:
 * at any moment there is the whole old one or the whole new one.
 */
export function storedFile(path: string): StoredFile {
  return {
    name: path,
    read: () => readPieces(path, () => undefined),
    async replace(sealed) {
      await writeWhole(path, () => sealed, { overwrite: true });
    },
  };
}

async function throughFile(
  inputPath: string,
  outputPath: string,
  options: FileOptions,
  transform: (source: AsyncIterable<Uint8Array>) => CmkStream,
): Promise<FileResult> {
  let bytesIn = 0;
  const count = (bytes: number): void => {
    bytesIn += bytes;
    options.onProgress?.(bytesIn);
  };
  let started: Promise<StreamStarted> | undefined;
  const openPieces = (): CmkStream => {
    const stream = transform(readPieces(inputPath, count));
    started = stream.started;
    return stream;
  };
  const bytesOut = await writeWhole(outputPath, openPieces, { overwrite: options.overwrite ?? true });
  return { ...(await started), bytesIn, bytesOut } as FileResult;
}

/**
 * A file's bytes.
 * @throws CmkError LOCAL_IO_FAILED that names the file
 */
export async function* readPieces(
  path: string,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    for await (const piece of createReadStream(path, { highWaterMark: LARGEST_PIECE_BYTES })) {
      count((piece as Buffer).byteLength);
      yield piece as Buffer;
    }
  } catch (error) {
    throw localError(path, error);
  }
}
