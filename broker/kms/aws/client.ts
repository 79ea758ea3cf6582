import http from 'node:http';
import https from 'node:https';
import { KMSClient, type KMSClientConfig } from '@aws-sdk/client-kms';
import type { AwsConfig } from './config.ts';

/** What tests and special set-ups give in place of what the SDK finds by itself. */
export type AwsCredentials = NonNullable<KMSClientConfig['credentials']>;

/** Customers name the regions, so their number needs a bound; a client without its sockets is small. */
const MAX_CLIENTS = 64;
/** Below the servers' own limit, so that a call is not sent into a connection that the other end is closing. */
const IDLE_SOCKET_MS = 5_000;
const MAX_IDLE_SOCKETS = 32;

const SILENT = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

/** SDK clients, one a region, over shared and bounded connections. */
export class AwsClients {
  readonly #config: AwsConfig;
  readonly #credentials: AwsCredentials | null;
  readonly #httpAgent: http.Agent;
  readonly #httpsAgent: https.Agent;
  readonly #byRegion = new Map<string, KMSClient>();

  constructor(config: AwsConfig, credentials: AwsCredentials | null) {
    this.#config = config;
    this.#credentials = credentials;
    const options: http.AgentOptions = {
      keepAlive: true,
      maxSockets: config.awsMaxConnections,
      maxFreeSockets: MAX_IDLE_SOCKETS,
      timeout: IDLE_SOCKET_MS,
      scheduling: 'lifo',
    };
    this.#httpAgent = new http.Agent(options);
    this.#httpsAgent = new https.Agent(options);
  }

  get(region: string): KMSClient {
    const known = this.#byRegion.get(region);
    if (known) return known;
    if (this.#byRegion.size >= MAX_CLIENTS) this.#byRegion.clear();
    const client = new KMSClient(this.#clientConfig(region));
    this.#byRegion.set(region, client);
    return client;
  }

  /** Ends every connection; calls under way fail. */
  close(): void {
    // Clients that were let go of need no end of their own: they share the agents.
    this.#byRegion.clear();
    this.#httpAgent.destroy();
    this.#httpsAgent.destroy();
  }

  #clientConfig(region: string): KMSClientConfig {
    const endpoint = this.#config.awsEndpoints?.(region) ?? null;
    return {
      region,
      ...(endpoint === null ? {} : { endpoint }),
      ...(this.#credentials === null ? {} : { credentials: this.#credentials }),
      // The caller decides what to retry, and where.
      maxAttempts: 1,
      retryMode: 'standard',
      defaultsMode: 'standard',
      userAgentAppId: 'cmk',
      requestHandler: {
        httpAgent: this.#httpAgent,
        httpsAgent: this.#httpsAgent,
        connectionTimeout: this.#config.awsConnectTimeoutMs,
        // Every call has a deadline of its own.
        requestTimeout: 0,
        socketTimeout: 0,
        logger: SILENT,
      },
    };
  }
}

function ignore(): void {
  // The handler's only messages are advice about its settings.
}
