import type { ErrorCode } from '../../core/errors.ts';
import type { CacheEvent } from '../../runtime/sealed-cache.ts';
import type { KmsCause, KmsOperation } from '../kms/provider.ts';
import type { ProviderName } from '../model/types.ts';
import type { GuardLimit } from './guard/call-guard.ts';
import type { DenialReason } from '../policy/authorize.ts';

export type { KmsOperation } from '../kms/provider.ts';

/**
 * What was done about KMSs that fail or are asked too much: a call refused by a limit, answered with a failure of a
 * moment ago (RESTING) or the refusal of a key that comes and goes too often (CLOSED), sent to another replica, or
 * repeated.
 */
export type KmsGuardEvent = GuardLimit | 'RESTING' | 'CLOSED' | 'FAILOVER' | 'RETRY';

/**
 * What became of data keys that a move came to: moved, not movable for a reason of their own, or changed by somebody
 * else meanwhile.
 */
export type MoveOutcome = 'MOVED' | 'FAILED' | 'OVERTAKEN';

/** What the use cases tell about themselves, for metrics and the log. No method may throw. */
export interface Observer {
  denied(reason: DenialReason): void;
  /** One KMS call came back. */
  kmsCalled(
    provider: ProviderName,
    operation: KmsOperation,
    outcome: 'OK' | KmsCause,
    durationMs: number,
  ): void;
  kmsGuarded(provider: ProviderName, event: KmsGuardEvent): void;
  cached(event: CacheEvent): void;
  /** A data key was made under the platform key in place of a customer key that failed so. */
  fellBack(cause: KmsCause): void;
  revoked(reason: ErrorCode): void;
  dataKeysMoved(outcome: MoveOutcome, count: number): void;
  auditWriteFailed(error: unknown): void;
  /** Work that nobody waits for failed; it is tried again by itself. */
  backgroundFailed(task: string, error: unknown): void;
}
