import { CmkError } from '../../../core/errors.ts';

/** Azure's clouds, which share nothing: where their vaults are and who signs in. */
export const CLOUDS = {
  public: {
    authority: 'https://login.microsoftonline.com',
    vaults: 'vault.azure.net',
    hsms: 'managedhsm.azure.net',
  },
  'us-government': {
    authority: 'https://login.microsoftonline.us',
    vaults: 'vault.usgovcloudapi.net',
    hsms: 'managedhsm.usgovcloudapi.net',
  },
  china: {
    authority: 'https://login.partner.microsoftonline.cn',
    vaults: 'vault.azure.cn',
    hsms: 'managedhsm.azure.cn',
  },
} as const;

export type Cloud = keyof typeof CLOUDS;

/** A key, or one version of it. */
export interface KeyId {
  readonly host: string;
  /** In lower case: Azure does not tell cases apart. */
  readonly name: string;
  /** null: whichever is the latest, as the customer rotates. */
  readonly version: string | null;
  readonly managedHsm: boolean;
}

const PARTS =
  /^https:\/\/(?<vault>[a-z0-9-]+)\.(?<suffix>[a-z0-9.-]+?)(?::443)?\/keys\/(?<name>[a-z0-9-]{1,127})(?:\/(?<version>[0-9a-f]{32}))?\/?$/;
const VAULT = /^[a-z](?!.*--)[a-z0-9-]{1,22}[a-z0-9]$/;
const EXAMPLE = 'https://acme-keys.vault.azure.net/keys/recordings';

/**
 * Reads the identifier of a key in Key Vault or a Managed HSM, with or without a version; spaces around it, capitals
 * and the standard port are forgiven, nothing else is. It is taken apart here and never fetched as it was typed.
 * @throws CmkError INVALID_ARGUMENT
 */
export function parseKeyId(text: string, cloud: Cloud): KeyId {
  const typed = text.trim();
  if (!typed.toLowerCase().startsWith('https://')) throw refusal('the https:// identifier of a key', typed);
  const { vault = '', suffix, name = '', version } = PARTS.exec(typed.toLowerCase())?.groups ?? {};
  const { vaults, hsms } = CLOUDS[cloud];
  if (suffix !== undefined && suffix !== vaults && suffix !== hsms) {
    throw refusal(`a vault under ${vaults} or ${hsms}`, `${vault}.${suffix}`);
  }
  if (suffix === undefined) {
    throw refusal('https://, a vault’s host, /keys/, the key’s name and optionally a version', typed);
  }
  if (!VAULT.test(vault)) throw refusal('a vault’s name of 3 to 24 letters, digits and hyphens', vault);
  return { host: `${vault}.${suffix}`, name, version: version ?? null, managedHsm: suffix === hsms };
}

/** The one way in which an identifier is written. */
export function formatKeyId({ host, name, version }: KeyId): string {
  return `https://${host}/keys/${name}${version === null ? '' : `/${version}`}`;
}

function refusal(expected: string, actual: string): CmkError {
  const got = actual === '' ? 'nothing' : JSON.stringify(actual.slice(0, 80));
  return new CmkError(
    'INVALID_ARGUMENT',
    `reference: expected ${expected}, got ${got}; example: ${EXAMPLE}`,
    { metadata: { field: 'reference' } },
  );
}
