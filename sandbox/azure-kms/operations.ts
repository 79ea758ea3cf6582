import {
  constants,
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  privateDecrypt,
  publicEncrypt,
} from 'node:crypto';
import { AzureError } from './errors.ts';
import {
  keyIdOf,
  purgeAtMs,
  recoveryOf,
  type KeyVersion,
  type Vault,
  type VaultKey,
  type VaultStore,
} from './vault-store.ts';

/** One operation of the protocol. */
export interface Operation {
  /** As Key Vault's log names it. */
  readonly name: 'KeyWrap' | 'KeyUnwrap' | 'KeyGet' | 'KeyGetDeleted';
  readonly action: 'read' | 'wrap' | 'unwrap' | 'read-deleted';
  /** As access policies name it. */
  readonly permission: 'get' | 'wrapKey' | 'unwrapKey';
  readonly keyName: string;
  readonly keyVersion: string | null;
}

/** What an operation works with, and what the log learns of it. */
export interface Call {
  readonly vault: Vault;
  readonly vaults: VaultStore;
  readonly body: Readonly<Record<string, unknown>>;
  readonly nowMs: number;
  /** The versioned identifier of the key, as soon as it is known. */
  keyId: string | null;
}

type Algorithm = 'RSA-OAEP-256' | 'A256KW';

const KEY_WRAP_IV = Buffer.alloc(8, 0xa6);
const ROUTES: readonly (readonly [RegExp, Pick<Operation, 'name' | 'action' | 'permission'>])[] = [
  [
    /^POST \/keys\/([^/]+)(?:\/([^/]*))?\/wrapkey$/i,
    { name: 'KeyWrap', action: 'wrap', permission: 'wrapKey' },
  ],
  [
    /^POST \/keys\/([^/]+)(?:\/([^/]*))?\/unwrapkey$/i,
    { name: 'KeyUnwrap', action: 'unwrap', permission: 'unwrapKey' },
  ],
  [/^GET \/keys\/([^/]+)(?:\/([^/]*))?$/i, { name: 'KeyGet', action: 'read', permission: 'get' }],
  [/^GET \/deletedkeys\/([^/]+)$/i, { name: 'KeyGetDeleted', action: 'read-deleted', permission: 'get' }],
];

/** @throws AzureError NotFound, BadParameter */
export function findOperation(route: string): Operation {
  for (const [pattern, operation] of ROUTES) {
    const [, keyName, keyVersion = ''] = pattern.exec(route) ?? [];
    if (keyName === undefined) continue;
    if (!/^[0-9a-zA-Z-]{1,127}$/.test(keyName))
      throw new AzureError('BadParameter', 'The request URI contains an invalid name.');
    return { ...operation, keyName, keyVersion: keyVersion === '' ? null : keyVersion };
  }
  throw new AzureError('NotFound', 'The requested resource was not found by this emulator.');
}

/** @throws AzureError */
export function runOperation(operation: Operation, call: Call): object {
  const { vault, vaults } = call;
  if (operation.name === 'KeyGetDeleted')
    return deletedKey(vault, vaults.findDeleted(vault, operation.keyName));
  const { key, version } = vaults.find(vault, operation.keyName, operation.keyVersion);
  call.keyId = keyIdOf(vault, key, version);
  checkEnabled(version, operation);
  if (operation.name === 'KeyGet') return keyBundle(vault, key, version);
  checkTime(version, operation, call.nowMs);
  const value = crypt(version, operation, call.body);
  return { kid: call.keyId, value: value.toString('base64url') };
}

function checkEnabled({ enabled }: KeyVersion, { permission }: Operation): void {
  if (!enabled)
    throw new AzureError('KeyDisabled', `Operation ${permission} is not allowed on a disabled key.`);
}

/** A key that is out of its time still unwraps: what it protects must not be lost. */
function checkTime(
  { notBeforeMs, expiresAtMs }: KeyVersion,
  { name, permission }: Operation,
  nowMs: number,
): void {
  if (name === 'KeyUnwrap') return;
  if (expiresAtMs !== null && nowMs >= expiresAtMs) {
    throw new AzureError('KeyExpired', `Operation ${permission} is not allowed on an expired key.`);
  }
  if (notBeforeMs !== null && nowMs < notBeforeMs) {
    throw new AzureError(
      'KeyNotYetValid',
      `Operation ${permission} is not allowed on a key that is not yet valid.`,
    );
  }
}

function crypt(version: KeyVersion, { name, permission }: Operation, body: Call['body']): Buffer {
  if (!version.operations.includes(permission as 'wrapKey')) {
    throw new AzureError('KeyOperationForbidden', `Operation ${permission} is not permitted on this key.`);
  }
  const { algorithm, value } = readBody(body);
  const expected =
    version.type === 'oct-HSM' ? 'A256KW' : version.type.startsWith('RSA') ? 'RSA-OAEP-256' : null;
  const tooSmall = algorithm === 'A256KW' && version.material.symmetricKeySize !== 32;
  if (algorithm !== expected || tooSmall) {
    throw new AzureError('BadParameter', `Key and algorithm ${algorithm} do not fit each other.`);
  }
  try {
    return name === 'KeyWrap' ? wrap(version, algorithm, value) : unwrap(version, algorithm, value);
  } catch {
    throw new AzureError('BadParameter', `The value is not valid for ${permission} with ${algorithm}.`);
  }
}

function wrap({ material }: KeyVersion, algorithm: Algorithm, key: Buffer): Buffer {
  if (algorithm === 'RSA-OAEP-256') return publicEncrypt({ key: createPublicKey(material), ...OAEP }, key);
  const cipher = createCipheriv('id-aes256-wrap', material, KEY_WRAP_IV);
  return Buffer.concat([cipher.update(key), cipher.final()]);
}

function unwrap({ material }: KeyVersion, algorithm: Algorithm, wrapped: Buffer): Buffer {
  if (algorithm === 'RSA-OAEP-256') return privateDecrypt({ key: material, ...OAEP }, wrapped);
  const decipher = createDecipheriv('id-aes256-wrap', material, KEY_WRAP_IV);
  return Buffer.concat([decipher.update(wrapped), decipher.final()]);
}

const OAEP = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' } as const;

function readBody(body: Call['body']): { algorithm: Algorithm; value: Buffer } {
  const { alg, value, ...rest } = body;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined)
    throw new AzureError('BadParameter', `Property ${unknown} is not supported by this emulator.`);
  if (alg !== 'RSA-OAEP-256' && alg !== 'A256KW')
    throw new AzureError('BadParameter', 'Property alg has an invalid value.');
  if (typeof value !== 'string' || !/^[A-Za-z0-9_-]{1,2048}$/.test(value)) {
    throw new AzureError('BadParameter', 'Property value is not base64url.');
  }
  return { algorithm: alg, value: Buffer.from(value, 'base64url') };
}

function keyBundle(vault: Vault, key: Pick<VaultKey, 'name'>, version: KeyVersion): object {
  const seconds = (ms: number) => Math.floor(ms / 1_000);
  const { notBeforeMs, expiresAtMs } = version;
  return {
    key: {
      kid: keyIdOf(vault, key, version),
      kty: version.type,
      key_ops: version.operations,
      ...publicPart(version),
    },
    attributes: {
      enabled: version.enabled,
      ...(notBeforeMs === null ? {} : { nbf: seconds(notBeforeMs) }),
      ...(expiresAtMs === null ? {} : { exp: seconds(expiresAtMs) }),
      created: seconds(version.createdAtMs),
      updated: seconds(version.createdAtMs),
      ...recoveryOf(vault),
    },
  };
}

function deletedKey(vault: Vault, key: VaultKey & { deletedAtMs: number }): object {
  const latest = key.versions.at(-1);
  if (!latest) throw new AzureError('KeyNotFound', 'The key has no version.');
  return {
    ...keyBundle(vault, key, latest),
    recoveryId: `https://${vault.host}/deletedkeys/${key.name}`,
    deletedDate: Math.floor(key.deletedAtMs / 1_000),
    scheduledPurgeDate: Math.floor(purgeAtMs(key) / 1_000),
  };
}

function publicPart({ type, material }: KeyVersion): object {
  if (type === 'oct-HSM') return {};
  const { n, e, crv, x, y } = createPublicKey(material).export({ format: 'jwk' });
  return type.startsWith('RSA') ? { n, e } : { crv, x, y };
}
