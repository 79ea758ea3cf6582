import { AwsError } from './errors.ts';

/** `arn:aws:kms:REGION:ACCOUNT:key/ID`. */
export interface KeyArn {
  readonly region: string;
  readonly account: string;
  readonly keyId: string;
}

export const ACCOUNT_PATTERN = /^\d{12}$/;
export const REGION_PATTERN = /^[a-z]{2}(-[a-z]+)+-\d$/;
export const KEY_ID_PATTERN = /^(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

export function formatKeyArn({ region, account, keyId }: KeyArn): string {
  return `arn:aws:kms:${region}:${account}:key/${keyId}`;
}

/** @throws AwsError InvalidArnException */
export function parseKeyArn(text: string): KeyArn {
  const [scheme, partition, service, region, account, resource, ...rest] = text.split(':');
  const keyId = resource?.startsWith('key/') ? resource.slice(4) : '';
  if (
    scheme !== 'arn' ||
    partition !== 'aws' ||
    service !== 'kms' ||
    !region ||
    !account ||
    !REGION_PATTERN.test(region) ||
    !ACCOUNT_PATTERN.test(account) ||
    !KEY_ID_PATTERN.test(keyId) ||
    rest.length > 0
  ) {
    throw new AwsError('InvalidArnException', `Invalid arn ${text}`);
  }
  return { region, account, keyId };
}
