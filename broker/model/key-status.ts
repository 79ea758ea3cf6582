import type { ErrorCode } from '../../core/errors.ts';
import type { KeyStatus, KeyUse } from './alerts.ts';
import type { NewerWord } from './newer-word.ts';

/** What a status is of. */
export interface KeyStatusPlace {
  readonly kekId: string;
  /** The key or one of its replicas, as its KMS names it. */
  readonly reference: string;
  readonly use: KeyUse | NewerWord;
}

/** How one use of a key or replica has gone of late. Times are UNIX milliseconds, of when the calls began. */
export interface KeyStatusRecord extends KeyStatusPlace {
  readonly status: KeyStatus | NewerWord;
  /** What it has failed with since the last success; null: with nothing. */
  readonly cause: ErrorCode | NewerWord | null;
  readonly lastSuccessAt: number | null;
  readonly lastFailureAt: number | null;
  /** The first failure since the last success; null: there was none. While it is set, the key is probed. */
  readonly failingSince: number | null;
}

/** Nothing is known yet. */
export function unknownStatus({ kekId, reference, use }: KeyStatusPlace): KeyStatusRecord {
  const nothing = { cause: null, lastSuccessAt: null, lastFailureAt: null, failingSince: null };
  return { kekId, reference, use, status: 'UNKNOWN', ...nothing };
}
