import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import grpc from '@grpc/grpc-js';
import { readBrokerConfig } from '../../broker/config.ts';
import { startBroker, type Providers, type RunningBroker } from '../../broker/main.ts';
import { PROVIDER_NAMES } from '../../broker/model/types.ts';
import { openStore } from '../../broker/store/open-store.ts';
import type { Store } from '../../broker/store/store.ts';
import { loadBroker } from '../../proto/load.ts';
import { fromGrpcError } from '../../proto/status.ts';
import type { DataKeyGrant__Output } from '../../proto/types/cmk/v1/DataKeyGrant.ts';
import type { IssueDataKeyResponse__Output } from '../../proto/types/cmk/v1/IssueDataKeyResponse.ts';
import type { KeyBrokerClient } from '../../proto/types/cmk/v1/KeyBroker.ts';
import type { ResolveDataKeyRequest } from '../../proto/types/cmk/v1/ResolveDataKeyRequest.ts';
import type { ResolveDataKeyResponse__Output } from '../../proto/types/cmk/v1/ResolveDataKeyResponse.ts';
import { systemClock, type Clock } from '../../runtime/clock.ts';
import { createLogger } from '../../runtime/logger.ts';
import { createTestCa, type Leaf, type LeafOptions, type TestCa } from '../../sandbox/ca.ts';
import { keepTraces } from './artifacts.ts';
import { dumpDatabase } from './database-dump.ts';
import { everyProvider } from './every-provider.ts';
import { FakeKms } from './fake-kms.ts';
import { inTurn } from './in-turn.ts';
import { ASSET } from './key-world.ts';
import { BROKER_ID, brokerSettings, sidecarId, TOKEN } from './settings.ts';
import type { Teardowns } from './shared-world.ts';

/** A broker as it runs, with mutual TLS on a real port, over a real store and a KMS that the test drives. */
export interface BrokerWorld {
  readonly broker: RunningBroker;
  readonly kms: FakeKms;
  readonly store: Store;
  /** What the database holds, by table; default: all of them. */
  readonly dump: (only?: readonly string[]) => Promise<Record<string, unknown[]>>;
  readonly ca: TestCa;
  /** The key of account `acme`. */
  readonly kekId: string;
  readonly reference: string;
  /** A client of the broker; null: without a certificate. */
  readonly connect: (identity: Leaf | null) => KeyBrokerClient;
  /** With a certificate from the broker's authority. */
  readonly connectAs: (options: LeafOptions) => Promise<KeyBrokerClient>;
  /** The Meeting Recorder's sidecar. */
  readonly recorder: KeyBrokerClient;
  readonly admin: (
    method: string,
    path: string,
    body?: unknown,
  ) => Promise<{ status: number; body: unknown }>;
  /** The value of a metric, with exactly these labels. */
  readonly metric: (name: string, labels?: Record<string, string>) => Promise<number>;
}

/**
 * @param env with CMK_DATABASE_URL, it is over PostgreSQL
 * @param real used in place of the driven KMS; if AWS is among them, `env` must name the platform key
 */
export function brokerWorld(
  t: Teardowns,
  env: Record<string, string> = {},
  clock: Clock = systemClock,
  real: Partial<Providers> = {},
): Promise<BrokerWorld> {
  return inTurn(() => makeWorld(t, env, clock, real));
}

async function makeWorld(
  t: Teardowns,
  env: Record<string, string>,
  clock: Clock,
  real: Partial<Providers>,
): Promise<BrokerWorld> {
  const dir = await mkdtemp(join(tmpdir(), 'cmk-broker-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const ca = await createTestCa();
  const identity = await ca.writeIdentity(dir, { uriSans: [BROKER_ID] });
  const kms = new FakeKms();
  const databaseUrl = env['CMK_DATABASE_URL'];
  const store = await openStore(
    databaseUrl === undefined ? { sqlitePath: join(dir, 'cmk.db') } : { databaseUrl },
  );
  // Before anything can fail: what stays open keeps the test's process from ending.
  t.teardown(() => store.close());
  const providers = { ...everyProvider(kms), ...real };
  const config = readBrokerConfig({
    ...brokerSettings(identity),
    CMK_PLATFORM_KEY: kms.createKey('platform'),
    ...env,
  });
  const log: string[] = [];
  const destination = { write: (line: string) => void log.push(line) };
  const logger = createLogger({ name: 'broker', level: 'debug', destination });
  const broker = await startBroker({ config, clock, store, kms: providers, logger });
  const clients: grpc.Client[] = [];
  t.teardown(async () => {
    for (const client of clients) client.close();
    await broker.close(1_000);
    keepTraces('broker', log, await broker.metrics.registry.metrics());
  });

  const connect = (leaf: Leaf | null): KeyBrokerClient => {
    const { KeyBroker } = loadBroker();
    const [key, cert] = leaf ? [Buffer.from(leaf.keyPem), Buffer.from(leaf.certPem)] : [null, null];
    // The broker's certificate names it by its SPIFFE id, not by a host.
    const options = { checkServerIdentity: () => undefined };
    const credentials = grpc.credentials.createSsl(Buffer.from(ca.caPem), key, cert, options);
    const client = new KeyBroker(`127.0.0.1:${broker.grpcPort}`, credentials, {
      'grpc.enable_retries': 0,
      'grpc.ssl_target_name_override': 'broker.cmk.test',
    });
    clients.push(client);
    return client;
  };
  const connectAs = async (options: LeafOptions) => connect(await ca.issue(options));
  const admin = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`http://127.0.0.1:${broker.adminPort}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${TOKEN}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  };

  const reference = kms.createKey('customer');
  for (const account of ['acme', 'globex']) {
    await admin('PUT', `/v1/accounts/${account}`, { name: account, licence: 'ACCOUNT' });
  }
  const { account, srvId, type } = ASSET;
  await admin('PUT', `/v1/accounts/${account}/enrolments/${srvId}/${type}`);
  const enrolled = await admin('POST', `/v1/accounts/${account}/keys`, {
    provider: PROVIDER_NAMES.find((name) => providers[name] === kms),
    references: [reference],
  });
  const { key } = enrolled.body as { key: { id: string } };
  kms.calls.length = 0;
  return {
    broker,
    kms,
    store,
    dump: (only) => dumpDatabase(join(dir, 'cmk.db'), only),
    ca,
    kekId: key.id,
    reference,
    connect,
    connectAs,
    recorder: await connectAs({ uriSans: [sidecarId('0001')] }),
    admin,
    metric: async (name, labels = {}) => {
      const metric = await broker.metrics.registry.getSingleMetric(name)?.get();
      const entries = Object.entries(labels);
      const values = metric?.values.filter((each) =>
        entries.every(([label, value]) => each.labels[label] === value),
      );
      return values?.reduce((sum, { value }) => sum + value, 0) ?? 0;
    },
  };
}

const ISSUE = { asset: ASSET, owner: 'user-1', reason: 'REASON_STORAGE' } as const;
const deadline = () => ({ deadline: Date.now() + 20_000 });

export function issue(client: KeyBrokerClient, request: object = {}): Promise<IssueDataKeyResponse__Output> {
  return call((done) => client.issueDataKey({ ...ISSUE, ...request }, deadline(), done));
}

/** What a sidecar asks for when it opens a file that was sealed with this answer. */
export function resolveRequestOf(issued: IssueDataKeyResponse__Output): ResolveDataKeyRequest {
  const grant = grantOf(issued);
  return {
    asset: ASSET,
    reason: 'REASON_USER_ACCESS',
    dataKeyId: grant.dataKeyId,
    reference: issued.encryptedDataKeys[0]?.ciphertext ?? Buffer.alloc(0),
    encryptionContext: grant.encryptionContext,
  };
}

export function resolve(
  client: KeyBrokerClient,
  request: ResolveDataKeyRequest,
): Promise<ResolveDataKeyResponse__Output> {
  return call((done) => client.resolveDataKey(request, deadline(), done));
}

export function grantOf(answer: { grant: DataKeyGrant__Output | null }): DataKeyGrant__Output {
  if (!answer.grant) throw new Error('an answer without a grant');
  return answer.grant;
}

/** A unary call; failures come as CmkError with the original as cause. */
export function call<T>(make: (done: grpc.requestCallback<T>) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    make((error, answer) => {
      if (error) reject(fromGrpcError(error, 'BROKER_UNREACHABLE'));
      else if (answer) resolve(answer);
    });
  });
}
