import { randomBytes } from 'node:crypto';
import { link, lstat, open, realpath, rename, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CmkError } from '../core/errors.ts';
import { localError } from './errors.ts';

export interface WholeFileOptions {
  /** Whether an existing file is replaced. */
  readonly overwrite: boolean;
}

/**
 * Writes a file whole or not at all: into a temporary file beside it, flushed to disk, then renamed. Until then an
 * existing file stays as it was; a failure, of the source too, leaves nothing behind.
 * @param openPieces called once it is certain that the file can be made
 * @returns bytes written
 * @throws CmkError LOCAL_IO_FAILED, or what the pieces throw
 */
export async function writeWhole(
  path: string,
  openPieces: () => AsyncIterable<Uint8Array>,
  options: WholeFileOptions,
): Promise<number> {
  const target = await targetOf(path, options);
  const temporary = join(
    dirname(target),
    `.${basename(target)}.${randomBytes(6).toString('hex')}.cmk-partial`,
  );
  const file = await about(path, open(temporary, 'wx'));
  try {
    const bytes = await writeAndFlush(path, file, openPieces);
    await about(path, options.overwrite ? rename(temporary, target) : renameToNew(temporary, target));
    await flushFolder(dirname(target));
    return bytes;
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}

/** Follows symbolic links, so that the file behind is replaced and not the link. */
async function targetOf(path: string, options: WholeFileOptions): Promise<string> {
  const target = await realpath(path).catch(() => path);
  const existing = await lstat(target).catch(() => null);
  if (existing && !options.overwrite) throw existsError(path);
  if (existing && !existing.isFile()) throw new CmkError('LOCAL_IO_FAILED', `${path}: not a regular file`);
  return target;
}

async function writeAndFlush(
  path: string,
  file: FileHandle,
  openPieces: () => AsyncIterable<Uint8Array>,
): Promise<number> {
  let bytes = 0;
  try {
    for await (const piece of openPieces()) {
      // `writeFile` at the current position writes all of the piece, which `write` need not.
      await about(path, file.writeFile(piece));
      bytes += piece.byteLength;
    }
    await about(path, file.sync());
  } finally {
    await file.close();
  }
  return bytes;
}

/** Fails if the target came into being meanwhile, which `rename` would replace. */
async function renameToNew(temporary: string, target: string): Promise<void> {
  try {
    await link(temporary, target);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw existsError(target);
    // A file system without hard links.
    if (await lstat(target).catch(() => null)) throw existsError(target);
    return rename(temporary, target);
  }
  await unlink(temporary);
}

/** Makes the rename itself survive a crash; not every file system can. */
async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => null);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

async function about<T>(path: string, action: Promise<T>): Promise<T> {
  try {
    return await action;
  } catch (error) {
    throw localError(path, error);
  }
}

function existsError(path: string): CmkError {
  return new CmkError('LOCAL_IO_FAILED', `${path}: exists already`);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
