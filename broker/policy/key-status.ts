import type { ErrorCode } from '../../core/errors.ts';
import type { KeyStatusRecord } from '../model/key-status.ts';

/** Failures for this long without a success between them make a use DEGRADED: a single one changes nothing. */
export const DEGRADED_AFTER_MS = 10_000;
/** An outage of this length is no longer one that passes by itself. */
export const FAILED_AFTER_MS = 300_000;
/** Failures further apart than this are not one run: nobody asked in between. */
const MAX_GAP_MS = 180_000;

/** How one call came out. */
export interface KmsFact {
  /** UNIX milliseconds, when the call began: of two calls the later one tells more. */
  readonly at: number;
  /** null: it succeeded. */
  readonly failure: {
    readonly code: ErrorCode;
    /** DECIDED: by the customer; SUSPECTED: so too, but perhaps about one asset alone; OUTAGE: all else. */
    readonly kind: 'DECIDED' | 'SUSPECTED' | 'OUTAGE';
  } | null;
}

/** What a call tells of the use that it was: DEGRADED while an outage may pass by itself, FAILED when it does not. */
export function nextStatus(before: KeyStatusRecord, { at, failure }: KmsFact): KeyStatusRecord {
  const { lastSuccessAt, lastFailureAt } = before;
  const isOld = at < Math.max(lastSuccessAt ?? -Infinity, lastFailureAt ?? -Infinity);
  if (!failure) {
    const success = { lastSuccessAt: later(lastSuccessAt, at) };
    if (isOld) return { ...before, ...success };
    return { ...before, ...success, status: 'OK', cause: null, failingSince: null };
  }
  if (isOld) return { ...before, lastFailureAt: later(lastFailureAt, at) };
  const failingSince = isSameRun(before, at) ? (before.failingSince ?? at) : at;
  const status = statusOf(before, failure.kind, at - failingSince);
  // Once it has failed, the customer's decision alone explains more than what was there before.
  const keepsCause = before.status === 'FAILED' && before.cause !== null && failure.kind !== 'DECIDED';
  return {
    ...before,
    status,
    cause: keepsCause ? before.cause : failure.code,
    lastFailureAt: at,
    failingSince,
  };
}

function later(known: number | null, at: number): number {
  return Math.max(known ?? at, at);
}

function isSameRun({ status, lastFailureAt }: KeyStatusRecord, at: number): boolean {
  if (status === 'DEGRADED' || status === 'FAILED') return true;
  return lastFailureAt !== null && at - lastFailureAt <= MAX_GAP_MS;
}

function statusOf(
  { status }: KeyStatusRecord,
  kind: 'DECIDED' | 'SUSPECTED' | 'OUTAGE',
  forMs: number,
): KeyStatusRecord['status'] {
  if (kind === 'DECIDED' || status === 'FAILED') return 'FAILED';
  if (kind === 'SUSPECTED') return status;
  if (forMs >= FAILED_AFTER_MS) return 'FAILED';
  return forMs >= DEGRADED_AFTER_MS ? 'DEGRADED' : status;
}

/** Whether somebody must be told: not of the first use of a key that works. */
export function isTold(before: KeyStatusRecord, after: KeyStatusRecord): boolean {
  if (before.status === after.status) return after.status === 'FAILED' && before.cause !== after.cause;
  return !(before.status === 'UNKNOWN' && after.status === 'OK');
}

/** Whether it is worth writing down at once. */
export function isChange(before: KeyStatusRecord, after: KeyStatusRecord): boolean {
  const [was, is] = [before.failingSince !== null, after.failingSince !== null];
  return before.status !== after.status || was !== is || (isTold(before, after) && is);
}
