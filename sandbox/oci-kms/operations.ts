import { crc32 } from 'node:zlib';
import { requireState, type Call, type Operation, type VaultApi } from './call.ts';
import { decryptText, encryptText, invalid, readCiphertext } from './ciphertext.ts';
import { OciError } from './errors.ts';
import type { Input } from './input.ts';
import type { Key } from './key-store.ts';

const DAY_MS = 86_400_000;
const MAX_PLAINTEXT_BYTES = 4_096;
const ALGORITHM = 'AES_256_GCM';

const OPERATIONS: readonly Operation[] = [
  {
    name: 'GenerateDataEncryptionKey',
    api: 'crypto',
    method: 'POST',
    path: '/generateDataEncryptionKey',
    permission: 'KEY_ENCRYPT',
    fields: ['keyId', 'keyShape', 'includePlaintextKey', 'associatedData', 'loggingContext'],
    run(key, input, call) {
      input.map('loggingContext');
      const dataKey = call.randomBytes(input.aesLength('keyShape'));
      const isShown = input.requiredFlag('includePlaintextKey');
      const { ciphertext } = seal(dataKey, key, input, call);
      const answer = { ciphertext, ...(isShown ? plaintextOf(dataKey) : {}) };
      dataKey.fill(0);
      return answer;
    },
  },
  {
    name: 'Encrypt',
    api: 'crypto',
    method: 'POST',
    path: '/encrypt',
    permission: 'KEY_ENCRYPT',
    fields: ['keyId', 'plaintext', 'associatedData', 'loggingContext', 'encryptionAlgorithm'],
    run(key, input, call) {
      input.map('loggingContext');
      input.oneOf('encryptionAlgorithm', [ALGORITHM]);
      const plaintext = input.base64('plaintext', MAX_PLAINTEXT_BYTES);
      const { ciphertext, versionId } = seal(plaintext, key, input, call);
      plaintext.fill(0);
      return { ciphertext, keyId: key.ocid, keyVersionId: versionId, encryptionAlgorithm: ALGORITHM };
    },
  },
  {
    name: 'Decrypt',
    api: 'crypto',
    method: 'POST',
    path: '/decrypt',
    permission: 'KEY_DECRYPT',
    fields: [
      'keyId',
      'ciphertext',
      'associatedData',
      'loggingContext',
      'encryptionAlgorithm',
      'keyVersionId',
    ],
    run(key, input, call) {
      input.map('loggingContext');
      input.oneOf('encryptionAlgorithm', [ALGORITHM]);
      usable(key);
      const ciphertext = input.requiredText('ciphertext');
      const { versionId } = readCiphertext(ciphertext);
      input.oneOf('keyVersionId', [versionId]);
      const version = key.versions.find((each) => each.ocid === versionId);
      if (!version) throw invalid();
      call.version = version;
      const binding = { owner: key.ocid, context: input.map('associatedData') };
      const plaintext = decryptText(ciphertext, version.material, binding);
      const answer = {
        ...plaintextOf(plaintext),
        keyId: key.ocid,
        keyVersionId: versionId,
        encryptionAlgorithm: ALGORITHM,
      };
      plaintext.fill(0);
      return answer;
    },
  },
  {
    name: 'GetKey',
    api: 'management',
    method: 'GET',
    path: '/keys/{keyId}',
    permission: 'KEY_READ',
    fields: [],
    run: describe,
  },
  {
    name: 'EnableKey',
    api: 'management',
    method: 'POST',
    path: '/keys/{keyId}/actions/enable',
    permission: 'KEY_UPDATE',
    fields: [],
    run(key) {
      requireState(key, ['DISABLED']).state = 'ENABLED';
      return describe(key);
    },
  },
  {
    name: 'DisableKey',
    api: 'management',
    method: 'POST',
    path: '/keys/{keyId}/actions/disable',
    permission: 'KEY_UPDATE',
    fields: [],
    run(key) {
      requireState(key, ['ENABLED']).state = 'DISABLED';
      return describe(key);
    },
  },
  {
    name: 'ScheduleKeyDeletion',
    api: 'management',
    method: 'POST',
    path: '/keys/{keyId}/actions/scheduleDeletion',
    permission: 'KEY_DELETE',
    fields: ['timeOfDeletion'],
    run(key, input, call) {
      requireState(key, ['ENABLED', 'DISABLED']);
      const atMs = input.date('timeOfDeletion') ?? call.nowMs + 30 * DAY_MS;
      if (atMs < call.nowMs + 7 * DAY_MS || atMs > call.nowMs + 30 * DAY_MS) {
        throw new OciError('InvalidParameter', 'timeOfDeletion must be 7 to 30 days from now');
      }
      key.state = 'PENDING_DELETION';
      key.deletionAtMs = atMs;
      return describe(key);
    },
  },
  {
    name: 'CancelKeyDeletion',
    api: 'management',
    method: 'POST',
    path: '/keys/{keyId}/actions/cancelDeletion',
    permission: 'KEY_DELETE',
    fields: [],
    run(key) {
      requireState(key, ['PENDING_DELETION']).state = 'ENABLED';
      key.deletionAtMs = null;
      return describe(key);
    },
  },
  {
    name: 'CreateKeyVersion',
    api: 'management',
    method: 'POST',
    path: '/keys/{keyId}/keyVersions',
    permission: 'KEY_ROTATE',
    fields: [],
    run(key, _input, call) {
      requireState(key, ['ENABLED']);
      call.version = call.keys.addVersion(key);
      return { id: call.version.ocid, keyId: key.ocid, vaultId: key.vault.ocid, lifecycleState: 'ENABLED' };
    },
  },
];

/** @throws OciError NotFound */
export function operationAt(
  api: VaultApi,
  method: string,
  path: string,
): { operation: Operation; keyId: string | null } {
  for (const operation of OPERATIONS) {
    if (operation.api !== api || operation.method !== method) continue;
    const [before = '', after] = operation.path.split('{keyId}');
    if (after === undefined && path === before) return { operation, keyId: null };
    if (after === undefined || !path.startsWith(before) || !path.endsWith(after)) continue;
    const keyId = path.slice(before.length, path.length - after.length);
    if (/^[a-z0-9.-]+$/.test(keyId)) return { operation, keyId };
  }
  throw new OciError('NotFound', `${method} ${path} does not exist at this ${api} endpoint`);
}

/** @throws Error */
export function operationNamed(name: string): Operation {
  const operation = OPERATIONS.find((each) => each.name === name);
  if (!operation) throw new Error(`operation: ${name} does not exist`);
  return operation;
}

function seal(
  plaintext: Buffer,
  key: Key,
  input: Input,
  call: Call,
): { ciphertext: string; versionId: string } {
  const version = usable(key).versions.at(-1);
  if (!version) throw new OciError('InternalServerError', 'the key has no version');
  call.version = version;
  const binding = { owner: key.ocid, context: input.map('associatedData') };
  return {
    ciphertext: encryptText(plaintext, version.material, version.ocid, binding),
    versionId: version.ocid,
  };
}

function usable(key: Key): Key {
  requireState(key, ['ENABLED']);
  if (key.shape.algorithm !== 'AES') throw new OciError('InvalidParameter', 'The key is not an AES key.');
  return key;
}

function plaintextOf(bytes: Buffer): object {
  return { plaintext: bytes.toString('base64'), plaintextChecksum: String(crc32(bytes)) };
}

function describe(key: Key): object {
  const { vault, shape } = key;
  return {
    id: key.ocid,
    compartmentId: vault.compartmentId,
    vaultId: vault.ocid,
    displayName: key.displayName,
    keyShape: { algorithm: shape.algorithm, length: shape.lengthBytes },
    protectionMode: 'HSM',
    lifecycleState: key.state,
    currentKeyVersion: key.versions.at(-1)?.ocid,
    timeCreated: new Date(key.createdAtMs).toISOString(),
    ...(key.deletionAtMs === null ? {} : { timeOfDeletion: new Date(key.deletionAtMs).toISOString() }),
    freeformTags: {},
    definedTags: {},
  };
}
