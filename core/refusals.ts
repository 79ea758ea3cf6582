import { CmkError } from './errors.ts';

/**
 * The three ways in which a sealed file is refused. Each has one text, so that somebody who feeds a reader with
 * changed files learns nothing from its answers; the detail is the error's cause, which never leaves the process.
 */
const TEXTS = {
  MALFORMED: 'this is not a sealed file, or its structure is damaged',
  TRUNCATED: 'the sealed file ends before its final frame',
  AUTHENTICATION_FAILED: 'the sealed file was changed, or this is not its key',
} as const;

/** @param detail what was expected and what came, for the log */
export function malformed(detail: string): CmkError {
  return new CmkError('MALFORMED', TEXTS.MALFORMED, { cause: new Error(detail) });
}

/** @param detail where the file ends, for the log */
export function truncated(detail: string): CmkError {
  return new CmkError('TRUNCATED', TEXTS.TRUNCATED, { cause: new Error(detail) });
}

/** @param detail what failed to authenticate, for the log */
export function authenticationFailed(detail: string): CmkError {
  return new CmkError('AUTHENTICATION_FAILED', TEXTS.AUTHENTICATION_FAILED, { cause: new Error(detail) });
}
