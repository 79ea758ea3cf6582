import { CmkError } from '../../../core/errors.ts';

/** Which region names belong to which partition: a region of another one would never answer for the ARN. */
const PARTITION_OF_REGION: readonly (readonly [RegExp, string])[] = [
  [/^cn-[a-z]+-\d{1,2}$/, 'aws-cn'],
  [/^us-gov-[a-z]+-\d{1,2}$/, 'aws-us-gov'],
  [/^(?!cn-|us-gov-|us-iso)[a-z]{2,3}-[a-z]+-\d{1,2}$/, 'aws'],
];
const KEY = /^key\/(mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;
const EXAMPLE = 'arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab';

/**
 * Checks the ARN of a KMS key; spaces around it are forgiven, nothing else is. Aliases are refused: whoever may move
 * an alias could put another key behind it.
 * @returns the ARN
 * @throws CmkError INVALID_ARGUMENT
 */
export function parseKeyArn(text: string): string {
  const arn = text.trim();
  const [scheme, partition, service, region = '', account = '', resource = '', ...rest] = arn.split(':');
  if (scheme !== 'arn' || rest.length > 0) throw refusal('the ARN of a key', text);
  if (service !== 'kms') throw refusal('the ARN of a KMS key', text);
  const expectedPartition = partitionOf(region);
  if (expectedPartition === null) throw refusal('an AWS region, e.g. us-east-1', region);
  if (partition !== expectedPartition) {
    throw refusal(`partition ${expectedPartition} for region ${region}`, partition ?? '');
  }
  if (!/^\d{12}$/.test(account)) throw refusal('an account of 12 digits', account);
  if (resource.startsWith('alias/')) {
    throw refusal(
      'the ARN of the key itself (…:key/…), because an alias can be moved to another key',
      resource,
    );
  }
  if (!KEY.test(resource)) throw refusal('key/ and a UUID, or key/mrk- and 32 hexadecimal digits', resource);
  return arn;
}

/** The partition of a region, e.g. `aws` or `aws-cn`; null: that is no region. */
export function partitionOf(region: string): string | null {
  return PARTITION_OF_REGION.find(([pattern]) => pattern.test(region))?.[1] ?? null;
}

/** @param arn as {@link parseKeyArn} returned it */
export function regionOf(arn: string): string {
  return arn.split(':')[3] ?? '';
}

function refusal(expected: string, actual: string): CmkError {
  const got = actual === '' ? 'nothing' : JSON.stringify(actual.slice(0, 80));
  return new CmkError(
    'INVALID_ARGUMENT',
    `reference: expected ${expected}, got ${got}; example: ${EXAMPLE}`,
    {
      metadata: { field: 'reference' },
    },
  );
}
