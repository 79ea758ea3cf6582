import { DataKey } from '../../../core/data-key.ts';
import type { EncryptionContext } from '../../../core/encryption-context.ts';
import { CmkError } from '../../../core/errors.ts';
import { DATA_KEY_BYTES } from '../../../core/message-format.ts';
import { withDeadline } from '../deadline.ts';
import {
  KmsError,
  type GeneratedDataKey,
  type KeyDescription,
  type KmsCall,
  type KmsProvider,
} from '../provider.ts';
import { OCI_ADVICE, type OciOperation } from './advice.ts';
import { OciClient, type KeyAnswer, type KeyState } from './client.ts';
import type { OciConfig, Realms } from './config.ts';
import { deleted, isAboutKey, keyError, toKmsError } from './errors.ts';
import type { OciCredentials } from './identity.ts';
import { parseKeyOcid, type OciKey } from './reference.ts';

const MAX_CIPHERTEXT_CHARS = 6_144;
/** OCI wants fewer, in each of the maps that carry the context. */
const CONTEXT_CHARS_LIMIT = 4_096;
const PRINTABLE = /^[\x21-\x7e]+$/;

const STATES: Readonly<Record<string, KeyDescription['state']>> = {
  ENABLED: 'ENABLED',
  DISABLED: 'DISABLED',
  DISABLING: 'DISABLED',
  PENDING_DELETION: 'PENDING_DELETION',
  SCHEDULING_DELETION: 'PENDING_DELETION',
};

/** OCI goes on to show what it has destroyed, for a while. */
const GONE: ReadonlySet<string> = new Set(['DELETING', 'DELETED']);

/**
 * OCI Vault. A reference is a key's OCID, from which the addresses of its vault follow; each call names exactly this
 * key. The wrapped key is OCI's ciphertext, which names the key's version itself.
 */
export class OciKmsProvider implements KmsProvider {
  readonly advice = OCI_ADVICE;
  readonly #client: OciClient;
  readonly #realms: Realms;

  /**
   * @param credentials default: as the configuration says
   * @throws CmkError CONFIG_INVALID when settings are missing
   */
  constructor(config: OciConfig, credentials: OciCredentials | null = null) {
    this.#client = new OciClient(config, credentials);
    this.#realms = config.ociRealms ?? new Map();
  }

  async generate(reference: string, context: EncryptionContext, call: KmsCall): Promise<GeneratedDataKey> {
    checkContext(context);
    // The answer names no key; that the ciphertext is this key's shows when it is first unwrapped.
    const answer = await this.#use('generate', reference, call, (key, signal) =>
      this.#client.generate(key, context, signal),
    );
    const dataKey = takeDataKey(answer.plaintext);
    try {
      return { dataKey, wrapped: wrappedKey(answer.ciphertext) };
    } catch (error) {
      dataKey[Symbol.dispose]();
      throw error;
    }
  }

  async wrap(
    reference: string,
    dataKey: DataKey,
    context: EncryptionContext,
    call: KmsCall,
  ): Promise<Uint8Array> {
    checkContext(context);
    const plaintext = dataKey.copyBytes();
    try {
      const answer = await this.#use('wrap', reference, call, (key, signal) =>
        this.#client.encrypt(key, plaintext, context, signal),
      );
      checkKey(answer.keyId, reference);
      return wrappedKey(answer.ciphertext);
    } finally {
      plaintext.fill(0);
    }
  }

  async unwrap(
    reference: string,
    wrapped: Uint8Array,
    context: EncryptionContext,
    call: KmsCall,
  ): Promise<DataKey> {
    checkContext(context);
    const ciphertext = Buffer.from(wrapped).toString('latin1');
    if (!PRINTABLE.test(ciphertext)) {
      throw new KmsError('CONTEXT_MISMATCH', 'the wrapped key is not one of this KMS');
    }
    const send = (key: OciKey, signal: AbortSignal) => this.#client.decrypt(key, ciphertext, context, signal);
    const answer = await this.#use('unwrap', reference, call, send);
    const dataKey = takeDataKey(answer.plaintext);
    try {
      checkKey(answer.keyId, reference);
      return dataKey;
    } catch (error) {
      dataKey[Symbol.dispose]();
      throw error;
    }
  }

  async describe(reference: string, call: KmsCall): Promise<KeyDescription> {
    const key = this.#parse(reference);
    try {
      const send = (signal: AbortSignal) => this.#client.getKey(key, signal);
      const state = await withDeadline(call, send, ignore);
      if (state.keyId === undefined) throw invalid('the key that was asked', 'none');
      checkKey(state.keyId, key.ocid);
      if (GONE.has(state.lifecycleState)) throw deleted();
      return descriptionOf(state);
    } catch (error) {
      throw toKmsError(error, 'describe');
    }
  }

  parseReference(text: string): string {
    return this.#parse(text).ocid;
  }

  identityOf(reference: string): string {
    return reference;
  }

  regionOf(reference: string): string {
    return this.#parse(reference).domains[0].split('.', 1)[0] ?? '';
  }

  placeOf(reference: string): string {
    return this.regionOf(reference);
  }

  /** OCI publishes none. */
  quotaOf(): null {
    return null;
  }

  close(): void {
    this.#client.close();
  }

  #parse(reference: string): OciKey {
    return parseKeyOcid(reference, this.#realms);
  }

  /** One use of the key, within the call's deadline. */
  async #use(
    operation: OciOperation,
    reference: string,
    call: KmsCall,
    send: (key: OciKey, signal: AbortSignal) => Promise<KeyAnswer>,
  ): Promise<KeyAnswer> {
    const key = this.#parse(reference);
    try {
      const work = (signal: AbortSignal) => this.#explained(key, operation, signal, send(key, signal));
      return await withDeadline(call, work, wipe);
    } catch (error) {
      throw toKmsError(error, operation);
    }
  }

  /** OCI has one refusal for every state that the key may be in, and for every kind: the key is asked which it is. */
  async #explained(
    key: OciKey,
    operation: OciOperation,
    signal: AbortSignal,
    sent: Promise<KeyAnswer>,
  ): Promise<KeyAnswer> {
    try {
      return await sent;
    } catch (error) {
      if (!isAboutKey(error, operation)) throw error;
      const state = await this.#client.getKey(key, signal).catch(() => null);
      throw state?.keyId === key.ocid ? keyError(state, error) : error;
    }
  }
}

function descriptionOf({ lifecycleState, algorithm, lengthBytes, protectionMode }: KeyState): KeyDescription {
  // A weaker key than what it wraps would be the weakest part of the whole.
  const usable = algorithm === 'AES' && lengthBytes === DATA_KEY_BYTES;
  const state = Object.hasOwn(STATES, lifecycleState) ? STATES[lifecycleState] : undefined;
  const kind = `${algorithm} ${lengthBytes * 8} ${protectionMode}`.trim();
  const reasons = [
    ...(lifecycleState === 'ENABLED' ? [] : [`the key is ${lifecycleState}`]),
    ...(usable ? [] : [`the key is of kind ${kind}, expected AES 256`]),
  ];
  return {
    state: state ?? 'UNAVAILABLE',
    usable,
    kind,
    ...(reasons.length === 0 ? {} : { reason: reasons.join('; ') }),
  };
}

/** @throws CmkError INVALID_ARGUMENT; contexts of assets are far below the limit */
function checkContext(context: EncryptionContext): void {
  const chars = JSON.stringify(context).length;
  if (chars < CONTEXT_CHARS_LIMIT) return;
  throw new CmkError(
    'INVALID_ARGUMENT',
    `encryption context: expected fewer than ${CONTEXT_CHARS_LIMIT} characters, got ${chars}`,
  );
}

function takeDataKey(plaintext: Buffer | undefined): DataKey {
  if (plaintext?.length === DATA_KEY_BYTES) return DataKey.take(plaintext);
  plaintext?.fill(0);
  throw invalid(`data key of ${DATA_KEY_BYTES} bytes`, plaintext ? `${plaintext.length} bytes` : 'none');
}

function wrappedKey(ciphertext: string | undefined): Uint8Array {
  const chars = ciphertext?.length ?? 0;
  if (ciphertext === undefined || chars > MAX_CIPHERTEXT_CHARS || !PRINTABLE.test(ciphertext)) {
    throw invalid(`wrapped key of 1 to ${MAX_CIPHERTEXT_CHARS} characters`, chars > 0 ? 'another' : 'none');
  }
  return new Uint8Array(Buffer.from(ciphertext, 'latin1'));
}

/** OCI's contract lets an answer leave its key unnamed. */
function checkKey(answered: string | undefined, reference: string): void {
  if (answered !== undefined && answered !== reference)
    throw invalid('the key that was asked', 'another key');
}

function invalid(expected: string, actual: string): KmsError {
  return new KmsError('INVALID_RESPONSE', `the KMS’s answer: expected ${expected}, got ${actual}`);
}

function wipe(late: KeyAnswer): void {
  late.plaintext?.fill(0);
}

function ignore(): void {
  // A description that comes too late holds nothing to wipe.
}
