import { lookup } from 'node:dns';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import type { HttpClient, HttpRequest } from 'oci-common';
import { KmsError } from '../provider.ts';
import { publicLookup } from '../../../runtime/public-lookup.ts';
import type { OciConfig } from './config.ts';
import { OciServiceError, UNREADABLE } from './errors.ts';
import type { Identity } from './identity.ts';
import { vaultHost, type OciKey, type VaultApi } from './reference.ts';
import { signedHeaders } from './signature.ts';

/** Below the servers' own limit, so that a call is not sent into a connection that the other end is closing. */
const IDLE_SOCKET_MS = 5_000;
const MAX_IDLE_SOCKETS = 32;
const MAX_ANSWER_BYTES = 262_144;
const MAX_KNOWN_DOMAINS = 256;

/**
 * HTTP for the SDK's clients, in place of their own, which neither ends a connection when a call is given up nor lets
 * go of its sockets when it is closed. No redirects, no retries, answers of bounded size.
 */
export class Transport {
  readonly #identity: Identity;
  readonly #resolve: typeof lookup;
  readonly #publicLookup: LookupFunction;
  readonly #endpoint: URL | null;
  readonly #httpAgent: http.Agent;
  readonly #httpsAgent: https.Agent;
  /** Which of the domains that vaults of a region may be under exists, by the likelier one. */
  readonly #domains = new Map<string, string>();

  /** @param resolve the name service, for tests */
  constructor(config: OciConfig, identity: Identity, resolve: typeof lookup = lookup) {
    this.#identity = identity;
    this.#resolve = resolve;
    this.#publicLookup = publicLookup(undefined, resolve);
    this.#endpoint = config.ociEndpoint === null ? null : new URL(config.ociEndpoint);
    const options: http.AgentOptions = {
      keepAlive: true,
      maxSockets: config.ociMaxConnections,
      maxFreeSockets: MAX_IDLE_SOCKETS,
      timeout: IDLE_SOCKET_MS,
      scheduling: 'lifo',
    };
    this.#httpAgent = new http.Agent(options);
    this.#httpsAgent = new https.Agent(options);
  }

  /** The address of a vault, as the SDK wants it. */
  async baseUrl(key: OciKey, api: VaultApi): Promise<string> {
    return `https://${vaultHost(key, api, await this.#domainOf(key, api))}`;
  }

  /** For one call: ends its connection when the signal aborts. */
  client(signal: AbortSignal): HttpClient {
    return {
      send: async (request) => {
        const exchange = this.#exchange(request, signal);
        // The SDK prints every failure that it sees to the console, past our logger. So it sees none: a failure comes
        // out when the body is read, which the SDK does right away.
        await exchange.catch(ignore);
        return Object.assign(new Response(), { json: () => exchange });
      },
    };
  }

  /** Ends every connection; calls under way fail. */
  close(): void {
    this.#httpAgent.destroy();
    this.#httpsAgent.destroy();
  }

  /** Asks the name service where there are two possibilities, once a region. */
  async #domainOf(key: OciKey, api: VaultApi): Promise<string> {
    const [likelier, ...others] = key.domains;
    if (this.#endpoint !== null || others.length === 0) return likelier;
    const known = this.#domains.get(likelier);
    if (known !== undefined) return known;
    for (const domain of key.domains) {
      if (!(await exists(vaultHost(key, api, domain), this.#resolve))) continue;
      if (this.#domains.size >= MAX_KNOWN_DOMAINS) this.#domains.clear();
      this.#domains.set(likelier, domain);
      return domain;
    }
    return likelier;
  }

  /** @returns the answer's JSON; throws OciServiceError for any status but success */
  async #exchange(request: HttpRequest, signal: AbortSignal): Promise<unknown> {
    const url = new URL(request.uri);
    const target = url.pathname + url.search;
    const body = request.method === 'GET' ? null : Buffer.from((request.body as string | undefined) ?? '');
    const signingKey = await this.#identity.signingKey();
    signal.throwIfAborted();
    const contentType = request.headers.get('content-type') ?? 'application/json';
    const signable = { method: request.method, host: url.host, target, contentType, body };
    const headers = {
      ...Object.fromEntries(request.headers),
      // The customer's log shows this. It need not show versions of the broker's software.
      'user-agent': 'cmk',
      ...signedHeaders(signable, signingKey, Date.now()),
    };
    try {
      const to = this.#endpoint ?? url;
      const isSecure = to.protocol === 'https:';
      const sent = (isSecure ? https : http).request(to, {
        method: request.method,
        path: target,
        headers,
        agent: isSecure ? this.#httpsAgent : this.#httpAgent,
        // Also where the connection goes elsewhere, it is the vault that has to answer.
        ...(isSecure ? { servername: url.hostname } : {}),
        ...(this.#endpoint === null ? { lookup: this.#publicLookup } : {}),
        signal,
      });
      sent.on('error', ignore);
      sent.end(body);
      const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
      return await readAnswer(response);
    } finally {
      // It may have held a data key.
      body?.fill(0);
    }
  }
}

async function readAnswer(response: http.IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MAX_ANSWER_BYTES) throw new KmsError('INVALID_RESPONSE', UNREADABLE);
    pieces.push(piece);
  }
  const body = Buffer.concat(pieces);
  const value = parseObject(body);
  for (const part of [body, ...pieces]) part.fill(0);
  const status = response.statusCode ?? 0;
  if (status < 200 || status > 299) throw serviceError(status, value, response);
  // Without a cause: the parser's message quotes from an answer that may hold a key.
  if (!value) throw new KmsError('INVALID_RESPONSE', UNREADABLE);
  return value;
}

function serviceError(
  status: number,
  body: Record<string, unknown> | null,
  response: http.IncomingMessage,
): OciServiceError {
  const text = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 500) : '');
  const answer = {
    status,
    code: text(body?.['code']),
    requestId: text(response.headers['opc-request-id']),
    retryAfterMs: retryAfterMs(response.headers['retry-after']),
  };
  return new OciServiceError(answer, text(body?.['message']));
}

/** Whole seconds; OCI does not use the form with a date. */
function retryAfterMs(header: string | undefined): number | null {
  return header !== undefined && /^\d{1,4}$/.test(header) ? Number(header) * 1_000 : null;
}

function parseObject(body: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' ? (value as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
}

async function exists(host: string, resolve: typeof lookup): Promise<boolean> {
  return new Promise((found, failed) => {
    resolve(host, { all: true }, (error) => {
      if (error && error.code !== 'ENOTFOUND') failed(error);
      else found(!error);
    });
  });
}

function ignore(): void {
  // Told once already, by the promise of the response or by reading it.
}
