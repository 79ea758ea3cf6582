import { CmkError } from '../../core/errors.ts';

/** What the drivers tell: SQLSTATE (PostgreSQL), SQLITE_… or a system call's code. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

/** serialization_failure, deadlock_detected; SQLite when another process wrote since this transaction began. */
const RETRYABLE = new Set(['40001', '40P01', 'SQLITE_BUSY', 'SQLITE_LOCKED']);

/** Whether the transaction left nothing behind and may simply be run again. */
export function isSerializationConflict(error: unknown): boolean {
  return RETRYABLE.has(codeOf(error));
}

/** unique_violation, foreign_key_violation. */
function isContradiction(error: unknown): boolean {
  const code = codeOf(error);
  if (code === 'SQLITE_CONSTRAINT')
    return /(UNIQUE|FOREIGN KEY) constraint failed/.test((error as Error).message);
  return code === '23505' || code === '23503';
}

/**
 * The database refuses the statement itself: SQLSTATE classes for data, constraints, syntax and schema. With those
 * nothing gets better by trying again.
 */
function isDefect(error: unknown): boolean {
  const code = codeOf(error);
  if (/^(22|23|42)...$/.test(code)) return true;
  if (
    ['SQLITE_ERROR', 'SQLITE_CONSTRAINT', 'SQLITE_MISMATCH', 'SQLITE_RANGE', 'SQLITE_TOOBIG'].includes(code)
  ) {
    return true;
  }
  return error instanceof TypeError || error instanceof RangeError;
}

/**
 * The one translation of driver errors. The statement and the driver's words stay in the cause, for the log.
 * @returns CmkError CONFLICT, INTERNAL or, for everything that may pass, STORE_UNAVAILABLE
 */
export function translateStoreError(error: unknown): CmkError {
  if (error instanceof CmkError) return error;
  if (isContradiction(error)) {
    return new CmkError('CONFLICT', 'the change contradicts what is stored', { cause: error });
  }
  if (isDefect(error)) return new CmkError('INTERNAL', 'the database refused a statement', { cause: error });
  return new CmkError('STORE_UNAVAILABLE', 'the database cannot be used', { cause: error });
}
