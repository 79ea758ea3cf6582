import { randomBytes } from 'node:crypto';

/** A region of the commercial realm, as its OCIDs and host names have it. */
export interface Region {
  readonly id: string;
  /** In OCIDs; newer regions have none and are named by their id. */
  readonly key: string | null;
  /** After `VAULT-crypto.kms.` */
  readonly domain: string;
}

export const REGIONS: readonly Region[] = [
  { id: 'us-ashburn-1', key: 'iad', domain: 'us-ashburn-1.oraclecloud.com' },
  { id: 'us-phoenix-1', key: 'phx', domain: 'us-phoenix-1.oraclecloud.com' },
  { id: 'eu-frankfurt-1', key: null, domain: 'eu-frankfurt-1.oraclecloud.com' },
  { id: 'eu-paris-1', key: null, domain: 'eu-paris-1.oci.oraclecloud.com' },
];

/** @throws Error for a region that the emulator does not know */
export function regionOf(id: string): Region {
  const region = REGIONS.find((known) => known.id === id);
  if (!region)
    throw new Error(`region: expected one of ${REGIONS.map((known) => known.id).join(', ')}, got ${id}`);
  return region;
}

/** A global one, e.g. of a tenancy or a user. */
export function newOcid(type: 'tenancy' | 'compartment' | 'user' | 'group' | 'dynamicgroup'): string {
  return `ocid1.${type}.oc1..${unique(60)}`;
}

/** One in a region, e.g. of an instance. */
export function newRegionalOcid(
  type: 'vault' | 'key' | 'keyversion' | 'instance',
  region: Region,
  parts: readonly string[],
): string {
  return ['ocid1', type, 'oc1', region.key ?? region.id, ...parts, unique(60)].join('.');
}

/** What the host names of a vault begin with. */
export function newVaultPart(): string {
  return unique(13);
}

/** Letters and digits as OCIDs have them. */
function unique(length: number): string {
  return [...randomBytes(length)]
    .map((byte) => 'abcdefghijklmnopqrstuvwxyz234567'.charAt(byte & 31))
    .join('');
}
