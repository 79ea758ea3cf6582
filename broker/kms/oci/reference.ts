import { CmkError } from '../../../core/errors.ts';
import { REALMS, regionIdOf, vaultDomains, type Realm } from './regions.ts';

/** A key, and what its OCID says about where it is. */
export interface OciKey {
  readonly ocid: string;
  /** What the vault's host names begin with. */
  readonly vault: string;
  /** What they may end with, e.g. `us-ashburn-1.oraclecloud.com`, the likelier one first. */
  readonly domains: readonly [string, ...string[]];
}

/** A vault has a host for uses of its keys and another one for looking after them. */
export type VaultApi = 'crypto' | 'management';

const EXAMPLE = `ocid1.key.oc1.iad.abcdefghijklm.${'a'.repeat(60)}`;
/** Names of hosts and parts of OCIDs; lower case alone, so that one key has one name. */
const VAULT = /^[a-z0-9]{10,32}$/;
const UNIQUE = /^[a-z0-9]{20,100}$/;

/**
 * Checks the OCID of a key; spaces around it are forgiven, nothing else is. The vault's addresses follow from it, so
 * that customers never name a host.
 * @param moreRealms domains by realm, in addition to Oracle's public ones
 * @throws CmkError INVALID_ARGUMENT
 */
export function parseKeyOcid(text: string, moreRealms: ReadonlyMap<string, string> = new Map()): OciKey {
  const ocid = text.trim();
  const [scheme, type = '', realmName = '', region = '', vault = '', unique = '', ...rest] = ocid.split('.');
  if (scheme !== 'ocid1') throw refusal('the OCID of a key', text);
  if (type !== 'key') throw refusal('the OCID of a key (ocid1.key.…)', `ocid1.${type}`);
  const realm = realmOf(realmName, moreRealms);
  if (!realm) throw refusal('a realm that is known here, e.g. oc1', realmName);
  const regionId = regionIdOf(realm, region);
  if (regionId === null) throw refusal(`a region of realm ${realmName}, by key or identifier`, region);
  if (!VAULT.test(vault)) throw refusal('the vault’s part after the region', vault);
  if (!UNIQUE.test(unique)) throw refusal('the key’s own part at the end', unique);
  if (rest.length > 0) throw refusal('six parts between dots', ocid);
  const [first = '', ...others] = vaultDomains(realm, regionId);
  return { ocid, vault, domains: [first, ...others] };
}

/** The host of a key's vault under one of its domains. */
export function vaultHost(key: OciKey, api: VaultApi, domain: string): string {
  return `${key.vault}-${api}.kms.${domain}`;
}

function realmOf(name: string, more: ReadonlyMap<string, string>): Realm | undefined {
  const domain = more.get(name);
  if (domain !== undefined) return { domain, regions: {} };
  return Object.hasOwn(REALMS, name) ? REALMS[name] : undefined;
}

function refusal(expected: string, actual: string): CmkError {
  const got = actual === '' ? 'nothing' : JSON.stringify(actual.slice(0, 80));
  return new CmkError(
    'INVALID_ARGUMENT',
    `reference: expected ${expected}, got ${got}; example: ${EXAMPLE}`,
    { metadata: { field: 'reference' } },
  );
}
