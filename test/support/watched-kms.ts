import { randomBytes } from 'node:crypto';
import { DataKey } from '../../core/data-key.ts';
import type { EncryptionContext } from '../../core/encryption-context.ts';
import { DATA_KEY_BYTES } from '../../core/message-format.ts';
import type { GeneratedDataKey, KmsAdvice, KmsCall, KmsProvider } from '../../broker/kms/provider.ts';
import type { Clock } from '../../runtime/clock.ts';

/** The asset type that stands in the context of a key's canary. */
const CANARY_TYPE = 'Canary';

/** A real provider, and when it last allowed the use of a data key. Probes can be kept from it. */
export class WatchedKms implements KmsProvider {
  /** On the monotonic clock, when the call began. */
  lastAllowedMs = -Infinity;
  probesArrive = true;
  readonly #kms: KmsProvider;
  readonly #clock: Clock;

  constructor(kms: KmsProvider, clock: Clock) {
    this.#kms = kms;
    this.#clock = clock;
  }

  generate(reference: string, context: EncryptionContext, call: KmsCall): Promise<GeneratedDataKey> {
    return this.#noted(context, () => this.#kms.generate(reference, context, call));
  }

  unwrap(
    reference: string,
    wrapped: Uint8Array,
    context: EncryptionContext,
    call: KmsCall,
  ): Promise<DataKey> {
    if (context['type'] === CANARY_TYPE && !this.probesArrive) {
      // As if nothing had happened: the KMS is not asked, and the key looks well to whoever probes it.
      return Promise.resolve(DataKey.take(randomBytes(DATA_KEY_BYTES)));
    }
    return this.#noted(context, () => this.#kms.unwrap(reference, wrapped, context, call));
  }

  wrap(...parts: Parameters<KmsProvider['wrap']>): Promise<Uint8Array> {
    return this.#kms.wrap(...parts);
  }

  describe(...parts: Parameters<KmsProvider['describe']>): ReturnType<KmsProvider['describe']> {
    return this.#kms.describe(...parts);
  }

  get advice(): KmsAdvice {
    return this.#kms.advice;
  }

  parseReference(text: string): string {
    return this.#kms.parseReference(text);
  }

  identityOf(reference: string): string {
    return this.#kms.identityOf(reference);
  }

  regionOf(reference: string): string | null {
    return this.#kms.regionOf(reference);
  }

  placeOf(reference: string): string {
    return this.#kms.placeOf(reference);
  }

  quotaOf(...parts: Parameters<KmsProvider['quotaOf']>): ReturnType<KmsProvider['quotaOf']> {
    return this.#kms.quotaOf(...parts);
  }

  close(): void {
    this.#kms.close();
  }

  async #noted<T>(context: EncryptionContext, call: () => Promise<T>): Promise<T> {
    const startedAtMs = this.#clock.monotonicMs();
    const result = await call();
    if (context['type'] !== CANARY_TYPE) this.lastAllowedMs = startedAtMs;
    return result;
  }
}
