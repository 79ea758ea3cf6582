import type { Key, ProviderName } from '../api/types.ts';

/** Names that are the same in every language. */
export const PROVIDER_LABELS: Readonly<Record<ProviderName, string>> = {
  aws: 'AWS KMS',
  azure: 'Azure Key Vault',
  oci: 'Oracle Cloud Vault',
  transit: 'Vault Transit / OpenBao',
  pkcs11: 'HSM (PKCS#11)',
};

/** The end of an identifier, by which people tell keys apart. */
export function shortReference(reference: string): string {
  const last = reference.split(/[/:;]/).findLast((part) => part !== '') ?? reference;
  const region = /^arn:[^:]*:kms:([^:]+):/.exec(reference)?.[1];
  const short = last.length > 22 ? `${last.slice(0, 10)}…${last.slice(-8)}` : last;
  return region === undefined ? short : `${region} ${short}`;
}

export function keyName(key: Pick<Key, 'provider' | 'references'>): string {
  const label = (PROVIDER_LABELS as Readonly<Record<string, string>>)[key.provider] ?? key.provider;
  return `${label} · ${shortReference(key.references[0] ?? '')}`;
}

/** Whether new data goes under a key of this age and state: the newest that may does it. */
export function keyInUse<K extends Pick<Key, 'lifecycle'>>(keys: readonly K[]): K | null {
  return keys.find(({ lifecycle }) => lifecycle === 'ACTIVE' || lifecycle === 'STANDBY') ?? null;
}
