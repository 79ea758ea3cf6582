import type { FastifyRequest } from 'fastify';
import type { Clock } from '../../runtime/clock.ts';
import type { Secret } from '../../runtime/config.ts';
import type { Principal, PrincipalVia } from '../model/principal.ts';
import type { SignInConfig } from '../portal/config.ts';
import type { SignInObserver } from '../portal/observer.ts';
import { sessionAuthenticator, shownSession } from '../portal/session-cookie.ts';
import { SignIn } from '../portal/sign-in.ts';
import type { Store } from '../store/store.ts';
import { ApiTokens, isApiToken } from './api-tokens.ts';
import { AttemptLimit } from './attempt-limit.ts';
import { apiToken, bearerToken, operatorToken, type Authenticator } from './authenticators.ts';

/** What finding out who sends requests tells about itself. No method may throw. */
export interface AuthenticationObserver extends SignInObserver {
  /** `LIMITED`: not looked at, after too many that were not valid. */
  authenticated(via: PrincipalVia, outcome: 'ACCEPTED' | 'REFUSED' | 'LIMITED'): void;
}

/** All the ways to show who sends a request. */
export interface Authentication {
  readonly apiTokens: ApiTokens;
  /** Null: nobody signs in with a browser. */
  readonly signIn: SignIn | null;
  readonly authenticators: readonly Authenticator[];
}

export interface AuthenticationOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly observer: AuthenticationObserver;
  readonly config: { readonly adminToken: Secret; readonly signIn: SignInConfig | null };
}

export function createAuthentication({
  store,
  clock,
  observer,
  config,
}: AuthenticationOptions): Authentication {
  const apiTokens = new ApiTokens({ store, clock });
  const signIn = config.signIn && new SignIn({ config: config.signIn, store, clock, observer });
  const ways = [operatorToken(config.adminToken), apiToken(apiTokens)];
  if (signIn) ways.push(sessionAuthenticator(signIn));
  const limit = new AttemptLimit(clock);
  const sessionOf = (request: FastifyRequest) => (signIn ? shownSession(signIn, request) : undefined);
  return { apiTokens, signIn, authenticators: [limited(ways, { limit, sessionOf, observer })] };
}

interface Limits {
  readonly limit: AttemptLimit;
  /** What a request shows as its session; undefined: nothing. */
  readonly sessionOf: (request: FastifyRequest) => string | undefined;
  readonly observer: AuthenticationObserver;
}

/**
 * Asks authenticators in turn, counts what came of it, and limits those who guess. A request that shows nothing is not
 * counted.
 */
function limited(ways: readonly Authenticator[], { limit, sessionOf, observer }: Limits): Authenticator {
  return async (request): Promise<Principal | null> => {
    const token = bearerToken(request);
    const shown = token ?? sessionOf(request);
    if (shown === undefined) return null;
    const via = token === null ? 'SESSION' : isApiToken(token) ? 'API_TOKEN' : 'OPERATOR_TOKEN';
    try {
      limit.check(request.ip);
    } catch (error) {
      observer.authenticated(via, 'LIMITED');
      throw error;
    }
    for (const way of ways) {
      const principal = await way(request);
      if (!principal) continue;
      observer.authenticated(via, 'ACCEPTED');
      return principal;
    }
    observer.authenticated(via, 'REFUSED');
    limit.failed(request.ip, shown);
    return null;
  };
}
