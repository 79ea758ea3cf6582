import { stat } from 'node:fs/promises';
import { CmkError } from '../../../core/errors.ts';
import { isHash, type LedgerHead, type LedgerRecord } from '../../../core/ledger.ts';
import { LEDGER_FAULTS, LedgerVerifier, type LedgerFault } from '../../../core/ledger-verifier.ts';
import { readPieces } from '../../files.ts';
import { printable, readStandardInput, writePiece, type Io } from '../io.ts';
import { startCounter, startProgress } from '../progress.ts';
import type { VerifyOptions } from './audit.ts';
import { accountOf, headText, RemoteChain } from './chain.ts';
import { AdminClient } from './http.ts';
import { readRecords } from './records.ts';

interface Verdict {
  readonly account: string | null;
  readonly records: number;
  /** The newest record that was in order. */
  readonly head: LedgerHead;
  readonly fault: LedgerFault | null;
}

/**
 * `cmk audit verify`.
 * @throws CmkError LEDGER_BROKEN that names the first bad record
 */
export async function verifyLedger(file: string | null, options: VerifyOptions, io: Io): Promise<void> {
  const kept = options.head === undefined ? null : headOf(options.head);
  const verdict =
    file === null ? await verifyRemote(options, kept, io) : await verifyFile(file, options, kept, io);
  const { fault } = verdict;
  const json = options.json === true;
  if (json || !fault) {
    const text = json ? JSON.stringify({ ok: !fault, ...verdict }, null, 2) : inText(verdict);
    await writePiece(io.stdout, `${text}\n`, io.signal);
  }
  if (fault) throw new CmkError('LEDGER_BROKEN', describe(fault));
}

async function verifyRemote(options: VerifyOptions, kept: LedgerHead | null, io: Io): Promise<Verdict> {
  const account = accountOf(options);
  const chain = new RemoteChain(await AdminClient.from(options, io), account);
  const head = await chain.head();
  const progress = await startCounter('verify', head.sequence, io, options.quiet === true);
  try {
    const run = new Run(account, kept, (records) => progress.update(records));
    for await (const record of chain.records(head.sequence)) if (!run.add(record)) break;
    return run.end(head);
  } finally {
    progress.stop();
  }
}

async function verifyFile(
  file: string,
  options: VerifyOptions,
  kept: LedgerHead | null,
  io: Io,
): Promise<Verdict> {
  const named = options.account !== undefined || options.none ? accountOf(options) : undefined;
  const size = file === '-' ? 0 : ((await stat(file).catch(() => null))?.size ?? 0);
  const progress = await startProgress('verify', size, io, options.quiet === true);
  let bytes = 0;
  const count = (more: number): void => progress.update((bytes += more));
  let run: Run | null = null;
  try {
    for await (const record of readRecords(
      file === '-' ? readStandardInput(io, count) : readPieces(file, count),
    )) {
      run ??= new Run(named === undefined ? (record.account ?? null) : named, kept, () => undefined);
      if (!run.add(record)) break;
    }
    return (run ?? new Run(named ?? null, kept, () => undefined)).end(null);
  } finally {
    progress.stop();
  }
}

/** One verification, which also looks whether the head that was kept is in the chain. */
class Run {
  readonly #account: string | null;
  readonly #kept: LedgerHead | null;
  readonly #verifier: LedgerVerifier;
  readonly #onRecord: (records: number) => void;
  #keptFault: LedgerFault | null = null;

  constructor(account: string | null, kept: LedgerHead | null, onRecord: (records: number) => void) {
    this.#account = account;
    this.#kept = kept;
    this.#verifier = new LedgerVerifier(account);
    this.#onRecord = onRecord;
  }

  /** @returns whether to go on */
  add(record: LedgerRecord): boolean {
    const goOn = this.#verifier.add(record);
    this.#onRecord(this.#verifier.count);
    const { sequence, hash } = record;
    if (sequence === this.#kept?.sequence && hash !== this.#kept.hash) {
      const id = typeof record['id'] === 'string' ? record['id'] : null;
      this.#keptFault = { kind: 'REPLACED', sequence, found: sequence, id };
    }
    return goOn;
  }

  end(head: LedgerHead | null): Verdict {
    const { count: records, head: newest } = this.#verifier;
    // The kept head comes first: what it contradicts was rewritten so that the chain itself shows nothing.
    const isShort = this.#kept !== null && this.#kept.sequence > newest.sequence;
    const fault = this.#verifier.end(isShort ? this.#kept : head) ?? this.#keptFault;
    return { account: this.#account, records, head: newest, fault };
  }
}

function headOf(text: string): LedgerHead {
  const [, sequence, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (sequence !== undefined && isHash(hash)) return { sequence: Number(sequence), hash };
  throw new CmkError(
    'INVALID_ARGUMENT',
    '--head: expected SEQUENCE:HASH, the hash with 64 hexadecimal digits',
  );
}

function inText({ account, records, head }: Verdict): string {
  const whose = account === null ? 'events without an account' : printable(account);
  return `${whose}: ${records} records, each as it was written\nhead ${headText(head)}`;
}

function describe({ kind, sequence, found, id }: LedgerFault): string {
  const instead = found !== null && found !== sequence ? `, record ${found} stands there` : '';
  const event = id === null ? '' : ` (event ${printable(id)})`;
  return `record ${sequence}${event}${instead}: ${LEDGER_FAULTS[kind]}`;
}
