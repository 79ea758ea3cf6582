import { decryptBlob, encryptBlob, readBlob, type EncryptionContext } from './ciphertext.ts';
import { AwsError } from './errors.ts';
import { validation, type Input } from './input.ts';
import type { Key } from './key-store.ts';
import { authorize, authorizedKey, requireEnabled, type Call, type Operation } from './call.ts';

const MAX_PLAINTEXT_BYTES = 4_096;
const MAX_BLOB_BYTES = 6_144;
const ALGORITHM = 'SYMMETRIC_DEFAULT';

/** What uses a key. */
export const CRYPTOGRAPHIC_OPERATIONS = {
  GenerateDataKey: {
    fields: ['KeyId', 'EncryptionContext', 'KeySpec', 'NumberOfBytes'],
    readOnly: true,
    run(input, call) {
      const { key, dataKey, blob } = generate(input, call);
      const answer = {
        ...answerOf(key),
        Plaintext: dataKey.toString('base64'),
        CiphertextBlob: blob.toString('base64'),
      };
      dataKey.fill(0);
      return answer;
    },
  },

  GenerateDataKeyWithoutPlaintext: {
    fields: ['KeyId', 'EncryptionContext', 'KeySpec', 'NumberOfBytes'],
    readOnly: true,
    run(input, call) {
      const { key, dataKey, blob } = generate(input, call);
      dataKey.fill(0);
      return { ...answerOf(key), CiphertextBlob: blob.toString('base64') };
    },
  },

  Encrypt: {
    fields: ['KeyId', 'Plaintext', 'EncryptionContext', 'EncryptionAlgorithm'],
    readOnly: true,
    run(input, call) {
      input.oneOf('EncryptionAlgorithm', [ALGORITHM]);
      const context = input.encryptionContext();
      const key = usableKey(authorizedKey(input, call, context));
      const plaintext = input.bytes('Plaintext', MAX_PLAINTEXT_BYTES);
      const blob = seal(plaintext, key, context, call);
      plaintext.fill(0);
      return { KeyId: key.arn, CiphertextBlob: blob.toString('base64'), EncryptionAlgorithm: ALGORITHM };
    },
  },

  Decrypt: {
    fields: ['KeyId', 'CiphertextBlob', 'EncryptionContext', 'EncryptionAlgorithm'],
    readOnly: true,
    run(input, call) {
      input.oneOf('EncryptionAlgorithm', [ALGORITHM]);
      const context = input.encryptionContext();
      const blob = input.bytes('CiphertextBlob', MAX_BLOB_BYTES);
      const isPinned = input.text('KeyId') !== undefined;
      const key = usableKey(isPinned ? authorizedKey(input, call, context) : keyOfBlob(blob, call, context));
      const { keyId, materialVersion } = readBlob(blob);
      if (keyId !== key.keyId) {
        throw new AwsError(
          'IncorrectKeyException',
          'The key ID in the request does not identify a CMK that can perform this operation.',
        );
      }
      const material = key.family.materials[materialVersion - 1];
      if (!material) throw new AwsError('InvalidCiphertextException');
      call.materialVersion = materialVersion;
      const plaintext = decryptBlob(blob, material, { owner: key.account, context });
      const answer = {
        KeyId: key.arn,
        Plaintext: plaintext.toString('base64'),
        EncryptionAlgorithm: ALGORITHM,
      };
      plaintext.fill(0);
      return answer;
    },
  },
} as const satisfies Record<string, Operation>;

function generate(input: Input, call: Call): { key: Key; dataKey: Buffer; blob: Buffer } {
  const context = input.encryptionContext();
  const spec = input.oneOf('KeySpec', ['AES_256', 'AES_128']);
  const count = input.integer('NumberOfBytes', [1, 1_024]);
  if ((spec === undefined) === (count === undefined)) {
    throw validation('KeySpec', 'Please specify either number of bytes or key spec.');
  }
  const key = usableKey(authorizedKey(input, call, context));
  const dataKey = call.randomBytes(count ?? (spec === 'AES_256' ? 32 : 16));
  return { key, dataKey, blob: seal(dataKey, key, context, call) };
}

function seal(plaintext: Buffer, key: Key, context: EncryptionContext, call: Call): Buffer {
  const materialVersion = key.family.materials.length;
  const material = key.family.materials[materialVersion - 1];
  if (!material) throw new AwsError('KMSInternalException', 'the key has no material');
  call.materialVersion = materialVersion;
  return encryptBlob(
    plaintext,
    material,
    { keyId: key.keyId, materialVersion },
    { owner: key.account, context },
  );
}

function answerOf(key: Key): { KeyId: string } {
  return { KeyId: key.arn };
}

/** Without a KeyId, KMS takes the key that the blob names, in this region. */
function keyOfBlob(blob: Buffer, call: Call, context: EncryptionContext): Key {
  const key = call.keys.findById(readBlob(blob).keyId, call.region);
  if (!key) {
    throw new AwsError(
      'AccessDeniedException',
      'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.',
    );
  }
  return authorize(key, call, context);
}

function usableKey(key: Key): Key {
  requireEnabled(key);
  if (key.family.usage !== 'ENCRYPT_DECRYPT') {
    throw new AwsError('InvalidKeyUsageException', `${key.arn} key usage is ${key.family.usage}`);
  }
  return key;
}
