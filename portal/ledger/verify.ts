import { ChainVerifier, type LedgerFault } from '../../core/chain-verifier.ts';
import { asLedgerRecord, hashedText, type LedgerHead } from '../../core/ledger-record.ts';
import { get, path, stream } from '../api/client.ts';
import { linesOf } from '../api/lines.ts';

export interface LedgerVerdict {
  readonly records: number;
  /** The newest record that was in order. */
  readonly head: LedgerHead;
  readonly fault: LedgerFault | null;
  /** Whether a head that somebody kept is one of the chain's records; null: none was given. */
  readonly isKeptThere: boolean | null;
}

/** Reads a head as people keep it: number, colon, hash. null: it is none. */
export function headIn(text: string): LedgerHead | null {
  const [, sequence, hash] = /^(\d{1,15}):([0-9a-fA-F]{64})$/.exec(text.trim()) ?? [];
  return sequence === undefined || hash === undefined
    ? null
    : { sequence: Number(sequence), hash: hash.toLowerCase() };
}

/** Records whose hashes are computed at once. */
const BATCH = 256;

/**
 * Reads an account's whole ledger and computes every hash here, in the browser: the server's word is not taken for it.
 * @param kept a head that was kept elsewhere, and must be part of the chain; null: none
 * @param onProgress hears how many records were in order, of how many
 * @throws ApiError
 */
export async function verifyLedger(
  account: string,
  kept: LedgerHead | null,
  signal: AbortSignal,
  onProgress: (done: number, of: number) => void,
): Promise<LedgerVerdict> {
  const ledger = ['accounts', account, 'ledger'] as const;
  const head = await get<LedgerHead>(path(...ledger, 'head'), { signal });
  const verifier = new ChainVerifier(account);
  let isKeptThere = kept === null ? null : false;
  for await (const lines of batches(await stream(path(...ledger, 'export'), signal))) {
    const goOn = await addAll(verifier, lines, (each) => {
      if (each.sequence === kept?.sequence) isKeptThere = each.hash === kept.hash;
    });
    onProgress(verifier.count, Math.max(head.sequence, verifier.count));
    if (!goOn) break;
  }
  // Records that came in meanwhile stand after the head that was asked for.
  const isLater = verifier.head.sequence > head.sequence;
  const fault = verifier.end(isLater ? null : head);
  return { records: verifier.count, head: verifier.head, fault, isKeptThere };
}

/** @param onRecord hears of each that was in order */
async function addAll(
  verifier: ChainVerifier,
  lines: readonly string[],
  onRecord: (record: LedgerHead) => void,
): Promise<boolean> {
  const records = lines.map((line) => asLedgerRecord(JSON.parse(line)));
  const hashes = await Promise.all(
    records.map(async (record) => (record ? await sha256(hashedText(record)) : '')),
  );
  for (const [index, record] of records.entries()) {
    if (!record) throw new Error('a line of the ledger is no record');
    if (!verifier.addHashed(record, hashes[index] ?? '')) return false;
    if (verifier.head.sequence === record.sequence) onRecord(record);
  }
  return true;
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The lines of a stream, so many at a time. */
async function* batches(body: ReadableStream<Uint8Array>): AsyncGenerator<string[]> {
  let lines: string[] = [];
  for await (const more of linesOf(body)) {
    lines = [...lines, ...more];
    while (lines.length >= BATCH) yield lines.splice(0, BATCH);
  }
  if (lines.length > 0) yield lines;
}
