import { timingSafeEqual } from 'node:crypto';
import type { DataKey } from '../../core/data-key.ts';
import type { EncryptionContext } from '../../core/encryption-context.ts';
import { CmkError, type ErrorCode } from '../../core/errors.ts';
import {
  KmsError,
  type GeneratedDataKey,
  type KeyDescription,
  type KeyFlaw,
  type KmsAdvice,
  type KmsCause,
} from '../kms/provider.ts';
import type { Canary } from '../model/types.ts';
import type { KmsCalls, KmsTarget } from './kms-calls.ts';

/** What is wrong with a key, and what to do about it. */
export interface Finding {
  readonly error: CmkError;
  readonly cause: KmsCause | KeyFlaw | ErrorCode;
  readonly advice: string | null;
}

const STATE_ERRORS = {
  DISABLED: ['KEY_DISABLED', 'the key is disabled'],
  PENDING_DELETION: ['KEY_PENDING_DELETION', 'the key’s deletion is scheduled'],
  UNAVAILABLE: ['UNREACHABLE', 'the key is unavailable'],
} as const satisfies Record<Exclude<KeyDescription['state'], 'ENABLED'>, readonly [KmsCause, string]>;

/**
 * What verification does with a key, one reference after the other, each method after those above it. They throw
 * what a KMS call throws, and return what else is wrong.
 */
export class KeyTrial {
  readonly #kms: KmsCalls;
  readonly #owner: Pick<KmsTarget, 'account' | 'provider' | 'role'>;
  readonly #context: EncryptionContext;
  /** Of the first reference. */
  #made: GeneratedDataKey | null = null;
  /** Of the reference at hand. */
  #description: KeyDescription | null = null;
  #rewrapped: Uint8Array | null = null;

  constructor(
    kms: KmsCalls,
    owner: Pick<KmsTarget, 'account' | 'provider' | 'role'>,
    context: EncryptionContext,
  ) {
    this.#kms = kms;
    this.#owner = owner;
    this.#context = context;
  }

  async describe(reference: string): Promise<null> {
    const description = await this.#kms.describe(this.#target(reference));
    const { state, reason } = description;
    if (state !== 'ENABLED') {
      const [cause, text] = STATE_ERRORS[state];
      throw new KmsError(cause, `expected an enabled key: ${reason ?? text}`);
    }
    this.#description = description;
    return null;
  }

  kind(advice: KmsAdvice): Finding | null {
    const { usable, reason, kind } = there(this.#description);
    if (usable) return null;
    const found = reason ?? (kind === undefined ? '' : `got ${kind}`);
    const text = 'expected a key for wrapping data keys of 256 bits';
    return flaw('WRONG_KIND', found === '' ? text : `${text}: ${found}`, advice);
  }

  deletionProtection(advice: KmsAdvice): Finding | null {
    const { deletion } = there(this.#description);
    if (deletion === undefined || deletion === 'PROTECTED') return null;
    const actual =
      deletion === 'NONE' ? 'it can be destroyed at once' : 'a deleted one can be purged at once';
    return flaw('NOT_PROTECTED', `expected a key that is protected against deletion: ${actual}`, advice);
  }

  async generate(reference: string): Promise<null> {
    const { dataKey, wrapped } = await this.#kms.generate(this.#target(reference), this.#context);
    if (this.#made) dataKey[Symbol.dispose]();
    else this.#made = { dataKey, wrapped };
    return null;
  }

  async wrap(reference: string): Promise<null> {
    const { dataKey } = there(this.#made);
    const { wrapped } = await this.#kms.wrap(this.#target(reference), dataKey, this.#context);
    this.#rewrapped = wrapped;
    return null;
  }

  async unwrap(reference: string): Promise<null> {
    const { dataKey: expected, wrapped } = there(this.#made);
    for (const each of [wrapped, there(this.#rewrapped)]) {
      const { dataKey } = await this.#kms.unwrap(this.#target(reference), each, this.#context);
      if (isSame(dataKey, expected)) continue;
      throw new KmsError('INVALID_RESPONSE', 'the key unwrapped another data key than it had wrapped');
    }
    return null;
  }

  /** Where the KMS shows contexts to policies, these refuse another account; where it does not, the seal does. */
  async unwrapWrongly(reference: string): Promise<null> {
    const { id = '', acct = '' } = this.#context;
    await this.#refuses(reference, { ...this.#context, id: `${id}-wrong` });
    await this.#refuses(reference, { ...this.#context, acct: `${acct}-wrong` });
    return null;
  }

  /** To be called when every step held. */
  canary(): Canary {
    return { wrapped: there(this.#made).wrapped, context: this.#context };
  }

  dispose(): void {
    this.#made?.dataKey[Symbol.dispose]();
  }

  /** Only a refusal proves that the context is bound; an outage proves nothing. */
  async #refuses(reference: string, wrong: EncryptionContext): Promise<void> {
    try {
      const { dataKey } = await this.#kms.unwrap(this.#target(reference), there(this.#made).wrapped, wrong);
      dataKey[Symbol.dispose]();
    } catch (error) {
      const refused =
        error instanceof KmsError && ['CONTEXT_MISMATCH', 'PERMISSION_REVOKED'].includes(error.kmsCause);
      if (refused) return;
      throw error;
    }
    throw new KmsError('INVALID_RESPONSE', 'the key unwrapped a data key under a wrong encryption context');
  }

  #target(reference: string): KmsTarget {
    const { account, provider, role } = this.#owner;
    return { account, provider, role, references: [reference], canary: null };
  }
}

function flaw(cause: KeyFlaw, message: string, advice: KmsAdvice): Finding {
  const metadata = { field: 'references' };
  return { error: new CmkError('INVALID_ARGUMENT', message, { metadata }), cause, advice: advice[cause] };
}

/** Disposes of the first. */
function isSame(actual: DataKey, expected: DataKey): boolean {
  const [actualBytes, expectedBytes] = [actual.copyBytes(), expected.copyBytes()];
  try {
    return timingSafeEqual(actualBytes, expectedBytes);
  } finally {
    actualBytes.fill(0);
    expectedBytes.fill(0);
    actual[Symbol.dispose]();
  }
}

function there<T>(value: T | null): T {
  if (value === null) throw new Error('a step of the verification ran before the one that it needs');
  return value;
}
