import { pipeline, Readable } from 'node:stream';
import type { Duplex } from 'node:stream';
import {
  AlgorithmSuiteIdentifier,
  buildClient,
  CommitmentPolicy,
  EncryptedDataKey,
  KeyringNode,
  KeyringTraceFlag,
} from '@aws-crypto/client-node';
import type { NodeDecryptionMaterial, NodeEncryptionMaterial } from '@aws-crypto/client-node';
import type { DataKey } from '../../core/data-key.ts';
import type { EncryptionContext } from '../../core/encryption-context.ts';
import type { EncryptedDataKey as OurEncryptedDataKey } from '../../core/header.ts';

const TRACE = { keyNamespace: 'test', keyName: 'test' };
const CLIENT = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);

/** Hands a given data key to the official client, as a KMS would have unwrapped it. */
class GivenDataKeyring extends KeyringNode {
  readonly #dataKey: DataKey;
  readonly #encryptedDataKeys: readonly OurEncryptedDataKey[];

  constructor(dataKey: DataKey, encryptedDataKeys: readonly OurEncryptedDataKey[] = []) {
    super();
    this.#dataKey = dataKey;
    this.#encryptedDataKeys = encryptedDataKeys;
  }

  override _onEncrypt(material: NodeEncryptionMaterial): Promise<NodeEncryptionMaterial> {
    material.setUnencryptedDataKey(this.#dataKey.copyBytes(), {
      ...TRACE,
      flags: KeyringTraceFlag.WRAPPING_KEY_GENERATED_DATA_KEY,
    });
    for (const { providerId, providerInfo, ciphertext } of this.#encryptedDataKeys) {
      material.addEncryptedDataKey(
        new EncryptedDataKey({
          providerId,
          providerInfo: Buffer.from(providerInfo).toString('utf8'),
          rawInfo: providerInfo,
          encryptedDataKey: ciphertext,
        }),
        KeyringTraceFlag.WRAPPING_KEY_ENCRYPTED_DATA_KEY,
      );
    }
    return Promise.resolve(material);
  }

  override _onDecrypt(material: NodeDecryptionMaterial): Promise<NodeDecryptionMaterial> {
    return Promise.resolve(
      material.setUnencryptedDataKey(this.#dataKey.copyBytes(), {
        ...TRACE,
        flags: KeyringTraceFlag.WRAPPING_KEY_DECRYPTED_DATA_KEY,
      }),
    );
  }
}

export interface OfficialOptions {
  readonly dataKey: DataKey;
  readonly context: EncryptionContext;
  readonly encryptedDataKeys: readonly OurEncryptedDataKey[];
  readonly frameBytes: number;
}

/** Seals with the published reference implementation. */
export async function officialSeal(plaintext: Uint8Array, options: OfficialOptions): Promise<Buffer> {
  const keyring = new GivenDataKeyring(options.dataKey, options.encryptedDataKeys);
  const { result } = await CLIENT.encrypt(keyring, plaintext, officialParameters(options));
  return result;
}

/** Seals a stream with the published reference implementation. */
export function officialSealStream(pieces: Iterable<Buffer>, options: OfficialOptions): Readable {
  const keyring = new GivenDataKeyring(options.dataKey, options.encryptedDataKeys);
  return through(pieces, CLIENT.encryptStream(keyring, officialParameters(options)));
}

/** Opens a stream with the published reference implementation. */
export function officialOpenStream(pieces: Iterable<Buffer>, dataKey: DataKey): Readable {
  return through(pieces, CLIENT.decryptStream(new GivenDataKeyring(dataKey)));
}

function through(pieces: Iterable<Buffer>, stream: Duplex): Duplex {
  // The error reaches whoever reads the stream.
  return pipeline(Readable.from(pieces), stream, () => undefined);
}

function officialParameters({ context, frameBytes }: OfficialOptions): {
  suiteId: AlgorithmSuiteIdentifier;
  encryptionContext: Record<string, string>;
  frameLength: number;
} {
  return {
    suiteId: AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY,
    encryptionContext: { ...context },
    frameLength: frameBytes,
  };
}

/** Opens with the published reference implementation. */
export async function officialOpen(
  sealed: Uint8Array,
  dataKey: DataKey,
): Promise<{ plaintext: Buffer; context: EncryptionContext }> {
  const { plaintext, messageHeader } = await CLIENT.decrypt(new GivenDataKeyring(dataKey), sealed);
  return { plaintext, context: { ...messageHeader.encryptionContext } };
}
