import type { DataKey } from '../core/data-key.ts';
import type { EncryptionContext } from '../core/encryption-context.ts';
import { CmkError } from '../core/errors.ts';
import type { EncryptedDataKey } from '../core/header.ts';
import type { Protection__Output } from '../proto/types/cmk/v1/Protection.ts';
import type { LeasedKey } from '../runtime/sealed-cache.ts';

/** What is known of a data key besides its bytes. */
export interface KeyFacts {
  readonly dataKeyId: string;
  readonly protection: Protection__Output;
  /** The key-encryption key's id at the broker: revocations name it. */
  readonly keyId: string;
  /** The same key as its KMS names it. */
  readonly keyInUse: string;
  readonly encryptionContext: EncryptionContext;
  /** For the header of what is sealed with it; empty for a key that only opens. */
  readonly encryptedDataKeys: readonly EncryptedDataKey[];
  /** A later revocation of `keyId` overrules the grant. */
  readonly position: number;
}

/** One stream's right to use a data key, for as long as the broker allows. */
export interface KeyLease {
  readonly dataKey: DataKey;
  readonly facts: KeyFacts;
  readonly source: 'cache' | 'load';
  /** Whether the key may be used now: to be asked before each use. */
  isCurrent(): boolean;
  /**
   * Asks for the right again, at the broker unless another stream just did.
   * @throws CmkError the broker's refusal, or BROKER_UNREACHABLE
   */
  renew(signal: AbortSignal): Promise<void>;
  /** Lets go of the key. */
  [Symbol.dispose](): void;
}

/** What a lease needs of those who gave it. */
export interface Lessor {
  nowMs(): number;
  renew(signal: AbortSignal): Promise<LeasedKey<KeyFacts>>;
  isRevoked(facts: KeyFacts): boolean;
  disposed(): void;
}

export class Lease implements KeyLease {
  readonly dataKey: DataKey;
  readonly source: 'cache' | 'load';
  facts: KeyFacts;
  /** Set from outside when a revocation arrives; a renewal may lift it. */
  revoked: boolean;
  #expiresAtMs: number;
  readonly #lessor: Lessor;

  constructor(key: LeasedKey<KeyFacts>, lessor: Lessor) {
    this.dataKey = key.dataKey;
    this.source = key.source;
    this.facts = key.meta;
    this.#expiresAtMs = key.expiresAtMs;
    this.#lessor = lessor;
    this.revoked = lessor.isRevoked(key.meta);
  }

  isCurrent(): boolean {
    return !this.revoked && this.#lessor.nowMs() < this.#expiresAtMs;
  }

  async renew(signal: AbortSignal): Promise<void> {
    const renewed = await this.#lessor.renew(signal);
    try {
      this.#checkSame(renewed);
    } finally {
      renewed.dataKey[Symbol.dispose]();
    }
    this.facts = renewed.meta;
    this.#expiresAtMs = renewed.expiresAtMs;
    this.revoked = this.#lessor.isRevoked(renewed.meta);
    if (!this.isCurrent()) throw new CmkError('KMS_UNREACHABLE', 'the lease ended while it was renewed');
  }

  [Symbol.dispose](): void {
    this.dataKey[Symbol.dispose]();
    this.#lessor.disposed();
  }

  #checkSame({ meta, dataKey }: LeasedKey<KeyFacts>): void {
    // `equals` compares in constant time.
    if (meta.dataKeyId === this.facts.dataKeyId && dataKey.keyObject.equals(this.dataKey.keyObject)) return;
    throw new CmkError('INTERNAL', 'the broker renewed the lease with another data key');
  }
}
