import * as oidc from 'openid-client';
import type { Clock } from '../../runtime/clock.ts';
import type { Attempt } from './attempt.ts';
import { fetchBounded } from './bounded-fetch.ts';
import type { Claims } from './claims.ts';
import type { SignInConfig } from './config.ts';
import { asProviderError, ProviderError } from './provider-error.ts';

/** After so long the provider is asked anew what it offers. Its keys are looked up again whenever one is unknown. */
const METADATA_MS = 60 * 60_000;
/** How far the provider's clock may be from ours, seconds. */
const CLOCK_TOLERANCE_S = 30;

/** An ID token whose signature, issuer, audience, times and nonce are as they must be. */
export interface ProvedIdentity {
  readonly claims: Claims;
  readonly issuer: string;
  readonly subject: string;
  /** As the provider sent it. */
  readonly idToken: string;
}

/** The OpenID Connect provider: code flow with PKCE, nonce and state. Every call to it has a deadline. */
export class IdentityProvider {
  readonly #config: SignInConfig;
  readonly #clock: Clock;
  #metadata: { readonly found: Promise<oidc.Configuration>; readonly untilMs: number } | null = null;

  constructor(config: SignInConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  get callbackUrl(): string {
    return `${this.#config.portalUrl}/sign-in/callback`;
  }

  static newAttempt(returnTo: string): Attempt {
    const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
    return { state, nonce, verifier: oidc.randomPKCECodeVerifier(), returnTo };
  }

  /**
   * Where somebody signs in.
   * @param again whether the provider must ask who it is, although it knows somebody
   * @throws ProviderError UNREACHABLE
   */
  async signInUrl({ state, nonce, verifier }: Attempt, again: boolean): Promise<string> {
    const parameters = {
      redirect_uri: this.callbackUrl,
      scope: this.#config.scopes,
      state,
      nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...(again && { prompt: 'login' }),
    };
    return oidc.buildAuthorizationUrl(await this.#discovered(), parameters).href;
  }

  /**
   * Who came back from it.
   * @param query as the browser brought it
   * @throws ProviderError
   */
  async identity(query: string, { state, nonce, verifier }: Attempt): Promise<ProvedIdentity> {
    const configuration = await this.#discovered();
    try {
      const answer = await oidc.authorizationCodeGrant(configuration, new URL(this.callbackUrl + query), {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      });
      const claims = answer.claims();
      if (!claims || !answer.id_token) throw new ProviderError('INVALID', 'no ID token came');
      return { claims, issuer: claims.iss, subject: claims.sub, idToken: answer.id_token };
    } catch (error) {
      throw asProviderError(error);
    }
  }

  /**
   * Where the provider ends its own session and sends the browser back from; null: it has no such place.
   * @throws ProviderError UNREACHABLE
   */
  async signOutUrl(idToken: string | null): Promise<string | null> {
    const configuration = await this.#discovered();
    if (configuration.serverMetadata().end_session_endpoint === undefined) return null;
    const parameters = {
      post_logout_redirect_uri: `${this.#config.portalUrl}/signed-out`,
      ...(idToken !== null && { id_token_hint: idToken }),
    };
    return oidc.buildEndSessionUrl(configuration, parameters).href;
  }

  #discovered(): Promise<oidc.Configuration> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#metadata && nowMs < this.#metadata.untilMs) return this.#metadata.found;
    const found = this.#discover();
    const metadata = { found, untilMs: nowMs + METADATA_MS };
    this.#metadata = metadata;
    // Those who ask at once share one failure; whoever comes later asks again.
    found.catch(() => {
      if (this.#metadata === metadata) this.#metadata = null;
    });
    return found;
  }

  async #discover(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret, timeoutMs } = this.#config;
    const client = { [oidc.clockTolerance]: CLOCK_TOLERANCE_S };
    const execute = [
      // Without it a token is believed because of the connection that it came over.
      oidc.enableNonRepudiationChecks,
      // The settings take such issuers on this machine alone.
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so that it stands out
      ...(issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : []),
    ];
    const options = { execute, timeout: timeoutMs / 1000, [oidc.customFetch]: fetchBounded };
    try {
      const authentication = authenticationWith(clientSecret.reveal());
      return await oidc.discovery(new URL(issuer), clientId, client, authentication, options);
    } catch (error) {
      const { message } = asProviderError(error);
      throw new ProviderError('UNREACHABLE', `cannot read what it offers: ${message}`);
    }
  }
}

/** In the header as OpenID Connect has it by default, or in the body where the provider takes it only there. */
function authenticationWith(secret: string): oidc.ClientAuth {
  const [basic, post] = [oidc.ClientSecretBasic(secret), oidc.ClientSecretPost(secret)];
  return (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const authenticate = methods.includes('client_secret_basic') ? basic : post;
    authenticate(server, client, body, headers);
  };
}
