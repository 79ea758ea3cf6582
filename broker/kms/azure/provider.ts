import { randomBytes } from 'node:crypto';
import type { DataKey } from '../../../core/data-key.ts';
import type { EncryptionContext } from '../../../core/encryption-context.ts';
import { withDeadline } from '../deadline.ts';
import { generateHere } from '../generate-here.ts';
import {
  KmsError,
  type GeneratedDataKey,
  type KeyDescription,
  type KmsCall,
  type KmsProvider,
  type KmsQuota,
} from '../provider.ts';
import { AZURE_ADVICE } from './advice.ts';
import { ONE_TIME_KEY_BYTES, openBlob, parseBlob, sealBlob, type WrapAlgorithm } from './blob.ts';
import { AzureClients } from './client.ts';
import type { AzureConfig } from './config.ts';
import { createCredential, identityOptions, SharedCredential, type MakeCredential } from './credential.ts';
import { describeKey, isOct } from './description.ts';
import { mismatch, pendingDeletion, toKmsError, type AzureOperation } from './errors.ts';
import { formatKeyId, parseKeyId, type Cloud, type KeyId } from './reference.ts';
import { AzureTransport } from './transport.ts';

const MAX_REMEMBERED_ALGORITHMS = 4_096;
/** Of a vault, for RSA keys of 2048 bits in its HSM. Longer ones have less, software ones more: its 429s tell. */
const CALLS_PER_SECOND = 200;

/**
 * Azure Key Vault and Managed HSM. A reference is a key's identifier; without a version it follows the customer's
 * rotation. The data key is made here, and sealed with its context under a one-time key that the vault wraps.
 */
export class AzureKmsProvider implements KmsProvider {
  readonly advice = AZURE_ADVICE;
  readonly #cloud: Cloud;
  readonly #clients: AzureClients;
  /** How keys of Managed HSMs wrap, by reference. */
  readonly #algorithms = new Map<string, WrapAlgorithm>();

  /** @param makeCredential called at the first use; default: as the settings say */
  constructor(config: AzureConfig, makeCredential?: MakeCredential) {
    const transport = new AzureTransport(config);
    const make = makeCredential ?? ((options) => createCredential(config, options));
    const credential = new SharedCredential(() => make(identityOptions(config, transport)));
    this.#cloud = config.azureCloud;
    this.#clients = new AzureClients(credential, transport);
  }

  generate(reference: string, context: EncryptionContext, call: KmsCall): Promise<GeneratedDataKey> {
    return generateHere((dataKey) => this.wrap(reference, dataKey, context, call));
  }

  async wrap(
    reference: string,
    dataKey: DataKey,
    context: EncryptionContext,
    call: KmsCall,
  ): Promise<Uint8Array> {
    const id = this.#parse(reference);
    const oneTimeKey = randomBytes(ONE_TIME_KEY_BYTES);
    try {
      return await this.#run(call, 'wrap', id, async (signal) => {
        const algorithm = await this.#algorithm(id, signal);
        const { keyId, bytes } = await this.#clients.wrapKey(id, algorithm, oneTimeKey, signal);
        const answered = this.#checkKey(keyId, id);
        return sealBlob(
          { algorithm, keyId: answered, wrappedKey: checkWrapped(bytes) },
          oneTimeKey,
          dataKey,
          context,
        );
      });
    } catch (error) {
      this.#algorithms.delete(reference);
      throw error;
    } finally {
      oneTimeKey.fill(0);
    }
  }

  async unwrap(
    reference: string,
    wrapped: Uint8Array,
    context: EncryptionContext,
    call: KmsCall,
  ): Promise<DataKey> {
    const id = this.#parse(reference);
    return await this.#run(
      call,
      'unwrap',
      id,
      async (signal) => {
        const blob = parseBlob(wrapped);
        const wrappedWith = this.#versionOf(blob.keyId, id) ?? (await this.#refuse(id, signal));
        const { keyId, bytes } = await this.#clients.unwrapKey(
          wrappedWith,
          blob.algorithm,
          blob.wrappedKey,
          signal,
        );
        try {
          this.#checkKey(keyId, wrappedWith);
          return openBlob(blob, checkOneTimeKey(bytes), context);
        } finally {
          bytes?.fill(0);
        }
      },
      (late) => late[Symbol.dispose](),
    );
  }

  async describe(reference: string, call: KmsCall): Promise<KeyDescription> {
    const id = this.#parse(reference);
    try {
      return await this.#run(call, 'get', id, async (signal) => {
        const key = await this.#clients.getKey(id, signal);
        this.#checkKey(key.id, id);
        return describeKey(key, id, Date.now());
      });
    } catch (error) {
      // A vault that refuses to show a key in such a state has told its state.
      if (!(error instanceof KmsError)) throw error;
      if (error.kmsCause === 'KEY_DISABLED')
        return { state: 'DISABLED', usable: true, reason: error.message };
      if (error.kmsCause !== 'KEY_PENDING_DELETION') throw error;
      return { state: 'PENDING_DELETION', usable: true, reason: error.message };
    }
  }

  parseReference(text: string): string {
    return formatKeyId(parseKeyId(text, this.#cloud));
  }

  identityOf(reference: string): string {
    return formatKeyId({ ...parseKeyId(reference, this.#cloud), version: null });
  }

  /** A vault's name does not tell where it is. */
  regionOf(): null {
    return null;
  }

  placeOf(reference: string): string {
    return this.#parse(reference).host;
  }

  quotaOf(reference: string): KmsQuota {
    return { scope: parseKeyId(reference, this.#cloud).host, perSecond: CALLS_PER_SECOND };
  }

  close(): void {
    this.#clients.close();
  }

  #parse(reference: string): KeyId {
    return parseKeyId(reference, this.#cloud);
  }

  async #run<T>(
    call: KmsCall,
    operation: AzureOperation,
    id: KeyId,
    work: (signal: AbortSignal) => Promise<T>,
    discard: (late: T) => void = () => undefined,
  ): Promise<T> {
    const explained = async (signal: AbortSignal): Promise<T> => {
      try {
        return await work(signal);
      } catch (error) {
        const translated = toKmsError(error, operation);
        const missing = translated instanceof KmsError && translated.kmsCause === 'KEY_NOT_FOUND';
        throw missing && isMissing(error)
          ? await this.#whyMissing(translated, operation, id, signal)
          : translated;
      }
    };
    return await withDeadline(call, explained, discard);
  }

  /** A vault says of a deleted key, and of a version that another vault has, only that there is none. */
  async #whyMissing(
    error: KmsError,
    operation: AzureOperation,
    id: KeyId,
    signal: AbortSignal,
  ): Promise<KmsError> {
    try {
      await this.#clients.getDeletedKey(id, signal);
      return pendingDeletion(error);
    } catch {
      if (operation !== 'unwrap') return error;
    }
    try {
      await this.#clients.getKey(id, signal);
      return mismatch(error);
    } catch {
      return error;
    }
  }

  /** Vaults hold no symmetric keys; in a Managed HSM one has to look. */
  async #algorithm(id: KeyId, signal: AbortSignal): Promise<WrapAlgorithm> {
    if (!id.managedHsm) return 'RSA-OAEP-256';
    const reference = formatKeyId(id);
    const known = this.#algorithms.get(reference);
    if (known) return known;
    const key = await this.#clients.getKey(id, signal);
    const algorithm = isOct(key.keyType) ? 'A256KW' : 'RSA-OAEP-256';
    if (this.#algorithms.size >= MAX_REMEMBERED_ALGORITHMS) this.#algorithms.clear();
    this.#algorithms.set(reference, algorithm);
    return algorithm;
  }

  /**
   * The version to unwrap with: of this very key, never of whatever key the blob names. The vault may be another one:
   * a key that was restored from a backup keeps its name and its versions.
   * @returns null when another key wrapped
   */
  #versionOf(wrappedWith: string, id: KeyId): KeyId | null {
    const { name, version } = this.#tryParse(wrappedWith) ?? {};
    if (name !== id.name || version == null) return null;
    return id.version === null || id.version === version ? { ...id, version } : null;
  }

  /** A key that is gone or closed has a cause that says more than that the blob is another key's. */
  async #refuse(id: KeyId, signal: AbortSignal): Promise<never> {
    await this.#clients.getKey(id, signal);
    throw mismatch();
  }

  /** @returns the versioned identifier */
  #checkKey(answered: string | undefined, asked: KeyId): string {
    const id = answered === undefined ? null : this.#tryParse(answered);
    const same =
      id?.host === asked.host && id.name === asked.name && (asked.version ?? id.version) === id.version;
    if (!id || !same || id.version === null)
      throw invalid('the key that was asked', answered ? 'another key' : 'none');
    return formatKeyId(id);
  }

  #tryParse(text: string): KeyId | null {
    try {
      return parseKeyId(text, this.#cloud);
    } catch {
      return null;
    }
  }
}

function checkWrapped(bytes: Uint8Array | undefined): Uint8Array {
  if (bytes && bytes.length >= 40 && bytes.length <= 512) return bytes;
  throw invalid('a wrapped key of 40 to 512 bytes', bytes ? `${bytes.length} bytes` : 'none');
}

function checkOneTimeKey(bytes: Uint8Array | undefined): Uint8Array {
  if (bytes?.length === ONE_TIME_KEY_BYTES) return bytes;
  throw invalid(`a key of ${ONE_TIME_KEY_BYTES} bytes`, bytes ? `${bytes.length} bytes` : 'none');
}

function invalid(expected: string, actual: string): KmsError {
  return new KmsError('INVALID_RESPONSE', `the vault’s answer: expected ${expected}, got ${actual}`);
}

function isMissing(error: unknown): boolean {
  return (error as { statusCode?: unknown }).statusCode === 404;
}
