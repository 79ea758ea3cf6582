import { CmkError } from '../../../core/errors.ts';

const ROLE = /^role\/(?:[A-Za-z0-9_+=,.@-]{1,128}\/){0,8}[A-Za-z0-9_+=,.@-]{1,64}$/;
const MAX_CHARACTERS = 700;
const EXAMPLE = 'arn:aws:iam::111122223333:role/cmk';

/**
 * Checks the ARN of an IAM role; spaces around it are forgiven, nothing else is.
 * @param references ARNs of the keys that are reached through it: they are in its partition
 * @returns the ARN
 * @throws CmkError INVALID_ARGUMENT
 */
export function parseRoleArn(text: string, references: readonly string[]): string {
  const arn = text.trim();
  const [scheme, partition = '', service, region, account = '', resource = '', ...rest] = arn.split(':');
  if (scheme !== 'arn' || rest.length > 0 || arn.length > MAX_CHARACTERS)
    throw refusal('the ARN of a role', text);
  if (service !== 'iam' || region !== '') throw refusal('the ARN of an IAM role', text);
  if (!/^\d{12}$/.test(account)) throw refusal('an account of 12 digits', account);
  if (!ROLE.test(resource)) throw refusal('role/, its path if it has one, and its name', resource);
  const expected = references.map((reference) => reference.split(':')[1] ?? '');
  const other = expected.find((each) => each !== partition);
  if (other !== undefined) throw refusal(`partition ${other}, which the key is in`, partition);
  return arn;
}

function refusal(expected: string, actual: string): CmkError {
  const got = actual === '' ? 'nothing' : JSON.stringify(actual.slice(0, 80));
  return new CmkError('INVALID_ARGUMENT', `role: expected ${expected}, got ${got}; example: ${EXAMPLE}`, {
    metadata: { field: 'role' },
  });
}
