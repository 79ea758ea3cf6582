import type { FallbackPolicy } from '../model/types.ts';

/** Why the platform key does not stand in. */
export type NoFallbackReason = 'FALLBACK_OFF' | 'CUSTOMER_REFUSED' | 'NOT_ABOUT_THE_KEY';

/** How the customer's key failed to wrap, as far as it matters here. */
export interface WrapFailure {
  /** Disabled, deleted or denied: no outage. */
  readonly customerDecision: boolean;
  /** The KMS refused this one context, or answered nonsense about it; another asset may go through. */
  readonly aboutThisContext: boolean;
}

/**
 * Whether the platform key stands in for a customer's key that cannot wrap. By default in the source documents it does
 * so "for any reason"; a customer who wants their own refusal to be the last word chooses OUTAGE.
 * @returns null: it does. The limits of the policy are the store's to keep: it counts.
 */
export function refuseFallback(policy: FallbackPolicy, failure: WrapFailure): NoFallbackReason | null {
  if (policy.mode === 'OFF') return 'FALLBACK_OFF';
  if (failure.aboutThisContext) return 'NOT_ABOUT_THE_KEY';
  return policy.mode === 'OUTAGE' && failure.customerDecision ? 'CUSTOMER_REFUSED' : null;
}
