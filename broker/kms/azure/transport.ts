import { readFileSync } from 'node:fs';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { CmkError } from '../../../core/errors.ts';
import { publicLookup } from '../../../runtime/public-lookup.ts';
import { parseHostPort, type AzureConfig } from './config.ts';

/** Below the servers' own limit, so that a call is not sent into a connection that the other end is closing. */
const IDLE_SOCKET_MS = 5_000;
const MAX_IDLE_SOCKETS = 32;
/** For requests of which no caller waits any more; every call has a shorter deadline of its own. */
const MAX_REQUEST_MS = 10_000;

/** What a request through the SDK's pipeline needs here. */
interface Request {
  agent?: unknown;
  timeout: number;
  headers: { set(name: string, value: string): void };
}

interface Response {
  readonly status: number;
  readonly headers: { get(name: string): string | undefined };
  readonly bodyAsText?: string | null | undefined;
}

/** The connections of the vaults' and Entra's clients, and what is alike in all their options. */
export class AzureTransport {
  readonly #agent: https.Agent;

  /** @throws CmkError CONFIG_INVALID when the file of authorities cannot be read */
  constructor(config: AzureConfig) {
    this.#agent = new PinnedAgent(config.azureConnectTo, {
      keepAlive: true,
      maxSockets: config.azureMaxConnections,
      maxFreeSockets: MAX_IDLE_SOCKETS,
      timeout: IDLE_SOCKET_MS,
      scheduling: 'lifo',
      minVersion: 'TLSv1.2',
      lookup: publicLookup(config.azurePrivateNetworks ?? undefined),
      ...(config.azureCaPath === null ? {} : { ca: readAuthorities(config.azureCaPath) }),
    });
  }

  /** A new object for each client: the SDK writes into it. */
  clientOptions() {
    const agent = this.#agent;
    return {
      // The caller decides what to retry, and where.
      retryOptions: { maxRetries: 0 },
      redirectOptions: { maxRetries: 0 },
      additionalPolicies: [
        {
          position: 'perRetry' as const,
          policy: {
            name: 'cmkTransport',
            sendRequest<R extends Request, T>(request: R, next: (request: R) => Promise<T>): Promise<T> {
              request.agent = agent;
              request.timeout ||= MAX_REQUEST_MS;
              // The customer's log shows this. It need not show versions of the broker's software.
              request.headers.set('User-Agent', 'cmk');
              return next(request);
            },
          },
        },
      ],
    };
  }

  /** For vaults: the SDK trips over refusals that somebody on the way gave, and forgets their status. */
  vaultOptions() {
    const options = this.clientOptions();
    const policy = { name: 'cmkBareRefusals', sendRequest: refuseBareAnswers };
    return {
      ...options,
      additionalPolicies: [...options.additionalPolicies, { position: 'perCall' as const, policy }],
    };
  }

  /** Ends every connection; calls under way fail. */
  close(): void {
    this.#agent.destroy();
  }
}

/** An answer other than success that has no body of the vault's making. */
class BareAnswerError extends Error {
  override readonly name = 'BareAnswerError';
  readonly statusCode: number;
  readonly response: Response;

  constructor(response: Response) {
    super(`HTTP status ${response.status} without a body`);
    this.statusCode = response.status;
    this.response = { status: response.status, headers: response.headers };
  }
}

async function refuseBareAnswers<R, T extends Response>(
  request: R,
  next: (request: R) => Promise<T>,
): Promise<T> {
  const response = await next(request);
  if (response.status >= 300 && !response.bodyAsText) throw new BareAnswerError(response);
  return response;
}

/** Connects elsewhere than names resolve to, if told so; certificates are verified for the names all the same. */
class PinnedAgent extends https.Agent {
  readonly #target: { host: string; port: number } | null;

  constructor(connectTo: string | null, options: https.AgentOptions) {
    super(options);
    this.#target = connectTo === null ? null : parseHostPort(connectTo);
  }

  override createConnection(
    options: https.RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    if (this.#target === null) return super.createConnection(options, callback);
    // The operator named this address: it may be private.
    return super.createConnection({ ...options, ...this.#target, lookup: undefined }, callback);
  }
}

function readAuthorities(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CmkError('CONFIG_INVALID', `CMK_AZURE_CA_FILE: cannot read ${path}`, { cause });
  }
}
