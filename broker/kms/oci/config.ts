import { choice, integer, path, text, url, type Config, type Setting } from '../../../runtime/config.ts';

/** Domains by realm, e.g. `oc99` → `oraclecloud99.com`. */
export type Realms = ReadonlyMap<string, string>;

const realms: Setting<Realms | null> = {
  name: 'CMK_OCI_REALMS',
  doc: 'Realms of OCI in addition to the public ones, such as a dedicated or an Alloy region’s: realm=domain pairs between commas, e.g. oc99=oraclecloud99.com.',
  default: null,
  expects: 'realm=domain pairs between commas',
  secret: false,
  parse: parseRealms,
};

/** How the broker proves to OCI who it is. */
const OCI_AUTH_MODES = [
  'instance-principal',
  'resource-principal',
  'workload-identity',
  'config-file',
  'api-key',
] as const;

const API_KEY_ID =
  /^ocid1\.tenancy\.oc\d{1,3}\.\.[a-z0-9]{1,100}\/ocid1\.user\.oc\d{1,3}\.\.[a-z0-9]{1,100}\/[0-9a-f]{2}(:[0-9a-f]{2}){15}$/;

/** The OCID of a tenancy, of a group or of a dynamic group. */
const TENANCY = /^ocid1\.tenancy\.oc\d{1,3}\.\.[a-z0-9]{1,100}$/;
const GROUP = /^ocid1\.(group|dynamicgroup)\.oc\d{1,3}\.\.[a-z0-9]{1,100}$/;

/** Settings of the OCI provider. */
export const ociSettings = {
  ociAuth: choice({
    name: 'CMK_OCI_AUTH',
    doc: 'How the broker proves to OCI who it is: instance-principal (on an instance), workload-identity (in OKE), resource-principal (where OCI gives OCI_RESOURCE_PRINCIPAL_* variables); elsewhere config-file or api-key.',
    default: 'instance-principal',
    of: OCI_AUTH_MODES,
  }),
  ociConfigFile: path({
    name: 'CMK_OCI_CONFIG_FILE',
    doc: 'The configuration file of OCI’s tools, for config-file; without it ~/.oci/config.',
    default: null,
  }),
  ociConfigProfile: text({
    name: 'CMK_OCI_CONFIG_PROFILE',
    doc: 'The profile in that file.',
    default: 'DEFAULT',
    pattern: /^[\w.-]{1,64}$/,
    expects: 'name of a profile',
  }),
  ociApiKeyId: text({
    name: 'CMK_OCI_API_KEY_ID',
    doc: 'Who the API key belongs to, for api-key: the OCIDs of tenancy and user and the key’s fingerprint, with / between them.',
    default: null,
    pattern: API_KEY_ID,
    expects: 'TENANCY-OCID/USER-OCID/FINGERPRINT',
  }),
  ociApiKeyFile: path({
    name: 'CMK_OCI_API_KEY_FILE',
    doc: 'The API key’s private key, PEM without a passphrase, for api-key.',
    default: null,
  }),
  ociTenancy: text({
    name: 'CMK_OCI_TENANCY',
    doc: 'The OCID of the provider’s own tenancy, for the statements that customers are given to paste.',
    default: null,
    pattern: TENANCY,
    expects: 'OCID of a tenancy',
  }),
  ociGroup: text({
    name: 'CMK_OCI_GROUP',
    doc: 'The OCID of the dynamic group, or group, that the broker is in, for the same statements.',
    default: null,
    pattern: GROUP,
    expects: 'OCID of a dynamic group or group',
  }),
  ociGroupName: text({
    name: 'CMK_OCI_GROUP_NAME',
    doc: 'The name of that group in the provider’s tenancy, for the provider’s own statements.',
    default: null,
    pattern: /^[A-Za-z][\w.-]{0,99}$/,
    expects: 'name of a group',
  }),
  ociEndpoint: url({
    name: 'CMK_OCI_KMS_ENDPOINT',
    doc: 'Where to connect in place of the vaults’ own addresses, e.g. a proxy on the way out. Requests name the vault’s host as ever.',
    default: null,
    protocols: ['https:', 'http:'],
  }),
  ociRealms: realms,
  ociMaxConnections: integer({
    name: 'CMK_OCI_KMS_MAX_CONNECTIONS',
    doc: 'The most connections to OCI Vault at a time, for each host.',
    default: '256',
    min: 1,
    max: 4096,
  }),
} as const;

export type OciConfig = Config<typeof ociSettings>;

/** @returns undefined for anything but pairs of realm and domain, each realm once */
export function parseRealms(given: string): Realms | undefined {
  const pairs = given.split(',').map((pair) => pair.trim().split('='));
  const isPair = ([realm = '', domain = '', ...rest]: string[]) =>
    /^[a-z]{1,8}\d{0,4}$/.test(realm) &&
    /^([a-z0-9-]{1,63}\.)+[a-z]{2,24}$/.test(domain) &&
    rest.length === 0;
  const byRealm = new Map(pairs.map(([realm = '', domain = '']) => [realm, domain]));
  return pairs.every(isPair) && byRealm.size === pairs.length ? byRealm : undefined;
}
