import { KMSClient, type KMSClientConfig } from '@aws-sdk/client-kms';
import { AwsAgents } from './agents.ts';
import type { AwsConfig } from './config.ts';

/** What tests and special set-ups give in place of what the SDK finds by itself. */
export type AwsCredentials = NonNullable<KMSClientConfig['credentials']>;

/** Customers name the regions, so their number needs a bound; a client without its sockets is small. */
const MAX_CLIENTS = 64;

/** SDK clients, one a region, over shared and bounded connections. */
export class AwsClients {
  readonly #config: AwsConfig;
  readonly #credentials: AwsCredentials | null;
  readonly #agents: AwsAgents;
  readonly #byRegion = new Map<string, KMSClient>();

  constructor(config: AwsConfig, credentials: AwsCredentials | null) {
    this.#config = config;
    this.#credentials = credentials;
    this.#agents = new AwsAgents(config);
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
    this.#agents.close();
  }

  #clientConfig(region: string): KMSClientConfig {
    return {
      region,
      ...this.#agents.clientConfig(this.#config.awsEndpoints?.(region) ?? null),
      ...(this.#credentials === null ? {} : { credentials: this.#credentials }),
      // The caller decides what to retry, and where.
      maxAttempts: 1,
      retryMode: 'standard',
      defaultsMode: 'standard',
      userAgentAppId: 'cmk',
    };
  }
}
