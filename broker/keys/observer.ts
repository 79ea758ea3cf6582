import type { ErrorCode } from '../../core/errors.ts';
import type { CacheEvent } from '../../runtime/sealed-cache.ts';
import type { KmsCause } from '../kms/provider.ts';
import type { ProviderName } from '../model/types.ts';
import type { DenialReason } from '../policy/authorize.ts';

export type KmsOperation = 'generate' | 'unwrap' | 'describe';

/** What the use cases tell about themselves, for metrics and the log. No method may throw. */
export interface Observer {
  denied(reason: DenialReason): void;
  /** One KMS call came back, or never left because too many were waiting. */
  kmsCalled(
    provider: ProviderName,
    operation: KmsOperation,
    outcome: 'OK' | KmsCause,
    durationMs: number,
  ): void;
  cached(event: CacheEvent): void;
  revoked(reason: ErrorCode): void;
  auditWriteFailed(error: unknown): void;
  /** Work that nobody waits for failed; it is tried again by itself. */
  backgroundFailed(task: string, error: unknown): void;
}
