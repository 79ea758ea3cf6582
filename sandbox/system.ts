import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AdminClient } from './admin-client.ts';
import { createTestCa, type TestCa } from './ca.ts';
import { AwsAccount } from './customers/aws.ts';
import type { Customer, KmsName } from './customers/customer.ts';
import { startCustomer } from './customers/start-customer.ts';
import {
  launchBroker,
  launchEmulator,
  launchSidecar,
  SOURCES,
  type BrokerProcess,
  type Programs,
  type SidecarProcess,
} from './parts.ts';
import { launchPortal, type SandboxPortal } from './portal.ts';
import { awsKmsSettings, tlsSettings, type AwsEndpoints } from './settings.ts';

/** Everything on one machine, each part a process of its own: emulated KMSs, broker, sidecars. */
export interface SandboxSystem {
  readonly dir: string;
  readonly ca: TestCa;
  readonly customer: Customer;
  /** The emulated AWS KMS: its control API, and its endpoints by region. */
  readonly aws: AwsEndpoints & { readonly controlUrl: string };
  /** The same customer's other KMS, if one was asked for. */
  readonly elsewhere: Customer | null;
  readonly admin: AdminClient;
  readonly adminUrl: string;
  readonly adminToken: string;
  /** Null: nobody signs in. */
  readonly portal: SandboxPortal | null;
  readonly broker: BrokerProcess;
  readonly sidecars: { readonly recorder: SidecarProcess; readonly phone: SidecarProcess };
  /** Starts another broker on the same database. @param started what differs from the first one */
  startBroker(name: string, started?: PartOptions): Promise<BrokerProcess & { readonly adminUrl: string }>;
  /** Starts another sidecar for a service. */
  startSidecar(name: string, srvId: string, options?: SidecarOptions): Promise<SidecarProcess>;
  close(): Promise<void>;
}

export interface PartOptions {
  /** What runs; default: what the system runs. */
  readonly programs?: Programs;
  readonly env?: Readonly<Record<string, string>>;
}

export interface SidecarOptions extends PartOptions {
  /** Default: the first one. */
  readonly broker?: Pick<BrokerProcess, 'address'>;
}

export interface SystemOptions {
  /** Where sockets, logs, certificates and the database lie. Kept short: a socket's path has a limit. */
  readonly dir: string;
  /** What the customer keeps their key in; the platform key is in AWS KMS always. Default: aws. */
  readonly kms?: KmsName;
  /** Where the customer can go with their key; default: nowhere. */
  readonly elsewhere?: KmsName;
  /** Whether people can sign in with a browser; default: no. */
  readonly portal?: boolean;
  /** Default: SQLite in `dir`. */
  readonly databaseUrl?: string;
  /** Settings of the broker and of the sidecars that differ from their defaults. */
  readonly brokerEnv?: Readonly<Record<string, string>>;
  readonly sidecarEnv?: Readonly<Record<string, string>>;
  /** Arguments for the emulated AWS KMS. */
  readonly kmsArgs?: readonly string[];
  /** What runs as broker and as sidecar; default: their sources. */
  readonly programs?: Programs;
}

const TRUST_DOMAIN = 'cmk.sandbox';
const BROKER_SPIFFE_ID = `spiffe://${TRUST_DOMAIN}/broker`;
const PROVIDER_AWS_ACCOUNT = '409910850980';
/** The one that people sign in to. */
const FIRST_BROKER = 'broker';
const REGIONS = ['us-east-1', 'us-west-2'] as const;

/** @throws Error with the end of its log when a part does not start; the others are stopped */
export async function startSystem(options: SystemOptions): Promise<SandboxSystem> {
  const { dir } = options;
  mkdirSync(join(dir, 'logs'), { recursive: true });
  const running: { stop(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    // Sidecars before the broker, the broker before its KMS.
    for (const part of running.splice(0).reverse()) await part.stop();
  };
  // While the others start.
  const portalStart = options.portal ? launchPortal(dir) : null;
  portalStart?.then(({ process }) => running.unshift({ stop: () => process.stop() })).catch(() => undefined);
  try {
    const ca = await createTestCa();
    const aws = await launchEmulator(dir, 'aws-kms', [
      '--regions',
      REGIONS.join(','),
      ...(options.kmsArgs ?? []),
    ]);
    running.push(aws.process);
    const { controlUrl } = aws.addresses;
    const addresses = aws.addresses as typeof aws.addresses & AwsEndpoints;
    const provider = new AwsAccount(controlUrl, PROVIDER_AWS_ACCOUNT);
    const role = await provider.createRole('cmk-broker');
    const platformKey = await provider.createMultiRegionKey(REGIONS);
    const providersAws = { controlUrl, regions: REGIONS, brokerRole: role.arn };
    const side = await startCustomer(options.kms ?? 'aws', dir, providersAws);
    if (side.process) running.push(side.process);
    const other = options.elsewhere && (await startCustomer(options.elsewhere, dir, providersAws));
    if (other?.process) running.push(other.process);

    const adminToken = randomBytes(24).toString('base64url');
    const { programs = SOURCES } = options;
    const portal = await portalStart;
    const startBroker = async (name: string, started: PartOptions = {}) => {
      const identity = await ca.writeIdentity(join(dir, name), { uriSans: [BROKER_SPIFFE_ID] });
      const broker = await launchBroker(
        { dir, name, programs: started.programs ?? programs },
        {
          ...tlsSettings(identity),
          CMK_TRUST_DOMAIN: TRUST_DOMAIN,
          CMK_ADMIN_TOKEN: adminToken,
          CMK_SQLITE_FILE: join(dir, 'cmk.db'),
          CMK_PLATFORM_KEY: platformKey.join(','),
          ...awsKmsSettings(addresses),
          AWS_ACCESS_KEY_ID: role.accessKeyId,
          AWS_SECRET_ACCESS_KEY: role.secretAccessKey,
          ...(role.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: role.sessionToken }),
          ...(options.databaseUrl === undefined ? {} : { CMK_DATABASE_URL: options.databaseUrl }),
          ...side.brokerEnv,
          ...other?.brokerEnv,
          ...(name === FIRST_BROKER ? portal?.brokerEnv : {}),
          ...options.brokerEnv,
          ...started.env,
        },
      );
      running.push({ stop: () => broker.process.stop() });
      return broker;
    };
    const broker = await startBroker(FIRST_BROKER);

    const startSidecar: SandboxSystem['startSidecar'] = async (name, srvId, started = {}) => {
      const leaf = { uriSans: [`spiffe://${TRUST_DOMAIN}/service/${srvId}`] };
      const identity = await ca.writeIdentity(join(dir, name), leaf);
      const sidecar = await launchSidecar(
        { dir, name, programs: started.programs ?? programs },
        {
          ...tlsSettings(identity),
          CMK_BROKER: (started.broker ?? broker).address,
          CMK_BROKER_SPIFFE_ID: BROKER_SPIFFE_ID,
          ...options.sidecarEnv,
          ...started.env,
        },
      );
      running.push({ stop: () => sidecar.process.stop() });
      return sidecar;
    };
    return {
      dir,
      ca,
      customer: side.customer,
      aws: { controlUrl, endpoints: addresses.endpoints, stsEndpoints: addresses.stsEndpoints },
      elsewhere: other?.customer ?? null,
      admin: new AdminClient(broker.adminUrl, adminToken),
      adminUrl: broker.adminUrl,
      adminToken,
      portal,
      broker,
      sidecars: {
        recorder: await startSidecar('recorder', '0001'),
        phone: await startSidecar('phone', '0002'),
      },
      startBroker,
      startSidecar,
      close,
    };
  } catch (error) {
    await portalStart?.catch(() => undefined);
    await close();
    throw error;
  }
}
