import { CmkError, isErrorCode } from '../core/errors.ts';
import type { Clock } from '../runtime/clock.ts';

/** A key-encryption key that may not be used any more, by grants from before this position. */
export interface Revoked {
  readonly keyId: string;
  readonly position: number;
  /** An error code. */
  readonly reason: string;
}

/** Longer than any grant from before a revocation can arrive and last. */
const REMEMBERED_MS = 600_000;
const MAX_REMEMBERED = 10_000;

/** The latest revocation of each key-encryption key, for as long as a grant older than it may turn up. */
export class Revocations {
  readonly #clock: Clock;
  /** In the order of arrival. */
  readonly #byKey = new Map<string, Revoked & { readonly seenAtMs: number }>();
  #position = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(revoked: Revoked): void {
    this.#position = Math.max(this.#position, revoked.position);
    const nowMs = this.#clock.monotonicMs();
    const position = Math.max(revoked.position, this.#byKey.get(revoked.keyId)?.position ?? 0);
    this.#byKey.delete(revoked.keyId);
    this.#byKey.set(revoked.keyId, { ...revoked, position, seenAtMs: nowMs });
    for (const [keyId, { seenAtMs }] of this.#byKey) {
      if (nowMs - seenAtMs < REMEMBERED_MS && this.#byKey.size <= MAX_REMEMBERED) break;
      this.#byKey.delete(keyId);
    }
  }

  /** The newest position seen; 0: none. */
  get position(): number {
    return this.#position;
  }

  /** Whether a grant was overtaken by a revocation. */
  overrules(grant: { keyId: string; position: number }): boolean {
    return grant.position < (this.#byKey.get(grant.keyId)?.position ?? 0);
  }

  /** What to refuse an overruled grant with; null if it stands. */
  refusal(grant: { keyId: string; position: number }): CmkError | null {
    if (!this.overrules(grant)) return null;
    const reason = this.#byKey.get(grant.keyId)?.reason ?? '';
    return new CmkError(isErrorCode(reason) ? reason : 'KEY_PERMISSION_REVOKED', 'the key was taken away');
  }
}
