import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';

type Claims = Readonly<Record<string, unknown>>;

/** An OpenID Connect provider that answers whatever a test wants. */
export interface ForgingProvider {
  readonly issuer: string;
  /** What the token endpoint gives as ID token. */
  idToken: () => string;
  /** Answers in place of the provider; false: it answers as ever. */
  interfere: (path: string, response: ServerResponse) => boolean;
  /** The claims of an honest token. */
  readonly honest: (nonce: string) => Claims;
  /** A token as the provider signs it. */
  readonly signed: (claims: Claims, header?: Claims) => string;
  readonly publicKey: KeyObject;
}

const CLIENT_ID = 'cmk-portal';

export async function startForgingProvider(t: ExecutionContext): Promise<ForgingProvider> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://any').pathname;
    if (provider.interfere(path, response)) return;
    const body = answers[path]?.();
    response.writeHead(body ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const answers: Readonly<Record<string, () => object>> = {
    '/.well-known/openid-configuration': () => ({
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      // Among them those that nobody should believe.
      id_token_signing_alg_values_supported: ['ES256', 'none', 'HS256'],
    }),
    '/jwks': () => ({
      keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'ES256' }],
    }),
    '/token': () => ({ access_token: 'opaque', token_type: 'Bearer', id_token: provider.idToken() }),
  };
  const provider: ForgingProvider = {
    issuer,
    publicKey,
    idToken: () => '',
    interfere: () => false,
    honest(nonce) {
      const now = Math.floor(Date.now() / 1000);
      const person = {
        sub: 'maria',
        email: 'maria@acme.example',
        roles: ['cmk-auditor'],
        cmk_account: 'acme',
      };
      return { iss: issuer, aud: CLIENT_ID, iat: now, exp: now + 300, nonce, ...person };
    },
    signed: (claims, header = {}) =>
      jwt({ alg: 'ES256', kid: 'one', ...header }, claims, (text) =>
        sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }),
      ),
  };
  return provider;
}

export function jwt(header: Claims, claims: Claims, signature: (text: string) => Buffer): string {
  const text = [header, claims]
    .map((each) => Buffer.from(JSON.stringify(each)).toString('base64url'))
    .join('.');
  return `${text}.${signature(text).toString('base64url')}`;
}

/** Signs with what everybody knows, for who takes a public key for a secret. */
export function hmacOf(secret: string): (text: string) => Buffer {
  return (text) => createHmac('sha256', secret).update(text).digest();
}
