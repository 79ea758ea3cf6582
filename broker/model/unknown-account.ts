import { CmkError } from '../../core/errors.ts';

/** There is no such account, or none that the caller may know of: one answer, so that it tells nothing. */
export function unknownAccount(id: string): CmkError {
  return new CmkError('ACCOUNT_UNKNOWN', `no account ${JSON.stringify(id.slice(0, 64))}`);
}
