/** The records of the audit ledger and their encoding, without their hashes: also for where Node is not. */

/**
 * One record of an account's ledger, as it is exported. Members besides these differ with what happened; whichever
 * there are, the hash covers them. A member without a value is left out.
 */
export interface LedgerRecord {
  /** Left out in the chain of events that belong to no account. */
  readonly account?: string;
  /** From 1, without gaps. */
  readonly sequence: number;
  /** The hash of the record before; {@link GENESIS_HASH} for the first. */
  readonly previousHash: string;
  /** Lower-case hex, 64 characters. */
  readonly hash: string;
  readonly [member: string]: LedgerValue;
}

export type LedgerValue = string | number | LedgerValues | undefined;
export interface LedgerValues {
  readonly [member: string]: LedgerValue;
}

/** Where a chain stands: its newest record. Sequence 0 with {@link GENESIS_HASH}: nothing was recorded yet. */
export interface LedgerHead {
  readonly sequence: number;
  readonly hash: string;
}

/** Stands before the first record. */
export const GENESIS_HASH = '0'.repeat(64);

export const EMPTY_CHAIN: LedgerHead = { sequence: 0, hash: GENESIS_HASH };

/**
 * The canonical encoding: JSON with the members of every object in the order of their names' bytes, without white
 * space and without absent members. RFC 8785, for which all numbers here are whole.
 */
export function canonicalJson(value: LedgerValues): string {
  const members = Object.keys(value)
    .sort()
    .flatMap((name) => {
      const member = value[name];
      if (member === undefined) return [];
      return [`${JSON.stringify(name)}:${encode(member)}`];
    });
  return `{${members.join(',')}}`;
}

function encode(value: string | number | LedgerValues): string {
  return typeof value === 'object' ? canonicalJson(value) : JSON.stringify(value);
}

/** What the hash of a record is of. */
export function hashedText(record: LedgerValues): string {
  return canonicalJson({ ...record, hash: undefined });
}

/** The record that a value from elsewhere is; null when it cannot be one. */
export function asLedgerRecord(value: unknown): LedgerRecord | null {
  if (!isValues(value)) return null;
  const { account, sequence, previousHash, hash } = value;
  const sound =
    (account === undefined || typeof account === 'string') &&
    typeof sequence === 'number' &&
    sequence >= 1 &&
    isHash(previousHash) &&
    isHash(hash);
  return sound ? (value as LedgerRecord) : null;
}

/** Whether a text is a hash as the ledger writes it. */
export function isHash(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

/** Only what has one canonical encoding: texts, whole numbers, objects of them. */
function isValues(value: unknown): value is LedgerValues {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every(
    (member) => typeof member === 'string' || Number.isSafeInteger(member) || isValues(member),
  );
}
