import { KMSClient, type KMSClientConfig } from '@aws-sdk/client-kms';
import { STSClient } from '@aws-sdk/client-sts';
import { AwsAgents } from './agents.ts';
import type { AwsConfig } from './config.ts';

/** What tests and special set-ups give in place of what the SDK finds by itself. */
export type AwsCredentials = NonNullable<KMSClientConfig['credentials']>;

/** What the clients of every service are set to. */
type ClientConfig = Pick<
  KMSClientConfig,
  | 'region'
  | 'endpoint'
  | 'requestHandler'
  | 'credentials'
  | 'maxAttempts'
  | 'retryMode'
  | 'defaultsMode'
  | 'userAgentAppId'
>;

/** Customers name the regions, so their number needs a bound; a client without its sockets is small. */
const MAX_CLIENTS = 64;

/** SDK clients, one a region and service, over shared and bounded connections. */
export class AwsClients {
  readonly #config: AwsConfig;
  readonly #credentials: AwsCredentials | null;
  readonly #agents: AwsAgents;
  readonly #kms = new Map<string, KMSClient>();
  readonly #sts = new Map<string, STSClient>();

  constructor(config: AwsConfig, credentials: AwsCredentials | null) {
    this.#config = config;
    this.#credentials = credentials;
    this.#agents = new AwsAgents(config);
  }

  /** Acts as the broker itself. */
  get(region: string): KMSClient {
    return known(this.#kms, region, () => new KMSClient(this.#kmsConfig(region, this.#credentials)));
  }

  /** Acts as the broker itself, to assume a customer's role. */
  sts(region: string): STSClient {
    const endpoint = this.#config.awsStsEndpoints?.(region) ?? null;
    const make = () => new STSClient(this.#clientConfig(region, endpoint, this.#credentials));
    return known(this.#sts, region, make);
  }

  /** Acts as a customer's role, and as nobody else. Another one at each call: the caller keeps it. */
  forSession(region: string, credentials: AwsCredentials): KMSClient {
    return new KMSClient(this.#kmsConfig(region, credentials));
  }

  /** Ends every connection; calls under way fail. */
  close(): void {
    // Clients that were let go of need no end of their own: they share the agents.
    this.#kms.clear();
    this.#sts.clear();
    this.#agents.close();
  }

  #kmsConfig(region: string, credentials: AwsCredentials | null): ClientConfig {
    return this.#clientConfig(region, this.#config.awsEndpoints?.(region) ?? null, credentials);
  }

  #clientConfig(region: string, endpoint: string | null, credentials: AwsCredentials | null): ClientConfig {
    return {
      region,
      ...this.#agents.clientConfig(endpoint),
      ...(credentials === null ? {} : { credentials }),
      // The caller decides what to retry, and where.
      maxAttempts: 1,
      retryMode: 'standard',
      defaultsMode: 'standard',
      userAgentAppId: 'cmk',
    };
  }
}

function known<Client>(clients: Map<string, Client>, region: string, make: () => Client): Client {
  const client = clients.get(region) ?? make();
  if (clients.size >= MAX_CLIENTS) clients.clear();
  clients.set(region, client);
  return client;
}
