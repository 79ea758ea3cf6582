import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import Provider, { type Configuration, type JWK } from 'oidc-provider';
import { readBody, send } from '../emulation/answer.ts';
import { LoopbackServer } from '../emulation/loopback-server.ts';
import { memoryAdapters } from './memory-adapter.ts';
import { errorPage, pickPage, signedOutPage, signOutPage } from './pages.ts';
import { claimsOf, SANDBOX_USERS, type SandboxUser } from './users.ts';

const MAX_FORM_BYTES = 4_096;
const HOUR_S = 3_600;

export interface IdentityProviderOptions {
  /** 0: any. */
  readonly port: number;
  /** Where the portal is: an origin. */
  readonly portalUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Default: {@link SANDBOX_USERS}. */
  readonly users?: readonly SandboxUser[];
}

/** An OpenID Connect provider on this machine, without passwords: whoever comes picks who they are. */
export interface RunningIdentityProvider {
  readonly issuer: string;
  /** Away: nobody answers at its address. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function startIdentityProvider(
  options: IdentityProviderOptions,
): Promise<RunningIdentityProvider> {
  const { users = SANDBOX_USERS } = options;
  let handle = (_: IncomingMessage, response: ServerResponse): Promise<unknown> =>
    Promise.resolve(response.destroy());
  const server = new LoopbackServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      const body = errorPage('server_error', error instanceof Error ? error.message : 'unknown');
      send(response, { status: 500, headers: HTML, body });
    });
  }, options);
  await server.start();
  // Its name is where it is.
  const issuer = server.url;
  const provider = new Provider(issuer, configuration(options, users));
  const protocol = provider.callback();
  handle = (request, response) =>
    request.url?.startsWith('/interaction/')
      ? interact(provider, users, request, response)
      : protocol(request, response);
  return {
    issuer,
    stop: () => server.stop(),
    start: () => server.start(),
    close: () => server.stop(),
  };
}

const HTML = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' };

function configuration(
  { portalUrl, clientId, clientSecret }: IdentityProviderOptions,
  users: readonly SandboxUser[],
): Configuration {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    adapter: memoryAdapters(),
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [`${portalUrl}/sign-in/callback`],
        post_logout_redirect_uris: [`${portalUrl}/signed-out`],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    jwks: { keys: [{ ...(privateKey.export({ format: 'jwk' }) as JWK), use: 'sig', alg: 'ES256' }] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    claims: {
      openid: ['sub'],
      profile: ['name', 'roles', 'cmk_account'],
      email: ['email', 'email_verified'],
    },
    // Into ID tokens, as the providers that people know do it.
    conformIdTokenClaims: false,
    ttl: {
      Interaction: HOUR_S,
      Session: 8 * HOUR_S,
      Grant: 8 * HOUR_S,
      AccessToken: HOUR_S,
      IdToken: HOUR_S,
    },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount(_, id) {
      const user = users.find((each) => each.id === id);
      return user && { accountId: id, claims: () => claimsOf(user) };
    },
    // Nobody is asked whether the portal may know who they are.
    async loadExistingGrant({ oidc }) {
      const { client, account, provider, session } = oidc;
      if (!client || !account) return undefined;
      const known = session?.grantIdFor(client.clientId);
      const grant =
        (known === undefined ? undefined : await provider.Grant.find(known)) ??
        new provider.Grant({ clientId: client.clientId, accountId: account.accountId });
      grant.addOIDCScope('openid profile email');
      await grant.save();
      return grant;
    },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => void (ctx.body = signOutPage(form)),
        postLogoutSuccessSource: (ctx) => void (ctx.body = signedOutPage()),
      },
    },
    renderError(ctx, { error, error_description: description = '' }) {
      ctx.type = 'html';
      ctx.body = errorPage(error, description);
    },
  };
}

/** Shows who can be picked, and takes the pick. */
async function interact(
  provider: Provider,
  users: readonly SandboxUser[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'POST') {
    await provider.interactionDetails(request, response);
    send(response, { status: 200, headers: HTML, body: pickPage(users, request.url ?? '') });
    return;
  }
  const tooLarge = () => new Error(`expected a form of at most ${MAX_FORM_BYTES} bytes`);
  const form = new URLSearchParams((await readBody(request, MAX_FORM_BYTES, tooLarge)).toString('utf8'));
  const user = users.find(({ id }) => id === form.get('user'));
  const result = user
    ? { login: { accountId: user.id } }
    : { error: 'access_denied', error_description: 'nobody was picked' };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}
