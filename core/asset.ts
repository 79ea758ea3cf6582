import { CmkError } from './errors.ts';

/** One object that a service stores for an account. Limits: see `Asset` in proto/cmk/v1/common.proto. */
export interface Asset {
  readonly account: string;
  readonly srvId: string;
  readonly type: string;
  readonly id: string;
}

const RULES = {
  account: { pattern: /^[A-Za-z0-9._-]{1,64}$/, text: '1 to 64 characters of A-Z a-z 0-9 . _ -' },
  srvId: { pattern: /^\d{4}$/, text: 'four digits, e.g. 0001' },
  type: { pattern: /^[A-Za-z0-9]{1,64}$/, text: '1 to 64 letters and digits' },
  id: { pattern: /^[\x21-\x7e]{1,256}$/, text: '1 to 256 printable ASCII characters without spaces' },
  owner: { pattern: /^[\x21-\x7e]{1,128}$/, text: '1 to 128 printable ASCII characters without spaces' },
} as const;

/**
 * Checks one identifier.
 * @throws CmkError INVALID_ARGUMENT that names the field and the rule
 */
export function checkIdentifier(field: keyof typeof RULES, value: string): string {
  const rule = RULES[field];
  if (!rule.pattern.test(value)) {
    const got = value === '' ? 'nothing' : JSON.stringify(value.slice(0, 40));
    throw new CmkError('INVALID_ARGUMENT', `${field}: expected ${rule.text}, got ${got}`, {
      metadata: { field },
    });
  }
  return value;
}

/**
 * Checks an asset that came from outside.
 * @throws CmkError INVALID_ARGUMENT that names the field
 */
export function checkAsset(asset: Partial<Asset> | null | undefined): Asset {
  if (!asset)
    throw new CmkError('INVALID_ARGUMENT', 'asset: expected an asset, got nothing', {
      metadata: { field: 'asset' },
    });
  return {
    account: checkIdentifier('account', asset.account ?? ''),
    srvId: checkIdentifier('srvId', asset.srvId ?? ''),
    type: checkIdentifier('type', asset.type ?? ''),
    id: checkIdentifier('id', asset.id ?? ''),
  };
}

/** A text that is equal for equal assets and only for them; for maps and single flight. */
export function assetKey(asset: Asset): string {
  return `${asset.account} ${asset.srvId} ${asset.type} ${asset.id}`;
}
