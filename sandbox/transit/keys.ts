import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { VaultError } from './errors.ts';

export type KeyType = 'aes256-gcm96' | 'chacha20-poly1305' | 'aes128-gcm96' | 'rsa-4096' | 'ed25519';

/** Node's names of the ciphers, and their keys' bytes; the others can be described and do nothing else here. */
const CIPHERS = {
  'aes256-gcm96': ['aes-256-gcm', 32],
  'aes128-gcm96': ['aes-128-gcm', 16],
  'chacha20-poly1305': ['chacha20-poly1305', 32],
} as const;

const NAME = /^\w(?:[\w.-]*\w)?$/;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface Key {
  readonly name: string;
  readonly type: KeyType;
  readonly derived: boolean;
  /** By version, from 1. */
  readonly materials: KeyObject[];
  readonly createdAtMs: number;
  minDecryptionVersion: number;
  deletionAllowed: boolean;
  softDeleted: boolean;
}

/** The keys of one transit mount, with transit's own errors. */
export class TransitKeys {
  readonly #byName = new Map<string, Key>();

  create(name: string, { type = 'aes256-gcm96', derived = false, createdAtMs = 0 }: Partial<Key> = {}): Key {
    if (!NAME.test(name)) throw new VaultError(400, `invalid key name ${name}`);
    const existing = this.#byName.get(name);
    if (existing) return existing;
    const materials = [newMaterial(type)];
    const key: Key = {
      name,
      type,
      derived,
      materials,
      createdAtMs,
      minDecryptionVersion: 1,
      deletionAllowed: false,
      softDeleted: false,
    };
    this.#byName.set(name, key);
    return key;
  }

  put(key: Key): void {
    this.#byName.set(key.name, key);
  }

  find(name: string): Key | undefined {
    return this.#byName.get(name);
  }

  all(): readonly Key[] {
    return [...this.#byName.values()];
  }

  /** @throws VaultError 400 */
  get(name: string): Key {
    const key = this.#byName.get(name);
    if (!key) throw new VaultError(400, 'encryption key not found');
    return key;
  }

  rotate(name: string): void {
    const key = this.get(name);
    key.materials.push(newMaterial(key.type));
  }

  /** @throws VaultError 400 unless deletion is allowed */
  delete(name: string): void {
    const key = this.get(name);
    if (!key.deletionAllowed) {
      throw new VaultError(400, `error deleting policy ${name}: deletion is not allowed for this policy`);
    }
    this.#byName.delete(name);
  }
}

/** @returns transit's ciphertext */
export function encrypt(key: Key, plaintext: Buffer, associatedData: Buffer): string {
  const [cipher] = cipherOf(key, 'encryption');
  const version = key.materials.length;
  const nonce = randomBytes(NONCE_BYTES);
  const sealer = createCipheriv(cipher as 'aes-256-gcm', materialOf(key, version), nonce, {
    authTagLength: TAG_BYTES,
  });
  sealer.setAAD(associatedData, { plaintextLength: plaintext.length });
  const bytes = Buffer.concat([nonce, sealer.update(plaintext), sealer.final(), sealer.getAuthTag()]);
  return `vault:v${version}:${bytes.toString('base64')}`;
}

export function decrypt(key: Key, ciphertext: string, associatedData: Buffer): Buffer {
  const [cipher] = cipherOf(key, 'decryption');
  if (!ciphertext.startsWith('vault:v')) throw new VaultError(400, 'invalid ciphertext: no prefix');
  const [versionText = '', text, ...rest] = ciphertext.slice('vault:v'.length).split(':');
  if (text === undefined || rest.length > 0)
    throw new VaultError(400, 'invalid ciphertext: wrong number of fields');
  if (!/^\d+$/.test(versionText)) {
    throw new VaultError(400, 'invalid ciphertext: version number could not be decoded');
  }
  const version = Number(versionText) || 1;
  if (version > key.materials.length) throw new VaultError(400, 'invalid ciphertext: version is too new');
  if (version < key.minDecryptionVersion) {
    throw new VaultError(400, 'ciphertext or signature version is disallowed by policy (too old)');
  }
  const bytes = decodeBase64(text);
  if (!bytes) throw new VaultError(400, 'invalid ciphertext: could not decode base64');
  if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new VaultError(400, 'invalid ciphertext length');
  const opener = createDecipheriv(
    cipher as 'aes-256-gcm',
    materialOf(key, version),
    bytes.subarray(0, NONCE_BYTES),
    { authTagLength: TAG_BYTES },
  );
  opener.setAAD(associatedData, { plaintextLength: bytes.length - NONCE_BYTES - TAG_BYTES });
  opener.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([opener.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), opener.final()]);
  } catch {
    throw new VaultError(400, 'cipher: message authentication failed');
  }
}

/** What `GET keys/NAME` answers. */
export function describe(key: Key): object {
  const aead = key.type in CIPHERS;
  return {
    name: key.name,
    type: key.type,
    derived: key.derived,
    deletion_allowed: key.deletionAllowed,
    min_available_version: 0,
    min_decryption_version: key.minDecryptionVersion,
    min_encryption_version: 0,
    latest_version: key.materials.length,
    exportable: false,
    allow_plaintext_backup: false,
    supports_encryption: aead || key.type.startsWith('rsa-'),
    supports_decryption: aead || key.type.startsWith('rsa-'),
    supports_signing: !aead,
    supports_derivation: aead || key.type === 'ed25519',
    auto_rotate_period: 0,
    imported_key: false,
    ...(key.softDeleted ? { soft_deleted: true } : {}),
    keys: Object.fromEntries(
      key.materials.map((_, index) => [String(index + 1), Math.floor(key.createdAtMs / 1_000)]),
    ),
  };
}

/** @returns undefined for anything but padded Base64 in its standard alphabet */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

function cipherOf(key: Key, what: 'encryption' | 'decryption'): readonly [string, number] {
  if (key.softDeleted)
    throw new VaultError(400, 'key is soft-deleted and must be restored before it is used');
  if (key.type === 'ed25519') {
    throw new VaultError(400, `message ${what} not supported for key type ${key.type}`);
  }
  if (key.type === 'rsa-4096') {
    throw new VaultError(400, `'[0].associated_data' provided for non-AEAD cipher suite ${key.type}`);
  }
  if (key.derived)
    throw new VaultError(
      400,
      "missing 'context' for key derivation; the key was created using a derived key",
    );
  return CIPHERS[key.type];
}

function materialOf(key: Key, version: number): KeyObject {
  const material = key.materials[version - 1];
  if (!material) throw new VaultError(500, 'no such key version');
  return material;
}

function newMaterial(type: KeyType): KeyObject {
  const bytes = randomBytes(type === 'aes128-gcm96' ? 16 : 32);
  const material = createSecretKey(bytes);
  bytes.fill(0);
  return material;
}
