import { readFile } from 'node:fs/promises';
import { SingleFlight } from '../../../runtime/single-flight.ts';
import { toKmsError, toLoginError, noToken, unreadable } from './errors.ts';
import type { TransitHttp } from './http.ts';
import type { TransitServer } from './servers.ts';

const MAX_TOKEN_CHARACTERS = 16_384;
/** Of a token's life: renewed after this part of it, given up a little before its end. */
const RENEW_AFTER = 0.5;
const GIVE_UP_AFTER = 0.9;

interface Held {
  readonly token: string;
  readonly renewable: boolean;
  readonly renewAtMs: number;
  readonly endsAtMs: number;
}

interface Auth {
  readonly client_token?: unknown;
  readonly renewable?: unknown;
  /** Seconds; 0: it does not end. */
  readonly lease_duration?: unknown;
}

/** The broker's token for one server: got by logging in with the workload's own identity, renewed while it is used. */
export class TokenSource {
  readonly #server: TransitServer;
  readonly #http: TransitHttp;
  readonly #timeoutMs: number;
  readonly #nowMs: () => number;
  readonly #flights = new SingleFlight<string>();
  #held: Held | null = null;

  /** @param nowMs monotonic */
  constructor(server: TransitServer, http: TransitHttp, timeoutMs: number, nowMs: () => number) {
    this.#server = server;
    this.#http = http;
    this.#timeoutMs = timeoutMs;
    this.#nowMs = nowMs;
  }

  /** @throws KmsError AUTH_FAILED, THROTTLED, UNREACHABLE, INVALID_RESPONSE */
  async get(): Promise<string> {
    const { login } = this.#server;
    if (login.method === 'token') return readToken(login.tokenPath);
    const held = this.#held;
    if (!held || this.#nowMs() >= held.endsAtMs) return this.#flights.run('login', () => this.#logIn());
    if (this.#nowMs() >= held.renewAtMs && !this.#flights.has('renew')) {
      // In the background: the token at hand is still good.
      this.#flights.run('renew', () => this.#renew(held)).catch(() => undefined);
    }
    return held.token;
  }

  /** The server did not accept the token: the next call logs in anew. */
  drop(token: string): void {
    if (this.#held?.token === token) this.#held = null;
  }

  async #logIn(): Promise<string> {
    const { login, namespace } = this.#server;
    if (login.method === 'token') return readToken(login.tokenPath);
    const jwt = await readToken(login.tokenPath);
    const path = `${namespace === '' ? '' : `${namespace}/`}auth/${login.mount}/login`;
    try {
      return await this.#authenticate(path, null, { role: login.role, jwt });
    } catch (error) {
      throw toLoginError(error);
    }
  }

  async #renew(held: Held): Promise<string> {
    if (!held.renewable) return this.#logIn();
    try {
      return await this.#authenticate(`${this.#prefix()}auth/token/renew-self`, held.token, {});
    } catch {
      return this.#logIn();
    }
  }

  #prefix(): string {
    return this.#server.namespace === '' ? '' : `${this.#server.namespace}/`;
  }

  async #authenticate(path: string, token: string | null, fields: object): Promise<string> {
    const body = Buffer.from(JSON.stringify(fields));
    const signal = AbortSignal.timeout(this.#timeoutMs);
    const sentAtMs = this.#nowMs();
    const answer = await this.#http.send({ method: 'POST', path, token, body }, signal);
    const { client_token, renewable, lease_duration } = parseAuth(answer);
    if (typeof client_token !== 'string' || !isToken(client_token)) throw unreadable();
    const lifeMs =
      typeof lease_duration === 'number' && lease_duration > 0 ? lease_duration * 1_000 : Infinity;
    this.#held = {
      token: client_token,
      renewable: renewable === true,
      renewAtMs: sentAtMs + lifeMs * RENEW_AFTER,
      endsAtMs: sentAtMs + lifeMs * GIVE_UP_AFTER,
    };
    return client_token;
  }
}

/** Whether a token is still accepted; a token may always look at itself unless its policies take that away. */
export async function isAccepted(
  http: TransitHttp,
  namespace: string,
  token: string,
  signal: AbortSignal,
): Promise<boolean> {
  const path = `${namespace === '' ? '' : `${namespace}/`}auth/token/lookup-self`;
  try {
    await http.send({ method: 'GET', path, token, body: null }, signal);
    return true;
  } catch (error) {
    const known = toKmsError(error);
    if (known.code === 'KEY_PERMISSION_REVOKED' || known.code === 'KMS_AUTH_FAILED') return false;
    throw known;
  }
}

async function readToken(path: string): Promise<string> {
  let text: string;
  try {
    text = (await readFile(path, 'utf8')).trim();
  } catch (error) {
    throw noToken(error);
  }
  if (!isToken(text)) throw noToken(new Error(`${path} does not hold one token`));
  return text;
}

/** Printable and without spaces: what may stand in a header. */
function isToken(text: string): boolean {
  return text.length <= MAX_TOKEN_CHARACTERS && /^[\x21-\x7e]+$/.test(text);
}

function parseAuth(answer: Buffer): Auth {
  try {
    const { auth } = Object(JSON.parse(answer.toString('utf8'))) as { auth?: unknown };
    return Object(auth) as Auth;
  } catch {
    throw unreadable();
  }
}
