import type { DataKey } from '../../core/data-key.ts';
import type { EncryptionContext } from '../../core/encryption-context.ts';
import { CmkError, type ErrorCode } from '../../core/errors.ts';
import type { AssumedRole } from '../model/types.ts';

/**
 * A kind of KMS. One implementation a folder; each passes test/contracts/kms.ts.
 *
 * What an implementer promises:
 * - Every call ends by its deadline, or at once when the signal aborts, and leaves no socket or timer behind.
 * - Every failure is a {@link KmsError}; its message holds no key material and no token. Nothing else is thrown, but
 *   for CmkError CANCELLED when the caller's own signal aborted: that says nothing about the KMS.
 * - The context is bound: unwrapping under another context fails with CONTEXT_MISMATCH.
 * - No retries of its own: the caller decides by `retryable`.
 * - Returned data keys belong to the caller, who disposes of them.
 */
export interface KmsProvider {
  /** What the customer, or where it is theirs the operator, does next; a {@link KmsError} may bring a better one. */
  readonly advice: KmsAdvice;
  /** Makes a 256-bit data key under the key. */
  generate(reference: string, context: EncryptionContext, call: KmsCall): Promise<GeneratedDataKey>;
  /** Wraps an existing data key. */
  wrap(reference: string, dataKey: DataKey, context: EncryptionContext, call: KmsCall): Promise<Uint8Array>;
  /** Unwraps with exactly this key (or its replica), never with whatever key the blob names. */
  unwrap(reference: string, wrapped: Uint8Array, context: EncryptionContext, call: KmsCall): Promise<DataKey>;
  /** The key's state. Carries no context. */
  describe(reference: string, call: KmsCall): Promise<KeyDescription>;
  /**
   * Checks an identifier that a customer typed, without any I/O.
   * @throws CmkError INVALID_ARGUMENT that says what was expected
   */
  parseReference(text: string): string;
  /**
   * The one name of the key behind a reference: its versions and its replicas have the same. By it a key is known to
   * be another account's already, however it is called.
   */
  identityOf(reference: string): string;
  /** The region that a key is in, as the KMS names it; null where there are none. */
  regionOf(reference: string): string | null;
  /** What answers for the key, and falls silent as one: a region, a host, an HSM. Calls at a time are bounded by it. */
  placeOf(reference: string): string;
  /** What a call is counted against by the KMS; null where no quota is published. */
  quotaOf(reference: string, operation: KmsOperation): KmsQuota | null;
  /**
   * Checks the name of a role through which keys are reached, without any I/O. Absent, like {@link checkRole}, where
   * there are none such.
   * @param references of the keys, as {@link parseReference} returned them
   * @throws CmkError INVALID_ARGUMENT that says what was expected
   */
  parseRole?(text: string, references: readonly string[]): string;
  /**
   * Proves that the role lets the broker in with its external id, and neither without one nor with another: else any
   * customer could reach the key by naming the role.
   * @throws KmsError; CmkError INVALID_ARGUMENT when the role does not demand the external id
   */
  checkRole?(role: AssumedRole, reference: string, call: KmsCall): Promise<void>;
  /** Ends idle connections. Calls under way fail. */
  close(): void;
}

export type KmsOperation = 'generate' | 'wrap' | 'unwrap' | 'describe';

/** So many calls a second for all that share a scope, e.g. a region. */
export interface KmsQuota {
  readonly scope: string;
  readonly perSecond: number;
}

export interface KmsCall {
  /** Milliseconds until the call must have ended. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** As whom to call; a provider without roles is never given one. Default: as the broker itself. */
  readonly role?: AssumedRole;
}

export interface GeneratedDataKey {
  readonly dataKey: DataKey;
  readonly wrapped: Uint8Array;
}

export interface KeyDescription {
  readonly state: 'ENABLED' | 'DISABLED' | 'PENDING_DELETION' | 'UNAVAILABLE';
  /** Whether the key can wrap 256-bit data keys at all: kind, usage. */
  readonly usable: boolean;
  /** In words, for whoever enrols the key, e.g. `RSA-HSM 3072`; absent where the KMS does not say. */
  readonly kind?: string;
  /** In words, why the key is not ENABLED or not usable, where the provider knows more than that. */
  readonly reason?: string;
  /** What a deletion by mistake or malice costs; absent where the customer has no choice in it. */
  readonly deletion?: DeletionProtection;
}

/**
 * NONE: gone at once; RECOVERABLE: until somebody purges it; PROTECTED: nobody can shorten the waiting period, or, where
 * the KMS knows none, deleting takes a change of the key's settings first.
 */
export type DeletionProtection = 'NONE' | 'RECOVERABLE' | 'PROTECTED';

/** What can be wrong with a key that works: it is of another kind than is needed, or not PROTECTED. */
export type KeyFlaw = 'WRONG_KIND' | 'NOT_PROTECTED';

/** The closed set of reasons why a KMS call fails. */
export const KMS_CAUSES = {
  AUTH_FAILED: { code: 'KMS_AUTH_FAILED', customerDecision: false },
  PERMISSION_REVOKED: { code: 'KEY_PERMISSION_REVOKED', customerDecision: true },
  KEY_DISABLED: { code: 'KEY_DISABLED', customerDecision: true },
  KEY_PENDING_DELETION: { code: 'KEY_PENDING_DELETION', customerDecision: true },
  KEY_NOT_FOUND: { code: 'KEY_NOT_FOUND', customerDecision: true },
  CONTEXT_MISMATCH: { code: 'KMS_CONTEXT_MISMATCH', customerDecision: false },
  THROTTLED: { code: 'KMS_THROTTLED', customerDecision: false },
  UNREACHABLE: { code: 'KMS_UNREACHABLE', customerDecision: false },
  INVALID_RESPONSE: { code: 'KMS_INVALID_RESPONSE', customerDecision: false },
  ACCOUNT_ISSUE: { code: 'KMS_ACCOUNT_ISSUE', customerDecision: false },
} as const satisfies Record<string, { code: ErrorCode; customerDecision: boolean }>;

export type KmsCause = keyof typeof KMS_CAUSES;

/** What to do about each: sentences in the KMS's own words, with the names of its roles, pages and commands. */
export type KmsAdvice = Readonly<Record<KmsCause | KeyFlaw, string>>;

/** A failed KMS call, translated once, in its provider. */
export class KmsError extends CmkError {
  readonly kmsCause: KmsCause;
  /** How long the KMS asked to be left alone, milliseconds; null: it did not say. */
  readonly retryAfterMs: number | null;
  /** For this failure, better than its cause's; null: its cause's will do. For people, and not part of the message. */
  readonly advice: string | null;

  constructor(
    kmsCause: KmsCause,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number | null; advice?: string | null } = {},
  ) {
    const { retryAfterMs = null, advice = null, ...rest } = options;
    super(KMS_CAUSES[kmsCause].code, message, rest);
    this.kmsCause = kmsCause;
    this.retryAfterMs = retryAfterMs;
    this.advice = advice;
  }

  /** Whether the customer wanted this (revoked, disabled, deleted), as opposed to an outage. */
  get customerDecision(): boolean {
    return KMS_CAUSES[this.kmsCause].customerDecision;
  }

  /** Whether it is the context of this one call that did not fit: nothing that is known of the key. */
  get aboutThisContext(): boolean {
    return this.kmsCause === 'CONTEXT_MISMATCH';
  }
}
