import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { CmkError } from '../../core/errors.ts';
import type { CmkClient } from '../client.ts';
import { localError } from '../errors.ts';
import { readPieces } from '../files.ts';
import type { CmkStream } from '../stream.ts';
import { writeWhole } from '../whole-file.ts';
import { BrokenPipe, readStandardInput, writePiece, type Io } from './io.ts';
import type { SealOptions } from './program.ts';
import { startProgress, summary, type Progress } from './progress.ts';
import { assetOf, withClient } from './sidecar.ts';

export type Operation = 'encrypt' | 'decrypt' | 'reencrypt';

/** Where the bytes go: a file that appears whole, or something that takes them as they come. */
type Target =
  { readonly path: string } | { readonly out: Writable; readonly name: string; readonly textOnly: boolean };

/**
 * `cmk encrypt`, `cmk decrypt` and `cmk reencrypt`.
 * @param input a path, or `-` for standard input
 * @param output a path, `-` for standard output, or undefined for the same with care for a terminal
 */
export async function seal(
  operation: Operation,
  input: string,
  output: string | undefined,
  options: SealOptions,
  io: Io,
): Promise<void> {
  const target = await targetOf(operation, output, options.force === true, io);
  const startMs = performance.now();
  const progress = await progressOf(operation, input, target, options, io);
  try {
    await withClient(options, io, async (client) => {
      let bytesIn = 0;
      const count = (bytes: number): void => progress.update((bytesIn += bytes));
      const pieces = input === '-' ? readStandardInput(io, count) : readPieces(input, count);
      let stream: CmkStream | undefined;
      const open = (): CmkStream => (stream = transform(client, operation, pieces, options, io));
      const bytesOut = await deliver(target, open, options, io);
      progress.stop();
      const started = await stream?.started;
      if (options.quiet === true || !started) return;
      io.stderr.write(
        summary({ operation, bytesIn, bytesOut, elapsedMs: performance.now() - startMs, started }),
      );
    });
  } finally {
    progress.stop();
    // Otherwise a pipe that nobody closes would keep the process.
    if (input === '-') io.stdin.destroy();
  }
}

async function targetOf(
  operation: Operation,
  output: string | undefined,
  force: boolean,
  io: Io,
): Promise<Target> {
  if (output === undefined || output === '-') {
    const careful = output === undefined && io.stdout.isTTY === true;
    if (careful && operation !== 'decrypt') {
      throw new CmkError(
        'INVALID_ARGUMENT',
        'sealed bytes are not for a terminal: name OUT, or give - to insist',
      );
    }
    return { out: io.stdout, name: 'standard output', textOnly: careful };
  }
  const existing = await stat(output).catch(() => null);
  if (existing?.isDirectory() === true) throw new CmkError('LOCAL_IO_FAILED', `${output}: is a directory`);
  // A device or a named pipe is written to; renaming something over it would destroy it.
  if (existing && !existing.isFile())
    return { out: createWriteStream(output), name: output, textOnly: false };
  if (existing && !force)
    throw new CmkError('LOCAL_IO_FAILED', `${output}: exists already; --force replaces it`);
  return { path: output };
}

function transform(
  client: CmkClient,
  operation: Operation,
  pieces: AsyncIterable<Uint8Array>,
  options: SealOptions,
  io: Io,
): CmkStream {
  const { owner, reason } = options;
  const common = { asset: assetOf(options), reason, signal: io.signal };
  switch (operation) {
    case 'encrypt':
      return client.encrypt(pieces, { ...common, owner: owner ?? '' });
    case 'decrypt':
      return client.decrypt(pieces, { ...common, owner });
    case 'reencrypt':
      return client.reencrypt(pieces, common);
  }
}

/** @returns bytes written */
async function deliver(target: Target, open: () => CmkStream, options: SealOptions, io: Io): Promise<number> {
  if ('path' in target) return writeWhole(target.path, open, { overwrite: options.force === true });
  let bytes = 0;
  try {
    for await (const piece of open() as AsyncIterable<Buffer>) {
      if (target.textOnly && !isText(piece)) {
        throw new CmkError(
          'INVALID_ARGUMENT',
          'this is not text for a terminal: name OUT, or give - to insist',
        );
      }
      await writePiece(target.out, piece, io.signal);
      bytes += piece.byteLength;
    }
  } catch (error) {
    if (error instanceof BrokenPipe) throw error;
    if (bytes > 0)
      io.stderr.write(`cmk: what was written to ${target.name} is INCOMPLETE, ${bytes} bytes: discard it\n`);
    throw localError(target.name, error);
  }
  return bytes;
}

/** Whether a terminal shows this as it is: no control characters but white space. */
function isText(piece: Uint8Array): boolean {
  return piece.every((byte) => (byte >= 0x20 ? byte !== 0x7f : byte >= 0x09 && byte <= 0x0d));
}

async function progressOf(
  operation: Operation,
  input: string,
  target: Target,
  options: SealOptions,
  io: Io,
): Promise<Progress> {
  const onTerminal = 'out' in target && target.out === io.stdout && io.stdout.isTTY === true;
  const totalBytes = input === '-' ? 0 : ((await stat(input).catch(() => null))?.size ?? 0);
  return startProgress(operation, totalBytes, io, options.quiet === true || onTerminal);
}
