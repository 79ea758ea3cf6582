import type { DataKey } from '../core/data-key.ts';
import type { EncryptionContext } from '../core/encryption-context.ts';
import type { EncryptedDataKey } from '../core/header.ts';
import type { Protection__Output } from '../proto/types/cmk/v1/Protection.ts';

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
