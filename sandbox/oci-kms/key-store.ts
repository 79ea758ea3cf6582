import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { notAuthorizedOrNotFound } from './errors.ts';
import { newOcid, newRegionalOcid, newVaultPart, type Region } from './ocid.ts';

export const KEY_STATES = [
  'CREATING',
  'ENABLING',
  'ENABLED',
  'DISABLING',
  'DISABLED',
  'DELETING',
  'DELETED',
  'PENDING_DELETION',
  'SCHEDULING_DELETION',
  'CANCELLING_DELETION',
  'UPDATING',
  'BACKUP_IN_PROGRESS',
  'RESTORING',
] as const;
export type KeyState = (typeof KEY_STATES)[number];

export interface KeyShape {
  /** Asymmetric keys can be described, but do nothing else here. */
  readonly algorithm: 'AES' | 'RSA' | 'ECDSA';
  readonly lengthBytes: number;
}

export interface Vault {
  readonly ocid: string;
  /** What its host names begin with. */
  readonly part: string;
  readonly tenancy: string;
  readonly region: Region;
  readonly compartmentId: string;
  readonly compartmentName: string;
}

export interface KeyVersion {
  readonly ocid: string;
  readonly material: KeyObject;
}

export interface Key {
  readonly ocid: string;
  readonly vault: Vault;
  readonly displayName: string;
  readonly shape: KeyShape;
  readonly createdAtMs: number;
  state: KeyState;
  deletionAtMs: number | null;
  /** Oldest first: rotation adds one, and ciphertexts of the older ones still open. */
  readonly versions: KeyVersion[];
}

/** The vaults and keys of all tenancies. */
export class KeyStore {
  readonly #vaults = new Map<string, Vault>();
  readonly #keys = new Map<string, Key>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  createVault({
    tenancy,
    region,
    compartment,
  }: {
    tenancy: string;
    region: Region;
    compartment: string;
  }): Vault {
    const part = newVaultPart();
    const known = this.vaults().find(
      (vault) => vault.tenancy === tenancy && vault.compartmentName === compartment,
    );
    return this.addVault({
      ocid: newRegionalOcid('vault', region, [part]),
      part,
      tenancy,
      region,
      compartmentId: known?.compartmentId ?? newOcid('compartment'),
      compartmentName: compartment,
    });
  }

  addVault(vault: Vault): Vault {
    this.#vaults.set(vault.ocid, vault);
    return vault;
  }

  createKey({ vault, displayName, shape }: Pick<Key, 'vault' | 'displayName' | 'shape'>): Key {
    const key: Key = {
      ocid: newRegionalOcid('key', vault.region, [vault.part]),
      vault,
      displayName,
      shape,
      createdAtMs: this.#nowMs(),
      state: 'ENABLED',
      deletionAtMs: null,
      versions: [],
    };
    this.addVersion(key);
    return this.addKey(key);
  }

  addKey(key: Key): Key {
    this.#keys.set(key.ocid, key);
    return key;
  }

  addVersion(key: Key): KeyVersion {
    const bytes = randomBytes(32);
    const material = createSecretKey(bytes);
    bytes.fill(0);
    const version = { ocid: newRegionalOcid('keyversion', key.vault.region, [key.vault.part]), material };
    key.versions.push(version);
    return version;
  }

  /** @throws OciError NotAuthorizedOrNotFound */
  get(ocid: string): Key {
    const key = this.#keys.get(ocid);
    if (!key) throw notAuthorizedOrNotFound();
    if (key.deletionAtMs !== null && key.deletionAtMs <= this.#nowMs()) key.state = 'DELETED';
    return key;
  }

  findVault(part: string): Vault | undefined {
    return this.vaults().find((vault) => vault.part === part);
  }

  /** @throws Error */
  vault(ocid: string): Vault {
    const vault = this.#vaults.get(ocid);
    if (!vault) throw new Error(`vault: ${ocid} does not exist`);
    return vault;
  }

  delete(key: Key): void {
    this.#keys.delete(key.ocid);
  }

  vaults(): Vault[] {
    return [...this.#vaults.values()];
  }

  keys(): Key[] {
    return [...this.#keys.values()];
  }
}
