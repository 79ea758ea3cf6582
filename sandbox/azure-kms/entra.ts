import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  randomUUID,
  type KeyObject,
} from 'node:crypto';
import type { Answer } from '../emulation/answer.ts';
import { signJwt, verifyJwt, type Claims } from './jwt.ts';

export const LOGIN_HOST = 'login.microsoftonline.com';

/** Which tokens of another issuer stand for an application, in place of its own secret. */
export interface FederatedCredential {
  readonly issuer: string;
  readonly subject: string;
  /** PEM. */
  readonly publicKey: string;
}

export interface ApplicationSpec {
  /** The home tenant, a GUID. */
  readonly tenantId: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly federated?: FederatedCredential;
}

/** An application and its credential. */
export interface Application extends ApplicationSpec {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Object id of its principal, by tenant that has consented. */
  readonly principals: Map<string, string>;
}

/** Who calls a vault. */
export interface Caller {
  readonly oid: string;
  readonly appid: string;
  readonly tid: string;
  readonly issuer: string;
}

const TOKEN_SECONDS = 3_600;
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const EXCHANGE_AUDIENCE = 'api://AzureADTokenExchange';
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Microsoft Entra ID, as far as an application signs in by itself: the client-credentials grant. */
export class Entra {
  readonly #applications = new Map<string, Application>();
  readonly #tenants = new Set<string>();
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;

  constructor() {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    this.#privateKey = pair.privateKey;
    this.#publicKey = pair.publicKey;
  }

  addTenant(tenantId: string): void {
    if (!GUID.test(tenantId)) throw new Error(`tenant: expected a GUID, got ${tenantId}`);
    this.#tenants.add(tenantId);
  }

  register(spec: ApplicationSpec): Application {
    this.addTenant(spec.tenantId);
    const { clientId = randomUUID(), clientSecret = randomBytes(20).toString('base64url') } = spec;
    const application = { ...spec, clientId, clientSecret, principals: new Map<string, string>() };
    this.#applications.set(clientId, application);
    this.consent(clientId, spec.tenantId);
    return application;
  }

  /** A tenant lets an application in. @returns the object id of its principal there */
  consent(clientId: string, tenantId: string, oid: string = randomUUID()): string {
    const application = this.#application(clientId);
    this.addTenant(tenantId);
    const principal = application.principals.get(tenantId) ?? oid;
    application.principals.set(tenantId, principal);
    return principal;
  }

  /** A tenant throws an application out again. */
  withdraw(clientId: string, tenantId: string): void {
    this.#application(clientId).principals.delete(tenantId);
  }

  applications(): Application[] {
    return [...this.#applications.values()];
  }

  /** @returns null for anything but a token of this Entra for this audience, valid now */
  verify(token: string, audience: string, nowMs: number): Caller | null {
    const claims = verifyJwt(token, this.#publicKey);
    const { aud, iss, oid, appid, tid, nbf, exp } = claims ?? {};
    if (aud !== audience || typeof nbf !== 'number' || typeof exp !== 'number') return null;
    if (nowMs < nbf * 1_000 - 300_000 || nowMs >= exp * 1_000) return null;
    return { oid: String(oid), appid: String(appid), tid: String(tid), issuer: String(iss) };
  }

  /** Answers a request to the login host. */
  handle({ method, path, body }: { method: string; path: string; body: string }, nowMs: number): Answer {
    const [, tenantId = '', ...rest] = path.split('/');
    const route = `${method} ${rest.join('/')}`;
    if (route === 'GET v2.0/.well-known/openid-configuration') return json(200, metadata(tenantId));
    if (route !== 'POST oauth2/v2.0/token') return json(404, { error: 'not_found' });
    try {
      return json(200, this.#issue(tenantId, new URLSearchParams(body), nowMs));
    } catch (error) {
      return error instanceof Refusal ? json(error.status, error.body) : json(500, { error: 'server_error' });
    }
  }

  #issue(tenantId: string, form: URLSearchParams, nowMs: number): object {
    if (form.get('grant_type') !== 'client_credentials') {
      throw new Refusal('unsupported_grant_type', 70003, 'The app requested an unsupported grant type.');
    }
    if (!this.#tenants.has(tenantId)) {
      throw new Refusal('invalid_request', 90002, `Tenant '${tenantId}' not found.`);
    }
    const clientId = form.get('client_id') ?? '';
    const application = this.#applications.get(clientId);
    const oid = application?.principals.get(tenantId);
    if (!application || oid === undefined) {
      const text = `Application with identifier '${clientId}' was not found in the directory '${tenantId}'.`;
      throw new Refusal('unauthorized_client', 700016, text);
    }
    this.#authenticate(application, form, nowMs);
    const audience = /^(https:\/\/[a-z.]+)\/\.default$/.exec(form.get('scope') ?? '')?.[1];
    if (audience === undefined) throw new Refusal('invalid_scope', 70011, 'The provided scope is not valid.');
    const nowSeconds = Math.floor(nowMs / 1_000);
    const claims: Claims = {
      aud: audience,
      iss: `https://sts.windows.net/${tenantId}/`,
      iat: nowSeconds,
      nbf: nowSeconds,
      exp: nowSeconds + TOKEN_SECONDS,
      appid: clientId,
      oid,
      sub: oid,
      tid: tenantId,
      ver: '1.0',
    };
    const access_token = signJwt(claims, this.#privateKey);
    return { token_type: 'Bearer', expires_in: TOKEN_SECONDS, ext_expires_in: TOKEN_SECONDS, access_token };
  }

  #authenticate(application: Application, form: URLSearchParams, nowMs: number): void {
    const secret = form.get('client_secret');
    if (secret !== null) {
      if (digest(secret).equals(digest(application.clientSecret))) return;
      throw new Refusal('invalid_client', 7000215, 'Invalid client secret provided.', 401);
    }
    const assertion = form.get('client_assertion');
    if (assertion === null || form.get('client_assertion_type') !== ASSERTION_TYPE) {
      throw new Refusal(
        'invalid_client',
        7000218,
        'The request body must contain client_assertion or client_secret.',
        401,
      );
    }
    const { federated } = application;
    const claims = federated ? verifyJwt(assertion, createPublicKey(federated.publicKey)) : null;
    if (!federated || !claims)
      throw new Refusal('invalid_client', 7000272, 'The assertion is not signed by a known key.', 401);
    if (claims['iss'] !== federated.issuer)
      throw new Refusal(
        'invalid_client',
        700211,
        'No matching federated identity record found for presented assertion issuer.',
        401,
      );
    if (claims['sub'] !== federated.subject)
      throw new Refusal(
        'invalid_client',
        700213,
        'No matching federated identity record found for presented assertion subject.',
        401,
      );
    if (claims['aud'] !== EXCHANGE_AUDIENCE)
      throw new Refusal(
        'invalid_client',
        700212,
        'No matching federated identity record found for presented assertion audience.',
        401,
      );
    if (typeof claims['exp'] !== 'number' || nowMs >= claims['exp'] * 1_000) {
      throw new Refusal(
        'invalid_client',
        700024,
        'Client assertion is not within its valid time range.',
        401,
      );
    }
  }

  #application(clientId: string): Application {
    const application = this.#applications.get(clientId);
    if (!application) throw new Error(`no such application: ${clientId}`);
    return application;
  }
}

class Refusal extends Error {
  readonly status: number;
  readonly body: object;

  constructor(error: string, number: number, text: string, status = 400) {
    super(text);
    this.status = status;
    const trace = {
      timestamp: new Date().toISOString(),
      trace_id: randomUUID(),
      correlation_id: randomUUID(),
    };
    this.body = { error, error_description: `AADSTS${number}: ${text}`, error_codes: [number], ...trace };
  }
}

function metadata(tenantId: string): object {
  const base = `https://${LOGIN_HOST}/${tenantId}`;
  return {
    token_endpoint: `${base}/oauth2/v2.0/token`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
    issuer: `${base}/v2.0`,
  };
}

function json(status: number, body: object): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(body),
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
