import type { ErrorCode } from '../../core/errors.ts';
import type { Coverage, FallbackEpisode, FallbackPolicy, Kek, Protection } from '../model/types.ts';
import { decideKey } from './decide-key.ts';

const MS_PER_HOUR = 3_600_000;

/** Why the platform key does not stand in. */
export type NoFallbackReason = 'FALLBACK_OFF' | 'CUSTOMER_REFUSED' | 'NOT_ABOUT_THE_KEY' | StandInFailure;

/** Why it could not, although it was to. */
export type StandInFailure = 'PLATFORM_KEY_FAILED' | 'LIMITS_REACHED';

/** How a key failed to wrap, as far as it matters here. */
export interface WrapFailure {
  readonly code: ErrorCode;
  /** Disabled, deleted or denied: no outage. */
  readonly customerDecision: boolean;
  /** The KMS refused this one context, or answered nonsense about it; another asset may go through. */
  readonly aboutThisContext: boolean;
}

/** What was tried for a new data key so far, in vain; null: not yet. */
export interface Failed {
  /** With the key that the coverage decides on. */
  readonly chosen: WrapFailure | null;
  /** With the platform key in its place. */
  readonly standIn: StandInFailure | null;
}

export const NOTHING_FAILED = { chosen: null, standIn: null } as const satisfies Failed;

/** What comes next for a new data key: a key to try, or the end. */
export type NextStep =
  | {
      readonly kind: 'TRY';
      readonly kek: Kek;
      readonly protection: Protection;
      /** For the ledger. */
      readonly reason: string;
      /** The customer's key, when this is the platform's because that one failed. */
      readonly inPlaceOf: Kek | null;
    }
  /** What the service is told besides the failure; empty where the platform's own key failed for its own assets. */
  | { readonly kind: 'NOT_STORED'; readonly metadata: Readonly<Record<string, string>> };

/**
 * Which key a new data key is made under, and what follows when that fails. By default in the source documents the
 * platform key stands in "for any reason"; a customer who wants their own refusal to be the last word chooses OUTAGE.
 * When it does not, or cannot, nothing is stored, and the service is told what the account wants then.
 */
export function nextStep(coverage: Coverage, platformKek: Kek, { chosen, standIn }: Failed): NextStep {
  const decision = decideKey(coverage, platformKek);
  if (!chosen) return { kind: 'TRY', ...decision, inPlaceOf: null };
  if (decision.protection !== 'CUSTOMER_KEY') return { kind: 'NOT_STORED', metadata: {} };
  const fallback = standIn ?? refuseFallback(coverage.fallback, chosen);
  if (fallback) return { kind: 'NOT_STORED', metadata: { on_failure: coverage.onFailure, fallback } };
  const reason = `FALLBACK: ${chosen.code}`;
  return { kind: 'TRY', kek: platformKek, protection: 'FALLBACK_KEY', reason, inPlaceOf: decision.kek };
}

function refuseFallback(policy: FallbackPolicy, failure: WrapFailure): NoFallbackReason | null {
  if (policy.mode === 'OFF') return 'FALLBACK_OFF';
  if (failure.aboutThisContext) return 'NOT_ABOUT_THE_KEY';
  return policy.mode === 'OUTAGE' && failure.customerDecision ? 'CUSTOMER_REFUSED' : null;
}

/**
 * Whether an episode takes one asset more.
 * @param at UNIX milliseconds
 */
export function isWithinLimits(
  { maxHours, maxAssets }: FallbackPolicy,
  { startedAt, assets }: Pick<FallbackEpisode, 'startedAt' | 'assets'>,
  at: number,
): boolean {
  const inTime = maxHours === null || at < startedAt + maxHours * MS_PER_HOUR;
  return inTime && (maxAssets === null || assets < maxAssets);
}
