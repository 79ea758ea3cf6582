import http from 'node:http';
import https from 'node:https';
import { TransitRefusal, unreadable } from './errors.ts';
import type { TransitServer } from './servers.ts';

/** Below the servers' own limit, so that a call is not sent into a connection that the other end is closing. */
const IDLE_SOCKET_MS = 5_000;
const MAX_IDLE_SOCKETS = 32;
/** An answer is about a kilobyte; a key with all its versions may have some dozens. */
const MAX_ANSWER_BYTES = 262_144;

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Below `/v1/`. */
  readonly path: string;
  readonly token: string | null;
  /** JSON; the caller wipes it. */
  readonly body: Buffer | null;
}

interface Exchanged {
  readonly status: number;
  readonly retryAfterMs: number | null;
  readonly body: Buffer;
}

/** HTTP to one server, over bounded connections. Redirects are not followed. */
export class TransitHttp {
  readonly #server: TransitServer;
  readonly #agent: http.Agent | https.Agent;

  constructor(server: TransitServer, maxConnections: number) {
    this.#server = server;
    const options: http.AgentOptions = {
      keepAlive: true,
      maxSockets: maxConnections,
      maxFreeSockets: MAX_IDLE_SOCKETS,
      timeout: IDLE_SOCKET_MS,
      scheduling: 'lifo',
    };
    this.#agent = server.origin.startsWith('https:')
      ? new https.Agent({
          ...options,
          minVersion: 'TLSv1.2',
          ...(server.ca === null ? {} : { ca: server.ca }),
        })
      : new http.Agent(options);
  }

  /**
   * @returns the body of a successful answer; it may hold a key, and the caller wipes it
   * @throws TransitRefusal for any other answer; KmsError INVALID_RESPONSE; an error of the connection
   */
  async send(request: HttpRequest, signal: AbortSignal): Promise<Buffer> {
    const { status, retryAfterMs, body } = await this.#exchange(request, signal);
    if (status >= 200 && status < 300) return body;
    throw new TransitRefusal(status, textsOf(body), retryAfterMs);
  }

  close(): void {
    this.#agent.destroy();
  }

  #exchange({ method, path, token, body }: HttpRequest, signal: AbortSignal): Promise<Exchanged> {
    const { request } = this.#server.origin.startsWith('https:') ? https : http;
    return new Promise((resolve, reject) => {
      const sent = request(`${this.#server.origin}/v1/${path}`, {
        method,
        agent: this.#agent,
        signal,
        headers: {
          // Without it, an agent that proxies for Vault may refuse.
          'x-vault-request': 'true',
          ...(token === null ? {} : { 'x-vault-token': token }),
          ...(body === null ? {} : { 'content-type': 'application/json', 'content-length': body.length }),
        },
      });
      sent.on('error', reject);
      sent.on('response', (response) => {
        const { statusCode: status = 0, headers } = response;
        const retryAfterMs = secondsToMs(headers['retry-after']);
        readBody(response).then((read) => resolve({ status, retryAfterMs, body: read }), reject);
      });
      sent.end(body ?? undefined);
    });
  }
}

/** Of a Retry-After; dates are not read. */
function secondsToMs(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) * 1_000 : null;
}

async function readBody(response: http.IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of response as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > MAX_ANSWER_BYTES) throw unreadable();
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  } finally {
    for (const piece of pieces) piece.fill(0);
  }
}

/** `{"errors": [...]}`, or nothing of it: proxies answer in their own words. */
function textsOf(body: Buffer): readonly string[] {
  try {
    const { errors } = Object(JSON.parse(body.toString('utf8'))) as { errors?: unknown };
    return Array.isArray(errors) ? errors.filter((text) => typeof text === 'string') : [];
  } catch {
    return [];
  }
}
