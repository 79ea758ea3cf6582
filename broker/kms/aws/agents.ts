import http from 'node:http';
import https from 'node:https';
import type { KMSClientConfig } from '@aws-sdk/client-kms';
import { publicLookup } from '../../../runtime/public-lookup.ts';
import type { AwsConfig } from './config.ts';

/** Below the servers' own limit, so that a call is not sent into a connection that the other end is closing. */
const IDLE_SOCKET_MS = 5_000;
const MAX_IDLE_SOCKETS = 32;

const SILENT = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

/** Bounded connections to AWS, for the SDK's clients of every service and region. */
export class AwsAgents {
  readonly #connectTimeoutMs: number;
  /** To names that follow from what a customer typed: they must not lead into the broker's surroundings. */
  readonly #public: Agents;
  /** To endpoints that the operator named: these may be private. */
  readonly #named: Agents;

  constructor(config: Pick<AwsConfig, 'awsConnectTimeoutMs' | 'awsMaxConnections'>) {
    this.#connectTimeoutMs = config.awsConnectTimeoutMs;
    const options: http.AgentOptions = {
      keepAlive: true,
      maxSockets: config.awsMaxConnections,
      maxFreeSockets: MAX_IDLE_SOCKETS,
      timeout: IDLE_SOCKET_MS,
      scheduling: 'lifo',
    };
    this.#public = agents({ ...options, lookup: publicLookup() });
    this.#named = agents(options);
  }

  /**
   * The part of a client's settings that is about connections.
   * @param endpoint as the configuration names it; null: the service's public one
   */
  clientConfig(endpoint: string | null): Pick<KMSClientConfig, 'endpoint' | 'requestHandler'> {
    const { http: httpAgent, https: httpsAgent } = endpoint === null ? this.#public : this.#named;
    return {
      ...(endpoint === null ? {} : { endpoint }),
      requestHandler: {
        httpAgent,
        httpsAgent,
        connectionTimeout: this.#connectTimeoutMs,
        // Every call has a deadline of its own.
        requestTimeout: 0,
        socketTimeout: 0,
        logger: SILENT,
      },
    };
  }

  /** Ends every connection; calls under way fail. */
  close(): void {
    for (const each of [this.#public, this.#named]) {
      each.http.destroy();
      each.https.destroy();
    }
  }
}

interface Agents {
  readonly http: http.Agent;
  readonly https: https.Agent;
}

function agents(options: http.AgentOptions): Agents {
  return { http: new http.Agent(options), https: new https.Agent(options) };
}

function ignore(): void {
  // The handler's only messages are advice about its settings.
}
