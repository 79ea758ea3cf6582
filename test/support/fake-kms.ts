import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { DataKey } from '../../core/data-key.ts';
import type { EncryptionContext } from '../../core/encryption-context.ts';
import { CmkError } from '../../core/errors.ts';
import {
  KMS_CAUSES,
  KmsError,
  type DeletionProtection,
  type GeneratedDataKey,
  type KeyDescription,
  type KmsAdvice,
  type KmsCall,
  type KmsCause,
  type KmsProvider,
  type KmsQuota,
} from '../../broker/kms/provider.ts';
import { canaryKey } from './canaries.ts';

interface FakeKey {
  readonly material: KeyObject;
  state: KeyDescription['state'];
  usable: boolean;
  failure: KmsCause | null;
  deletion: DeletionProtection;
  /** Of one operation alone, or of some contexts. */
  denied: (context: EncryptionContext, operation: FakeCall['operation']) => boolean;
}

export interface FakeCall {
  readonly operation: 'generate' | 'wrap' | 'unwrap' | 'describe';
  readonly reference: string;
  readonly context: EncryptionContext;
}

const FRESH = {
  state: 'ENABLED',
  usable: true,
  failure: null,
  deletion: 'PROTECTED',
  denied: () => false,
} as const;

/** `mend CAUSE` for each. */
const FAKE_ADVICE = Object.fromEntries(
  [...Object.keys(KMS_CAUSES), 'WRONG_KIND', 'NOT_PROTECTED'].map((cause) => [cause, `mend ${cause}`]),
) as KmsAdvice;

/** A KMS in memory that binds contexts, knows key states and replicas, logs its calls, and can be held or broken. */
export class FakeKms implements KmsProvider {
  readonly advice = FAKE_ADVICE;
  readonly calls: FakeCall[] = [];
  /** Called within each call, e.g. to hold it or to let time pass. */
  onCall: (call: FakeCall) => Promise<void> | void = () => undefined;
  quota: KmsQuota | null = null;
  readonly #keys = new Map<string, FakeKey>();
  #held: Promise<void> | null = null;

  /** @returns the reference */
  createKey(name: string): string {
    return this.#add(`fake:${name}`, createSecretKey(randomBytes(32)));
  }

  /** The same key elsewhere. */
  replicate(reference: string, name: string): string {
    return this.#add(`fake:${name}`, this.key(reference).material);
  }

  /** To change its state, or to break it. */
  key(reference: string): FakeKey {
    const key = this.#keys.get(reference);
    if (!key) throw new Error(`no fake key ${reference}`);
    return key;
  }

  /** Calls from now on wait; the result lets them go on. */
  hold(): () => void {
    let release: () => void = () => undefined;
    this.#held = new Promise((resolve) => {
      release = () => {
        this.#held = null;
        resolve();
      };
    });
    return release;
  }

  count(operation: FakeCall['operation']): number {
    return this.calls.filter((call) => call.operation === operation).length;
  }

  /** Calls for assets: not the probes, which a slow machine has time for in the middle of a test. */
  uses(): FakeCall[] {
    return this.calls.filter(({ context }) => context['type'] !== 'Canary');
  }

  async generate(reference: string, context: EncryptionContext, call: KmsCall): Promise<GeneratedDataKey> {
    const key = await this.#use({ operation: 'generate', reference, context }, call);
    const dataKey = DataKey.take(canaryKey());
    return { dataKey, wrapped: seal(key.material, dataKey, context) };
  }

  async wrap(
    reference: string,
    dataKey: DataKey,
    context: EncryptionContext,
    call: KmsCall,
  ): Promise<Uint8Array> {
    const key = await this.#use({ operation: 'wrap', reference, context }, call);
    return seal(key.material, dataKey, context);
  }

  async unwrap(
    reference: string,
    wrapped: Uint8Array,
    context: EncryptionContext,
    call: KmsCall,
  ): Promise<DataKey> {
    const key = await this.#use({ operation: 'unwrap', reference, context }, call);
    return open(key.material, wrapped, context);
  }

  async describe(reference: string, call: KmsCall): Promise<KeyDescription> {
    const { operation, context } = { operation: 'describe', context: {} } as const;
    this.calls.push({ operation, reference, context });
    await this.#pause({ operation, reference, context }, call);
    const { state, usable, deletion, failure } = this.#find(reference);
    if (failure) throw new KmsError(failure, `made to fail with ${failure}`);
    return { state, usable, deletion };
  }

  parseReference(text: string): string {
    if (/^fake:[a-z0-9-]+$/.test(text)) return text;
    throw new CmkError('INVALID_ARGUMENT', `reference: expected fake:name, got ${JSON.stringify(text)}`);
  }

  identityOf(reference: string): string {
    return reference.replace(/-v\d+$/, '');
  }

  /** What stands before the last dash of a replica's name that ends in a number, e.g. `eu` in `fake:eu-1`. */
  regionOf(reference: string): string | null {
    return /^fake:(.+)-\d+$/.exec(reference)?.[1] ?? null;
  }

  placeOf(reference: string): string {
    return this.regionOf(reference) ?? 'nowhere';
  }

  quotaOf(): KmsQuota | null {
    return this.quota;
  }

  close(): void {
    this.calls.length = 0;
  }

  async #use(call: FakeCall, options: KmsCall): Promise<FakeKey> {
    this.calls.push(call);
    await this.#pause(call, options);
    const key = this.#find(call.reference);
    if (key.failure) throw new KmsError(key.failure, `made to fail with ${key.failure}`);
    if (key.state === 'DISABLED') throw new KmsError('KEY_DISABLED', 'the key is disabled');
    if (key.state === 'PENDING_DELETION') throw new KmsError('KEY_PENDING_DELETION', 'deletion is scheduled');
    if (key.state === 'UNAVAILABLE') throw new KmsError('UNREACHABLE', 'the key is unavailable');
    if (key.denied(call.context, call.operation))
      throw new KmsError('PERMISSION_REVOKED', 'the key policy does not allow it');
    return key;
  }

  async #pause(call: FakeCall, { timeoutMs }: KmsCall): Promise<void> {
    if (this.#held) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new KmsError('UNREACHABLE', 'no answer in time')), timeoutMs);
      });
      await Promise.race([this.#held, late]).finally(() => clearTimeout(timer));
    }
    await this.onCall(call);
  }

  #find(reference: string): FakeKey {
    const key = this.#keys.get(reference);
    if (!key) throw new KmsError('KEY_NOT_FOUND', 'no such key');
    return key;
  }

  #add(reference: string, material: KeyObject): string {
    const key: FakeKey = { material, ...FRESH };
    this.#keys.set(reference, key);
    return reference;
  }
}

function aad(context: EncryptionContext): Buffer {
  return Buffer.from(JSON.stringify(Object.entries(context).sort()));
}

function seal(material: KeyObject, dataKey: DataKey, context: EncryptionContext): Uint8Array {
  const iv = randomBytes(12);
  const plain = dataKey.copyBytes();
  const cipher = createCipheriv('aes-256-gcm', material, iv).setAAD(aad(context));
  const sealed = Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  plain.fill(0);
  return sealed;
}

function open(material: KeyObject, wrapped: Uint8Array, context: EncryptionContext): DataKey {
  const bytes = Buffer.from(wrapped);
  const decipher = createDecipheriv('aes-256-gcm', material, bytes.subarray(0, 12), { authTagLength: 16 })
    .setAAD(aad(context))
    .setAuthTag(bytes.subarray(-16));
  try {
    return DataKey.take(Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]));
  } catch (cause) {
    throw new KmsError('CONTEXT_MISMATCH', 'another context, or damaged', { cause });
  }
}
