import { toCmkError, type CmkError } from '../../core/errors.ts';
import type { Header } from '../../core/header.ts';
import { Inspector, type Inspection } from '../../core/inspect.ts';
import { BROKER_PROVIDER_ID, findBrokerDataKey, parseReference } from '../../core/reference.ts';
import { abortError } from '../errors.ts';
import { readPieces } from '../files.ts';
import { printable, readStandardInput, writePiece, type Io } from './io.ts';

/** What `cmk inspect --json` prints. Sizes are null when the structure is not whole. */
interface Report {
  readonly whole: boolean;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly sealedBytes: number | null;
  readonly plaintextBytes: number | null;
  readonly frames: number | null;
  readonly frameBytes: number;
  readonly headerBytes: number;
  readonly messageId: string;
  readonly dataKeyId: string | null;
  readonly generation: number | null;
  readonly context: Readonly<Record<string, string>>;
  readonly encryptedDataKeys: readonly {
    providerId: string;
    providerInfo: string;
    ciphertextBytes: number;
  }[];
}

/**
 * `cmk inspect`: what a sealed file tells without its key. A file that is damaged after its header is shown as far as
 * it goes, and the command fails.
 */
export async function inspect(path: string, json: boolean, io: Io): Promise<void> {
  const inspector = new Inspector();
  let whole: Inspection | null = null;
  let failure: CmkError | null = null;
  try {
    for await (const piece of path === '-' ? readStandardInput(io, ignore) : readPieces(path, ignore)) {
      if (io.signal.aborted) throw abortError(io.signal);
      inspector.update(piece);
    }
    whole = inspector.end();
  } catch (error) {
    failure = toCmkError(error);
  }
  if (inspector.header) {
    const report = reportOf(inspector.header, whole, failure);
    await writePiece(io.stdout, json ? `${JSON.stringify(report, null, 2)}\n` : inText(report), io.signal);
  }
  if (failure) throw failure;
}

function ignore(): void {
  // Nobody is told how far an inspection is: it is as fast as the disk.
}

function reportOf(header: Header, whole: Inspection | null, failure: CmkError | null): Report {
  return {
    whole: whole !== null,
    error: failure && { code: failure.code, message: failure.message },
    sealedBytes: whole?.sealedBytes ?? null,
    plaintextBytes: whole?.plaintextBytes ?? null,
    frames: whole?.frames ?? null,
    frameBytes: header.frameBytes,
    headerBytes: header.headerBytes,
    messageId: Buffer.from(header.messageId).toString('hex'),
    ...brokerKeyOf(header),
    context: header.context,
    encryptedDataKeys: header.encryptedDataKeys.map((entry) => ({
      providerId: entry.providerId,
      providerInfo: Buffer.from(entry.providerInfo).toString(),
      ciphertextBytes: entry.ciphertext.length,
    })),
  };
}

/** Files that other tools sealed have no entry of ours: they can be inspected all the same. */
function brokerKeyOf(header: Header): { dataKeyId: string | null; generation: number | null } {
  if (!header.encryptedDataKeys.some((entry) => entry.providerId === BROKER_PROVIDER_ID)) {
    return { dataKeyId: null, generation: null };
  }
  const { dataKeyId, reference } = findBrokerDataKey(header);
  return { dataKeyId, generation: parseReference(reference).generation };
}

function inText(report: Report): string {
  const rows: [string, string][] = [
    ['structure', report.whole ? 'whole; not authenticated, which takes the key' : 'NOT WHOLE'],
    ['sealed', count(report.sealedBytes, 'bytes')],
    ['plaintext', count(report.plaintextBytes, 'bytes')],
    ['frames', `${count(report.frames, 'frames')} of ${report.frameBytes} bytes`],
    ['header', `${report.headerBytes} bytes`],
    ['message id', report.messageId],
    [
      'data key',
      report.dataKeyId === null
        ? 'none of ours'
        : `${report.dataKeyId}, generation ${report.generation ?? 0}`,
    ],
    ...Object.entries(report.context).map(([key, value]): [string, string] => [
      'context',
      `${key} = ${value}`,
    ]),
    ...report.encryptedDataKeys.map((entry): [string, string] => [
      'wrapped for',
      `${entry.providerId}: ${entry.providerInfo} (${entry.ciphertextBytes} bytes)`,
    ]),
  ];
  return rows.map(([name, value]) => `${name.padEnd(12)} ${printable(value)}\n`).join('');
}

function count(value: number | null, unit: string): string {
  return value === null ? 'unknown' : `${value} ${unit}`;
}
