import type { Writable } from 'node:stream';
import { writePiece, type Io } from '../io.ts';
import { startCounter, type Progress } from '../progress.ts';
import { writeWhole } from '../../whole-file.ts';
import type { ExportOptions } from './audit.ts';
import { accountOf, headText, RemoteChain } from './chain.ts';
import { AdminClient } from './http.ts';

const NEWLINE = 0x0a;

/** `cmk audit export`. */
export async function exportLedger(options: ExportOptions, io: Io): Promise<void> {
  const { out, force, quiet } = options;
  const account = accountOf(options);
  const chain = new RemoteChain(await AdminClient.from(options, io), account);
  const head = await chain.head();
  const toTerminal = out === undefined && io.stdout.isTTY === true;
  const progress = await startCounter('export', head.sequence, io, quiet === true || toTerminal);
  let records = 0;
  try {
    const count = (newLines: number): void => progress.update((records += newLines));
    const pieces = () => counted(chain.lines(), count);
    if (out === undefined) await writeAll(io.stdout, pieces(), io.signal);
    else await writeWhole(out, pieces, { overwrite: force === true });
  } finally {
    progress.stop();
  }
  if (quiet === true) return;
  io.stderr.write(`cmk: exported ${records} records; the head was ${headText(head)}\n`);
}

async function* counted(
  pieces: AsyncIterable<Uint8Array>,
  count: Progress['update'],
): AsyncGenerator<Uint8Array, void, void> {
  for await (const piece of pieces) {
    count(piece.reduce((lines, byte) => lines + (byte === NEWLINE ? 1 : 0), 0));
    yield piece;
  }
}

async function writeAll(
  out: Writable,
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  for await (const piece of pieces) await writePiece(out, piece, signal);
}
