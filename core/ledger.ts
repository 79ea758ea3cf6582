import { createHash } from 'node:crypto';
import { hashedText, type LedgerHead, type LedgerRecord, type LedgerValues } from './ledger-record.ts';

/** The encoding and the hash chain of the audit ledger: docs/ledger.md, "The bytes". */

export { asLedgerRecord, canonicalJson, EMPTY_CHAIN, GENESIS_HASH, isHash } from './ledger-record.ts';
export type { LedgerHead, LedgerRecord, LedgerValue, LedgerValues } from './ledger-record.ts';

/** SHA-256 over the canonical encoding of all members but `hash`. */
export function ledgerHash(record: LedgerValues): string {
  return createHash('sha256').update(hashedText(record)).digest('hex');
}

/** Appends what happened to a chain: gives it its place, its link and its hash. */
export function chainRecord(facts: LedgerValues, head: LedgerHead): LedgerRecord {
  const linked = { ...facts, sequence: head.sequence + 1, previousHash: head.hash };
  return { ...linked, hash: ledgerHash(linked) };
}
