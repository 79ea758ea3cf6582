import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AdminClient } from './admin-client.ts';
import { createTestCa, type TestCa } from './ca.ts';
import { AwsCustomer } from './customer.ts';
import { answersOk, freePort, launch, type ManagedProcess } from './process.ts';

/** Everything on one machine, each part a process of its own: emulated AWS KMS, broker, sidecars. */
export interface SandboxSystem {
  readonly dir: string;
  readonly ca: TestCa;
  readonly kmsControlUrl: string;
  readonly customer: AwsCustomer;
  /** ARN of the role that the broker calls KMSs as. */
  readonly brokerRole: string;
  readonly admin: AdminClient;
  readonly adminUrl: string;
  readonly adminToken: string;
  readonly broker: BrokerProcess;
  readonly sidecars: { readonly recorder: SidecarProcess; readonly phone: SidecarProcess };
  /** Starts another sidecar for a service. */
  startSidecar(name: string, srvId: string): Promise<SidecarProcess>;
  close(): Promise<void>;
}

export interface BrokerProcess {
  readonly statusUrl: string;
  readonly process: ManagedProcess;
  /** As a crash: `kill -9`, and started anew on the same ports and database. */
  restart(): Promise<void>;
}

export interface SidecarProcess {
  /** Where services connect. */
  readonly address: string;
  readonly statusUrl: string;
  readonly process: ManagedProcess;
}

export interface SystemOptions {
  /** Where sockets, logs, certificates and the database lie. Kept short: a socket's path has a limit. */
  readonly dir: string;
  /** Default: SQLite in `dir`. */
  readonly databaseUrl?: string;
  /** Settings of the broker and of the sidecars that differ from their defaults. */
  readonly brokerEnv?: Readonly<Record<string, string>>;
  readonly sidecarEnv?: Readonly<Record<string, string>>;
  /** Arguments for the emulated KMS. */
  readonly kmsArgs?: readonly string[];
}

const TRUST_DOMAIN = 'cmk.sandbox';
const PROVIDER_AWS_ACCOUNT = '409910850980';
const CUSTOMER_AWS_ACCOUNT = '111122223333';
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
  try {
    const ca = await createTestCa();
    const kms = await startKms(dir, options.kmsArgs ?? []);
    running.push(kms.process);
    const provider = new AwsCustomer(kms.controlUrl, PROVIDER_AWS_ACCOUNT);
    const role = await provider.createRole('cmk-broker');
    const platformKey = await provider.createMultiRegionKey(REGIONS, ownPolicy(PROVIDER_AWS_ACCOUNT));

    const adminToken = randomBytes(24).toString('base64url');
    const [grpcPort, adminPort, statusPort] = [await freePort(), await freePort(), await freePort()];
    const identity = await ca.writeIdentity(join(dir, 'broker'), {
      uriSans: [`spiffe://${TRUST_DOMAIN}/broker`],
    });
    const broker = await startBroker(dir, {
      CMK_TRUST_DOMAIN: TRUST_DOMAIN,
      CMK_TLS_CERT: identity.certPath,
      CMK_TLS_KEY: identity.keyPath,
      CMK_TLS_CA: identity.caPath,
      CMK_GRPC_HOST: '127.0.0.1',
      CMK_GRPC_PORT: String(grpcPort),
      CMK_ADMIN_PORT: String(adminPort),
      CMK_ADMIN_TOKEN: adminToken,
      CMK_STATUS_HOST: '127.0.0.1',
      CMK_STATUS_PORT: String(statusPort),
      CMK_SQLITE_FILE: join(dir, 'cmk.db'),
      CMK_PLATFORM_KEY: platformKey.join(','),
      CMK_AWS_KMS_ENDPOINT: Object.entries(kms.endpoints)
        .map(([region, url]) => `${region}=${url}`)
        .join(','),
      AWS_ACCESS_KEY_ID: role.accessKeyId,
      AWS_SECRET_ACCESS_KEY: role.secretAccessKey,
      ...(role.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: role.sessionToken }),
      ...(options.databaseUrl === undefined ? {} : { CMK_DATABASE_URL: options.databaseUrl }),
      ...options.brokerEnv,
    });
    running.push({ stop: () => broker.process.stop() });

    const startSidecar = async (name: string, srvId: string): Promise<SidecarProcess> => {
      const sidecar = await launchSidecar(dir, { name, srvId, ca, grpcPort, env: options.sidecarEnv ?? {} });
      running.push(sidecar.process);
      return sidecar;
    };
    const adminUrl = `http://127.0.0.1:${adminPort}`;
    return {
      dir,
      ca,
      kmsControlUrl: kms.controlUrl,
      customer: new AwsCustomer(kms.controlUrl, CUSTOMER_AWS_ACCOUNT),
      brokerRole: role.arn,
      admin: new AdminClient(adminUrl, adminToken),
      adminUrl,
      adminToken,
      broker,
      sidecars: {
        recorder: await startSidecar('recorder', '0001'),
        phone: await startSidecar('phone', '0002'),
      },
      startSidecar,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface KmsProcess {
  readonly process: ManagedProcess;
  readonly endpoints: Readonly<Record<string, string>>;
  readonly controlUrl: string;
}

async function startKms(dir: string, args: readonly string[]): Promise<KmsProcess> {
  const logPath = join(dir, 'logs', 'aws-kms.log');
  let line = '';
  const program = {
    name: 'the emulated AWS KMS',
    args: [
      'sandbox/aws-kms/main.ts',
      '--regions',
      REGIONS.join(','),
      '--events',
      join(dir, 'kms-events.jsonl'),
      ...args,
    ],
    env: {},
    logPath,
  };
  const process = await launch(program, async () => {
    const lines = (await readFile(logPath, 'utf8')).split('\n');
    line = lines.find((text) => text.startsWith('{"endpoints"')) ?? '';
    return line !== '';
  });
  return { process, ...(JSON.parse(line) as Omit<KmsProcess, 'process'>) };
}

async function startBroker(dir: string, env: Readonly<Record<string, string>>): Promise<BrokerProcess> {
  const statusUrl = `http://127.0.0.1:${env['CMK_STATUS_PORT'] ?? ''}`;
  const logPath = join(dir, 'logs', 'broker.log');
  const start = (): Promise<ManagedProcess> =>
    launch({ name: 'the broker', args: ['broker/main.ts'], env, logPath }, () =>
      answersOk(`${statusUrl}/ready`),
    );
  let current = await start();
  return {
    statusUrl,
    get process() {
      return current;
    },
    async restart() {
      await current.kill();
      current = await start();
    },
  };
}

async function launchSidecar(
  dir: string,
  options: {
    name: string;
    srvId: string;
    ca: TestCa;
    grpcPort: number;
    env: Readonly<Record<string, string>>;
  },
): Promise<SidecarProcess> {
  const { name, srvId, ca, grpcPort } = options;
  const identity = await ca.writeIdentity(join(dir, name), {
    uriSans: [`spiffe://${TRUST_DOMAIN}/service/${srvId}`],
  });
  const address = `unix:${join(dir, `${name}.sock`)}`;
  const statusPort = await freePort();
  const statusUrl = `http://127.0.0.1:${statusPort}`;
  const program = {
    name: `the ${name} sidecar`,
    args: ['sidecar/main.ts'],
    env: {
      CMK_LISTEN: address,
      CMK_BROKER: `127.0.0.1:${grpcPort}`,
      CMK_BROKER_SPIFFE_ID: `spiffe://${TRUST_DOMAIN}/broker`,
      CMK_TLS_CERT: identity.certPath,
      CMK_TLS_KEY: identity.keyPath,
      CMK_TLS_CA: identity.caPath,
      CMK_STATUS_HOST: '127.0.0.1',
      CMK_STATUS_PORT: String(statusPort),
      ...options.env,
    },
    logPath: join(dir, 'logs', `${name}.log`),
  };
  return { address, statusUrl, process: await launch(program, () => answersOk(`${statusUrl}/ready`)) };
}

/** The policy that AWS gives a new key: its account decides. */
function ownPolicy(account: string): object {
  const principal = { AWS: `arn:aws:iam::${account}:root` };
  return {
    Version: '2012-10-17',
    Statement: [{ Sid: 'Owner', Effect: 'Allow', Principal: principal, Action: 'kms:*', Resource: '*' }],
  };
}

/** One scrape of a /metrics page. */
export interface Scrape {
  readonly text: string;
  /** The sum over all label values; 0 when there is none. */
  sum(name: string): number;
}

export async function readMetrics(statusUrl: string): Promise<Scrape> {
  const response = await fetch(`${statusUrl}/metrics`, { signal: AbortSignal.timeout(5_000) });
  const text = await response.text();
  return {
    text,
    sum: (name) =>
      text
        .split('\n')
        .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
        .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0),
  };
}
