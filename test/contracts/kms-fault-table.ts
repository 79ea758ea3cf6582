import type { KmsCause } from '../../broker/kms/provider.ts';

export type Operation = 'generate' | 'wrap' | 'unwrap' | 'describe';
export const OPERATIONS: readonly Operation[] = ['generate', 'wrap', 'unwrap', 'describe'];
export const WITH_CONTEXT: readonly Operation[] = ['generate', 'wrap', 'unwrap'];
const MAKING: readonly Operation[] = ['generate', 'wrap'];

/** What must come of a fault. */
interface Expected {
  readonly cause: KmsCause;
  /** Which operations it strikes. */
  readonly operations: readonly Operation[];
  /** What the KMS asks for; absent: nothing. */
  readonly retryAfterMs?: number;
}

const rows = <Name extends string>(table: Record<Name, Expected>): Readonly<Record<Name, Expected>> => table;

/** What can go wrong on the way to a KMS or inside it. */
export const FAULTS = rows({
  'delay beyond the deadline': { cause: 'UNREACHABLE', operations: OPERATIONS },
  silence: { cause: 'UNREACHABLE', operations: OPERATIONS },
  'refused connection': { cause: 'UNREACHABLE', operations: OPERATIONS },
  reset: { cause: 'UNREACHABLE', operations: OPERATIONS },
  'reset in the answer': { cause: 'UNREACHABLE', operations: OPERATIONS },
  'internal error': { cause: 'UNREACHABLE', operations: OPERATIONS },
  'bad gateway': { cause: 'UNREACHABLE', operations: OPERATIONS },
  throttled: { cause: 'THROTTLED', operations: OPERATIONS },
  'throttled with Retry-After': { cause: 'THROTTLED', operations: OPERATIONS, retryAfterMs: 7_000 },
  'garbled answer': { cause: 'INVALID_RESPONSE', operations: OPERATIONS },
  'empty answer': { cause: 'INVALID_RESPONSE', operations: OPERATIONS },
  'answer for another key': { cause: 'INVALID_RESPONSE', operations: WITH_CONTEXT },
  'short data key': { cause: 'INVALID_RESPONSE', operations: ['generate', 'unwrap'] },
  'no wrapped key': { cause: 'INVALID_RESPONSE', operations: MAKING },
  'clock skew': { cause: 'AUTH_FAILED', operations: OPERATIONS },
});
export type KmsFault = keyof typeof FAULTS;

/** What whoever asks, or the customer, or the key itself can be the reason of. */
export const REFUSALS = rows({
  'unknown credentials': { cause: 'AUTH_FAILED', operations: OPERATIONS },
  'permission taken away': { cause: 'PERMISSION_REVOKED', operations: OPERATIONS },
  'permission taken away for one context': { cause: 'PERMISSION_REVOKED', operations: ['unwrap'] },
  'disabled key': { cause: 'KEY_DISABLED', operations: WITH_CONTEXT },
  'key pending deletion': { cause: 'KEY_PENDING_DELETION', operations: WITH_CONTEXT },
  'missing key': { cause: 'KEY_NOT_FOUND', operations: OPERATIONS },
  'key of another kind': { cause: 'KEY_NOT_FOUND', operations: MAKING },
  'another context': { cause: 'CONTEXT_MISMATCH', operations: ['unwrap'] },
  'another key’s wrapped key': { cause: 'CONTEXT_MISMATCH', operations: ['unwrap'] },
  'damaged wrapped key': { cause: 'CONTEXT_MISMATCH', operations: ['unwrap'] },
});
export type Refusal = keyof typeof REFUSALS;

export type Row = KmsFault | Refusal;
export const ROWS = { ...FAULTS, ...REFUSALS };

/** The KMSs, as docs/kms/faults.md names them. */
export const COLUMNS = [
  'AWS KMS',
  'Azure Key Vault',
  'Azure Managed HSM',
  'OCI Vault',
  'Vault transit',
  'PKCS#11',
] as const;
export type Column = (typeof COLUMNS)[number];

/** Footnotes: why something cannot happen, or what it is there. */
export const NOTES = {
  'no-connection':
    'PKCS#11 is a library in a process beside the broker. Nothing that speaks HTTP stands between, and that process is ours: its answers are whole or not there.',
  'no-token': 'The token that holds the key is not plugged in.',
  'library-crash': 'The HSM’s library crashes, and its process with it.',
  'no-session': 'The HSM has no session left. PKCS#11 knows no time to come back.',
  'no-clock': 'A PIN proves who the broker is, and no time is part of that.',
  'no-permissions':
    'PKCS#11 knows a PIN for the whole token and what a key may do: taking that away is a disabled key.',
  'unseen-context':
    'The KMS does not see the context, or not for permissions, so that its owner cannot deny one alone.',
  'deleted-is-disabled':
    'Transit deletes a key at once, or softly until it is restored; the latter is a disabled key.',
  'deleted-at-once': 'A key that is destroyed in an HSM is gone at once: a missing key.',
  'deleted-unseen':
    'The broker’s role on a Managed HSM does not show deleted keys, so that one that can be recovered looks like a missing one.',
  'missing-or-denied': 'OCI does not tell a missing key from one that may not be used.',
} as const;
export type Note = keyof typeof NOTES;

/** What one call was seen to end with. */
export interface Observation {
  readonly row: Row;
  readonly operation: Operation;
  readonly cause: KmsCause;
  readonly retryable: boolean;
  /** The gRPC status that a caller gets. */
  readonly status: string;
  readonly retryAfterMs: number | null;
}

/** A column as a suite saw it. */
export interface FaultColumn {
  readonly column: Column;
  readonly observations: readonly Observation[];
  readonly cannotHappen: Readonly<Partial<Record<Row, Note>>>;
  /** Explains cells of what was observed. */
  readonly notes: Readonly<Partial<Record<Row, Note>>>;
}

/** The cell of a row as the page shows it; null: neither observed nor impossible. */
export function renderCell(seen: FaultColumn, row: Row): string | null {
  const impossible = seen.cannotHappen[row];
  if (impossible !== undefined) return `cannot happen[^${impossible}]`;
  const byOutcome = new Map<string, Operation[]>();
  for (const observation of seen.observations.filter((each) => each.row === row)) {
    const outcome = renderOutcome(observation);
    const operations = byOutcome.get(outcome) ?? [];
    if (!operations.includes(observation.operation)) operations.push(observation.operation);
    byOutcome.set(outcome, operations);
  }
  if (byOutcome.size === 0) return null;
  const all = ROWS[row].operations;
  const outcomes = [...byOutcome].map(([outcome, operations]) =>
    operations.length === all.length ? outcome : `${outcome} (${operations.join(', ')})`,
  );
  const note = seen.notes[row];
  return outcomes.join('<br>') + (note === undefined ? '' : `[^${note}]`);
}

function renderOutcome({ cause, retryable, status, retryAfterMs }: Observation): string {
  const retry = !retryable ? 'no' : retryAfterMs === null ? 'yes' : `after ${retryAfterMs / 1_000} s`;
  return `\`${cause}\`, ${retry}, ${status}`;
}
