import type { TransitAction } from './advice.ts';
import { jsonWithBytes, takeBytes } from './base64-fields.ts';
import { TransitRefusal, toKmsError, unreadable } from './errors.ts';
import { TransitHttp } from './http.ts';
import type { KeyLocation } from './reference.ts';
import type { TransitServer } from './servers.ts';
import { isAccepted, TokenSource } from './token.ts';

export interface TransitClientOptions {
  readonly maxConnections: number;
  readonly loginTimeoutMs: number;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
}

/** A key's configuration, as far as it matters here. */
export interface TransitKey {
  readonly name: string;
  readonly type: string;
  readonly derived: boolean;
  /** OpenBao: may be restored, and does nothing until then. */
  readonly softDeleted: boolean;
  readonly deletionAllowed: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/** The three calls to transit that we need, on one server. */
export class TransitClient {
  readonly #server: TransitServer;
  readonly #http: TransitHttp;
  readonly #tokens: TokenSource;

  constructor(server: TransitServer, { maxConnections, loginTimeoutMs, nowMs }: TransitClientOptions) {
    this.#server = server;
    this.#http = new TransitHttp(server, maxConnections);
    this.#tokens = new TokenSource(server, this.#http, loginTimeoutMs, nowMs);
  }

  /** @returns the ciphertext as transit writes it: `vault:v1:` and Base64 */
  async encrypt(
    key: KeyLocation,
    plaintext: Uint8Array,
    associatedData: Buffer,
    signal: AbortSignal,
  ): Promise<string> {
    const fields = { associated_data: associatedData.toString('base64') };
    const body = jsonWithBytes(fields, 'plaintext', plaintext);
    try {
      const answer = await this.#call(key, 'encrypt', body, signal);
      const { ciphertext } = dataOf(answer);
      if (typeof ciphertext !== 'string') throw unreadable();
      return ciphertext;
    } finally {
      body.fill(0);
    }
  }

  /** @returns bytes that the caller wipes */
  async decrypt(
    key: KeyLocation,
    ciphertext: string,
    associatedData: Buffer,
    signal: AbortSignal,
  ): Promise<Buffer> {
    const fields = { ciphertext, associated_data: associatedData.toString('base64') };
    const body = Buffer.from(JSON.stringify(fields));
    const answer = await this.#call(key, 'decrypt', body, signal);
    const plaintext = takeBytes(answer, 'plaintext');
    try {
      if (!plaintext || dataOf(answer)['plaintext'] !== '') throw unreadable();
      return plaintext;
    } catch (error) {
      plaintext?.fill(0);
      throw error;
    } finally {
      answer.fill(0);
    }
  }

  async readKey(key: KeyLocation, signal: AbortSignal): Promise<TransitKey> {
    const answer = await this.#call(key, 'keys', null, signal);
    const { name, type, derived, soft_deleted, deletion_allowed } = dataOf(answer);
    if (typeof name !== 'string' || typeof type !== 'string') throw unreadable();
    return {
      name,
      type,
      derived: derived === true,
      softDeleted: soft_deleted === true,
      deletionAllowed: deletion_allowed === true,
    };
  }

  /** Ends every connection; calls under way fail. */
  close(): void {
    this.#http.close();
  }

  async #call(
    key: KeyLocation,
    action: TransitAction,
    body: Buffer | null,
    signal: AbortSignal,
  ): Promise<Buffer> {
    const path = pathOf(key, action);
    const token = await this.#tokens.get();
    signal.throwIfAborted();
    try {
      return await this.#http.send({ method: body ? 'POST' : 'GET', path, token, body }, signal);
    } catch (error) {
      if (error instanceof TransitRefusal && error.status === 403) {
        throw await this.#whyDenied(key, action, token, error, signal);
      }
      throw toKmsError(error);
    }
  }

  /**
   * The same 403 stands for a token that is no longer good, for a policy that does not allow the call, and for
   * encrypting with a key that is gone, which a policy would have to let us create. Two more questions tell them apart.
   */
  async #whyDenied(
    key: KeyLocation,
    action: TransitAction,
    token: string,
    denied: TransitRefusal,
    signal: AbortSignal,
  ): Promise<Error> {
    if (!(await isAccepted(this.#http, this.#server.namespace, token, signal))) {
      this.#tokens.drop(token);
      return toKmsError(new TransitRefusal(401, denied.texts));
    }
    try {
      await this.#http.send({ method: 'GET', path: pathOf(key, 'keys'), token, body: null }, signal);
    } catch (error) {
      if (error instanceof TransitRefusal && error.status === 404) return toKmsError(error);
    }
    return toKmsError(denied, action);
  }
}

function pathOf({ mount, name }: KeyLocation, action: TransitAction): string {
  return `${mount}/${action}/${name}`;
}

function dataOf(answer: Buffer): Fields {
  let data: unknown;
  try {
    ({ data } = Object(JSON.parse(answer.toString('utf8'))) as { data?: unknown });
  } catch {
    throw unreadable();
  }
  if (typeof data !== 'object' || data === null) throw unreadable();
  return data as Fields;
}
