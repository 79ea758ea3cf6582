import type { ClaimedPerson } from './claims.ts';
import type { ProviderFault } from './provider-error.ts';

/** Why somebody was not let in. */
export type SignInRefusal =
  | NonNullable<ClaimedPerson['refusal']>
  | 'ACCOUNT_UNKNOWN'
  /** Begun too long ago, in another browser, or ended already. */
  | 'STALE'
  | ProviderFault;

/** What the sign-in tells about itself, for metrics and the log. No method may throw. */
export interface SignInObserver {
  /** @param detail for the log: no token, no claim; null: there is nothing to add */
  signIn(outcome: 'SIGNED_IN' | SignInRefusal, detail: string | null): void;
}
