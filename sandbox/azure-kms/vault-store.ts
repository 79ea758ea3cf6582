import { createSecretKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { AzureError } from './errors.ts';

/** How long a deleted key can be recovered. */
const RECOVERABLE_DAYS = 90;

export type KeyType = 'RSA' | 'RSA-HSM' | 'EC' | 'EC-HSM' | 'oct-HSM';
export type KeyOperation = 'wrapKey' | 'unwrapKey' | 'sign' | 'verify' | 'encrypt' | 'decrypt';

/** Roles and what they may, by data action. `Reader` sees keys and does nothing with them. */
export const ROLES = {
  'Key Vault Crypto Service Encryption User': ['read', 'wrap', 'unwrap'],
  'Key Vault Crypto User': ['read', 'wrap', 'unwrap', 'encrypt', 'decrypt', 'sign', 'verify'],
  'Key Vault Reader': ['read'],
  // Of a Managed HSM's own; what it may is the same.
  'Managed HSM Crypto Service Encryption User': ['read', 'wrap', 'unwrap'],
} as const satisfies Record<string, readonly string[]>;

export type Role = keyof typeof ROLES;
/** A data action, e.g. `wrap`. */
export type Action = 'read' | 'wrap' | 'unwrap' | 'read-deleted';

export interface VaultSpec {
  /** 3 to 24 letters, digits and hyphens. */
  readonly name: string;
  readonly tenantId: string;
  readonly kind?: 'vault' | 'managed-hsm';
  /** Default: rbac. */
  readonly authorization?: 'rbac' | 'access-policy';
  /** Defaults: both true. */
  readonly softDelete?: boolean;
  readonly purgeProtection?: boolean;
}

export interface Vault extends Required<VaultSpec> {
  readonly host: string;
  readonly keys: Map<string, VaultKey>;
  /** By principal's object id: roles at the vault (key null) or at one key. */
  readonly assignments: { oid: string; role: Role; key: string | null }[];
  /** By principal's object id, e.g. `wrapKey`. */
  readonly accessPolicies: Map<string, readonly string[]>;
  /** `firewall`: only listed addresses; `no-public-access`: private endpoints alone. Nobody is listed here. */
  network: 'open' | 'firewall' | 'no-public-access';
}

/** A key with all its versions. */
export interface VaultKey {
  readonly name: string;
  /** The last one is the latest. */
  readonly versions: KeyVersion[];
  deletedAtMs: number | null;
}

export interface KeyVersion {
  readonly version: string;
  readonly type: KeyType;
  readonly operations: readonly KeyOperation[];
  readonly createdAtMs: number;
  /** The private key, or the symmetric one. */
  readonly material: KeyObject;
  enabled: boolean;
  notBeforeMs: number | null;
  expiresAtMs: number | null;
}

export interface KeySpec {
  readonly vault: string;
  readonly name: string;
  /** Default: RSA, in a Managed HSM RSA-HSM. */
  readonly type?: KeyType;
  /** Default: 2048, for oct-HSM 256. */
  readonly bits?: number;
  /** Default: wrapKey and unwrapKey. */
  readonly operations?: readonly KeyOperation[];
  readonly expiresAtMs?: number | null;
  readonly notBeforeMs?: number | null;
}

/** Makes RSA keys; tests give ready ones, because making them takes long. */
export type MakeRsa = (bits: number) => KeyObject;

const SUFFIX = { vault: 'vault.azure.net', 'managed-hsm': 'managedhsm.azure.net' } as const;

/** All vaults and Managed HSMs. */
export class VaultStore {
  readonly #byHost = new Map<string, Vault>();
  readonly #nowMs: () => number;
  readonly #makeRsa: MakeRsa;

  constructor(nowMs: () => number, makeRsa: MakeRsa = newRsa) {
    this.#nowMs = nowMs;
    this.#makeRsa = makeRsa;
  }

  addVault(spec: VaultSpec): Vault {
    const { kind = 'vault', authorization = 'rbac', softDelete = true, purgeProtection = true } = spec;
    const host = `${spec.name.toLowerCase()}.${SUFFIX[kind]}`;
    if (this.#byHost.has(host)) throw new AzureError('Conflict', `${host} exists already`);
    const vault: Vault = {
      ...spec,
      kind,
      authorization,
      softDelete,
      purgeProtection,
      host,
      keys: new Map(),
      assignments: [],
      accessPolicies: new Map(),
      network: 'open',
    };
    this.#byHost.set(host, vault);
    return vault;
  }

  /** @param host or name */
  vault(host: string): Vault {
    const vault = this.#byHost.get(host) ?? this.vaults().find(({ name }) => name === host);
    if (!vault) throw new AzureError('NotFound', `no such vault: ${host}`);
    return vault;
  }

  vaults(): Vault[] {
    return [...this.#byHost.values()];
  }

  /** A new key, or a new version of the one that has the name. */
  addVersion(vault: Vault, spec: Omit<KeySpec, 'vault'>): KeyVersion {
    const { name, operations = ['wrapKey', 'unwrapKey'], expiresAtMs = null, notBeforeMs = null } = spec;
    const type = spec.type ?? (vault.kind === 'vault' ? 'RSA' : 'RSA-HSM');
    const version: KeyVersion = {
      version: randomBytes(16).toString('hex'),
      type,
      operations,
      createdAtMs: this.#nowMs(),
      material: this.#material(type, spec.bits),
      enabled: true,
      notBeforeMs,
      expiresAtMs,
    };
    const key = vault.keys.get(name) ?? { name, versions: [], deletedAtMs: null };
    if (key.deletedAtMs !== null) {
      throw new AzureError('Conflict', `Key ${name} is currently in a deleted but recoverable state.`);
    }
    vault.keys.set(name, key);
    key.versions.push(version);
    return version;
  }

  /** @throws AzureError KeyNotFound, also for deleted keys */
  find(vault: Vault, name: string, version: string | null): { key: VaultKey; version: KeyVersion } {
    const key = vault.keys.get(name.toLowerCase());
    const found =
      version === null ? key?.versions.at(-1) : key?.versions.find((each) => each.version === version);
    if (!key || !found || key.deletedAtMs !== null) throw keyNotFound(name);
    return { key, version: found };
  }

  /** @throws AzureError KeyNotFound */
  findDeleted(vault: Vault, name: string): VaultKey & { deletedAtMs: number } {
    const key = vault.keys.get(name.toLowerCase());
    const { deletedAtMs = null } = key ?? {};
    if (!key || deletedAtMs === null) throw keyNotFound(name);
    return { ...key, deletedAtMs };
  }

  delete(vault: Vault, name: string): void {
    const { key } = this.find(vault, name, null);
    if (vault.softDelete) key.deletedAtMs = this.#nowMs();
    else vault.keys.delete(name);
  }

  #material(type: KeyType, bits: number | undefined): KeyObject {
    if (type === 'oct-HSM') return createSecretKey(randomBytes((bits ?? 256) / 8));
    if (type === 'RSA' || type === 'RSA-HSM') return this.#makeRsa(bits ?? 2_048);
    return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  }
}

export function keyIdOf(
  vault: Vault,
  key: Pick<VaultKey, 'name'>,
  version?: Pick<KeyVersion, 'version'>,
): string {
  return `https://${vault.host}/keys/${key.name}${version ? `/${version.version}` : ''}`;
}

export function recoveryOf(vault: Vault): { recoveryLevel: string; recoverableDays?: number } {
  if (!vault.softDelete) return { recoveryLevel: 'Purgeable' };
  const recoveryLevel = vault.purgeProtection ? 'Recoverable' : 'Recoverable+Purgeable';
  return { recoveryLevel, recoverableDays: RECOVERABLE_DAYS };
}

export function purgeAtMs({ deletedAtMs }: { deletedAtMs: number }): number {
  return deletedAtMs + RECOVERABLE_DAYS * 86_400_000;
}

function keyNotFound(name: string): AzureError {
  return new AzureError(
    'KeyNotFound',
    `A key with (name/id) ${name} was not found in this key vault. If you recently deleted this key you may be able to recover it using the correct recovery command.`,
  );
}

function newRsa(bits: number): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength: bits }).privateKey;
}
