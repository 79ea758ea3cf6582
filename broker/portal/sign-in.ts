import type { Clock } from '../../runtime/clock.ts';
import { auditEvent } from '../audit/audit-event.ts';
import type { Session } from '../model/sessions.ts';
import type { Store } from '../store/store.ts';
import { Attempts } from './attempt.ts';
import { readClaims, type ClaimedPerson } from './claims.ts';
import type { SignInConfig } from './config.ts';
import { IdentityProvider, type ProvedIdentity } from './identity-provider.ts';
import type { SignInObserver, SignInRefusal } from './observer.ts';
import { asProviderError, type ProviderError } from './provider-error.ts';
import type { SessionId } from './session-id.ts';
import { Sessions } from './sessions.ts';

export interface SignInOptions {
  readonly config: SignInConfig;
  readonly store: Pick<Store, 'sessions' | 'findAccount' | 'appendAudit'>;
  readonly clock: Clock;
  readonly observer: SignInObserver;
}

/** How a sign-in that came back from the provider ended. */
export type SignInEnd =
  | { readonly refusal: null; readonly id: SessionId; readonly returnTo: string }
  | { readonly refusal: SignInRefusal };

/** Who may come in, by the word of the OpenID Connect provider. */
export class SignIn {
  readonly sessions: Sessions;
  readonly config: SignInConfig;
  readonly #provider: IdentityProvider;
  readonly #attempts: Attempts;
  readonly #options: SignInOptions;

  constructor(options: SignInOptions) {
    const { config, store, clock } = options;
    this.config = config;
    this.#options = options;
    this.#provider = new IdentityProvider(config, clock);
    this.#attempts = new Attempts(config.clientSecret, clock);
    this.sessions = new Sessions({ ...config, store: store.sessions, clock });
  }

  /**
   * @param returnTo a path of the portal
   * @param again whether the provider must ask who it is
   * @returns where the browser goes, and what it keeps until it comes back
   * @throws ProviderError UNREACHABLE
   */
  async begin(returnTo: string, again: boolean): Promise<{ url: string; attempt: string }> {
    const attempt = IdentityProvider.newAttempt(returnTo);
    try {
      return { url: await this.#provider.signInUrl(attempt, again), attempt: this.#attempts.seal(attempt) };
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /**
   * @param query of the address that the provider sent the browser to
   * @param sealed what the browser kept
   * @param before the session that the browser has already
   * @throws CmkError STORE_UNAVAILABLE
   */
  async finish(query: string, sealed: string | undefined, before: SessionId | null): Promise<SignInEnd> {
    const attempt = sealed === undefined ? null : this.#attempts.open(sealed);
    const state = new URLSearchParams(query).get('state');
    // A second window overwrites what the first one kept: a newcomer's mistake, not an attack.
    if (attempt?.state !== state) return this.#refuse('STALE');
    let identity: ProvedIdentity;
    try {
      identity = await this.#provider.identity(query, attempt);
    } catch (error) {
      return { refusal: this.#failed(error).fault };
    }
    const person = await this.#known(readClaims(identity.claims, this.config.claims));
    if (person.refusal !== null) return this.#refuse(person.refusal);
    const { id } = await this.sessions.begin({ ...identity, ...person }, before);
    this.#options.observer.signIn('SIGNED_IN', null);
    return { refusal: null, id, returnTo: attempt.returnTo };
  }

  /**
   * Ends a session here.
   * @returns where the browser goes to end the provider's as well; null: the provider has no such place, or does not answer
   * @throws CmkError STORE_UNAVAILABLE
   */
  async signOut(id: SessionId, session: Session): Promise<string | null> {
    const idToken = await this.sessions.end(id, session);
    // What counts here is over already.
    return this.#provider.signOutUrl(idToken).catch((error: unknown) => {
      this.#failed(error);
      return null;
    });
  }

  /** Refuses who belongs to no account of ours. What is refused in an account’s name is in its ledger. */
  async #known(person: ClaimedPerson): Promise<ClaimedPerson | Unknown> {
    const { account } = person;
    const stored = account === null ? null : await this.#options.store.findAccount(account);
    if (account !== null && !stored) return person.refusal === null ? { refusal: 'ACCOUNT_UNKNOWN' } : person;
    if (person.refusal !== null && account !== null) await this.#record(person, person.refusal, account);
    return person;
  }

  async #record({ name }: ClaimedPerson, refusal: SignInRefusal, account: string): Promise<void> {
    const { store, clock } = this.#options;
    const actor = name ?? 'somebody without a usable name';
    const detail = `sign-in to the portal: ${refusal}`;
    await store.appendAudit([
      auditEvent(clock, { action: 'SIGN_IN', outcome: 'REFUSED', actor, account, detail }),
    ]);
  }

  #refuse(refusal: SignInRefusal): SignInEnd {
    this.#options.observer.signIn(refusal, null);
    return { refusal };
  }

  #failed(thrown: unknown): ProviderError {
    const error = asProviderError(thrown);
    this.#options.observer.signIn(error.fault, error.message);
    return error;
  }
}

interface Unknown {
  readonly refusal: 'ACCOUNT_UNKNOWN';
}
