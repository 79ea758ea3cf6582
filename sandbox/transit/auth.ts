import { generateKeyPairSync, randomBytes, sign, verify, type KeyObject } from 'node:crypto';
import { badToken, VaultError } from './errors.ts';
import { parsePolicy, type PathRule } from './hcl.ts';

/** Who a service-account token or another workload's JWT is about. */
export interface Claims {
  /** E.g. `system:serviceaccount:cmk:broker`. */
  readonly sub: string;
  readonly aud: string;
  /** UNIX seconds. */
  readonly exp: number;
}

/** A role of a login method: whose JWTs it takes, and what they then may do. */
export interface Role {
  readonly subject: string;
  readonly audience: string;
  readonly policies: readonly string[];
  readonly ttlSeconds: number;
}

export interface Token {
  readonly value: string;
  readonly accessor: string;
  readonly displayName: string;
  readonly policies: readonly string[];
  readonly ttlSeconds: number;
  endsAtMs: number;
}

/** What every token may do besides its policies. */
const DEFAULT_POLICY = parsePolicy(`
path "auth/token/lookup-self" { capabilities = ["read"] }
path "auth/token/renew-self" { capabilities = ["update"] }
`);

/** Policies, login methods, roles and tokens. */
export class Auth {
  readonly #policies = new Map<string, readonly PathRule[]>();
  readonly #roles = new Map<string, Role>();
  readonly #tokens = new Map<string, Token>();
  readonly #issuer = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** @throws VaultError 400 for a policy that cannot be read */
  putPolicy(name: string, text: string): void {
    this.#policies.set(name, parsePolicy(text));
  }

  removePolicy(name: string): void {
    this.#policies.delete(name);
  }

  /** @param mount `kubernetes` or `jwt` */
  putRole(mount: string, name: string, role: Role): void {
    this.#roles.set(`${mount}/${name}`, role);
  }

  /** A JWT as the cluster, or whoever the login method trusts, would sign it. */
  issueJwt(claims: Claims, issuer: KeyObject = this.#issuer.privateKey): string {
    const head = [{ alg: 'ES256', typ: 'JWT' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const signature = sign('sha256', Buffer.from(head), { key: issuer, dsaEncoding: 'ieee-p1363' });
    return `${head}.${signature.toString('base64url')}`;
  }

  /** @throws VaultError as the two login methods word their refusals */
  logIn(mount: string, roleName: string, jwt: string): Token {
    const role = this.#roles.get(`${mount}/${roleName}`);
    const kubernetes = mount.startsWith('kubernetes');
    if (!role) {
      throw new VaultError(
        400,
        kubernetes ? `invalid role name "${roleName}"` : `role "${roleName}" could not be found`,
      );
    }
    const claims = this.#verify(jwt);
    if (!claims) {
      throw kubernetes
        ? new VaultError(403, 'permission denied')
        : new VaultError(400, 'error validating token: invalid signature or expired');
    }
    if (claims.sub !== role.subject || claims.aud !== role.audience) {
      throw kubernetes
        ? new VaultError(403, 'service account name not authorized')
        : new VaultError(400, 'error validating claims: claim "sub" or "aud" is invalid');
    }
    return this.createToken(role.policies, role.ttlSeconds, `${mount}-${roleName}`);
  }

  createToken(policies: readonly string[], ttlSeconds: number, displayName = 'token'): Token {
    const token = {
      value: `hvs.${randomBytes(24).toString('base64url')}`,
      accessor: randomBytes(18).toString('base64url'),
      displayName,
      policies: ['default', ...policies],
      ttlSeconds,
      endsAtMs: this.#nowMs() + ttlSeconds * 1_000,
    };
    this.#tokens.set(token.value, token);
    return token;
  }

  renew(token: Token): void {
    token.endsAtMs = this.#nowMs() + token.ttlSeconds * 1_000;
  }

  revokeTokens(): void {
    this.#tokens.clear();
  }

  /** @throws VaultError 403 */
  tokenOf(value: string): Token {
    const token = this.#tokens.get(value);
    if (!token || token.endsAtMs <= this.#nowMs()) throw badToken();
    return token;
  }

  rulesOf(token: Token): readonly (readonly PathRule[])[] {
    const named = token.policies.map((name) => this.#policies.get(name) ?? []);
    return [DEFAULT_POLICY, ...named];
  }

  #verify(jwt: string): Claims | null {
    const [head = '', body = '', signature = '', ...rest] = jwt.split('.');
    const key = { key: this.#issuer.publicKey, dsaEncoding: 'ieee-p1363' as const };
    const signed = Buffer.from(`${head}.${body}`);
    if (rest.length > 0 || !verify('sha256', signed, key, Buffer.from(signature, 'base64url'))) return null;
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as Claims;
    return claims.exp * 1_000 > this.#nowMs() ? claims : null;
  }
}

/** What login, renewal and lookup answer about a token. */
export function describeAuth(token: Token, nowMs: number): object {
  return {
    client_token: token.value,
    accessor: token.accessor,
    policies: token.policies,
    token_policies: token.policies,
    metadata: {},
    lease_duration: Math.floor((token.endsAtMs - nowMs) / 1_000),
    renewable: true,
    entity_id: '',
    token_type: 'service',
    orphan: true,
  };
}
