import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { ExecutionContext } from 'ava';
import { readBrokerConfig } from '../../broker/config.ts';
import { keyPolicy } from '../../broker/kms/aws/key-policy.ts';
import { createProviders } from '../../broker/kms/registry.ts';
import { startBroker, type RunningBroker } from '../../broker/main.ts';
import { CmkClient } from '../../client/index.ts';
import { createLogger, type Logger } from '../../runtime/logger.ts';
import { AdminClient } from '../../sandbox/admin-client.ts';
import { startAwsKms, type AwsKms, type PrincipalHandle } from '../../sandbox/aws-kms/emulator.ts';
import { createTestCa, type LeafOptions, type TestCa } from '../../sandbox/ca.ts';
import { metricIn } from '../../sandbox/scrape.ts';
import { awsKmsSettings } from '../../sandbox/settings.ts';
import { readSidecarConfig } from '../../sidecar/config.ts';
import { startSidecar, type RunningSidecar } from '../../sidecar/main.ts';
import { artifactFolder } from './artifacts.ts';
import { BROKER_ACCOUNT, CUSTOMER_ACCOUNT } from './aws-kms.ts';
import { canaryBytes } from './canaries.ts';
import { DrivenClock } from './driven-clock.ts';
import { everyProvider } from './every-provider.ts';
import { inTurn } from './in-turn.ts';
import { BROKER_ID, brokerSettings, sidecarId, sidecarSettings, TOKEN } from './settings.ts';
import { StallableProxy } from './stallable-proxy.ts';
import { WatchedKms } from './watched-kms.ts';
import { ACCOUNT, OWNER, recording } from './whole-system.ts';

/** A heartbeat each 5 driven seconds takes this much real time to be written, sent and read, and far less as a rule. */
const REAL_MS_PER_SECOND = 4;
const REGIONS = ['us-east-1', 'us-west-2'] as const;

export interface SidecarInProcess {
  readonly sidecar: RunningSidecar;
  readonly address: string;
  readonly client: CmkClient;
}

export interface SidecarSetUp {
  /** Default: the Meeting Recorder's. */
  readonly leaf?: LeafOptions;
  /** Who issued its certificate; it trusts the broker all the same. */
  readonly issuer?: TestCa;
  readonly clock?: DrivenClock;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Broker and sidecars in this process with one clock that the test drives, over mutual TLS and unix sockets, and an
 * emulated AWS KMS over HTTP. Every data key is a canary, and every trace is kept for the scan.
 */
export class DrivenSystem {
  readonly dir: string;
  readonly ca: TestCa;
  readonly clock: DrivenClock;
  readonly aws: AwsKms;
  readonly kms: WatchedKms;
  readonly broker: RunningBroker;
  readonly admin: AdminClient;
  /** The customer's key and its replica. */
  readonly keys: readonly string[];
  /** Stands between the sidecars and the broker. */
  readonly link: StallableProxy;
  readonly #closers: (() => Promise<void> | void)[] = [];
  readonly #errors: unknown[] = [];
  readonly #log: string[];

  private constructor(
    parts: Pick<
      DrivenSystem,
      'dir' | 'ca' | 'clock' | 'aws' | 'kms' | 'broker' | 'admin' | 'keys' | 'link'
    > & { readonly log: string[] },
  ) {
    this.dir = parts.dir;
    this.ca = parts.ca;
    this.clock = parts.clock;
    this.aws = parts.aws;
    this.kms = parts.kms;
    this.broker = parts.broker;
    this.admin = parts.admin;
    this.keys = parts.keys;
    this.link = parts.link;
    this.#log = parts.log;
  }

  /** Starts one for the length of a test. @param suite names the artifacts @param env the broker's settings besides the usual ones */
  static start(
    t: ExecutionContext,
    suite: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<DrivenSystem> {
    return inTurn(() => DrivenSystem.#start(t, suite, env));
  }

  static async #start(
    t: ExecutionContext,
    suite: string,
    env: Readonly<Record<string, string>>,
  ): Promise<DrivenSystem> {
    const dir = mkdtempSync(join(tmpdir(), 'cmk-driven-'));
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    const ca = await createTestCa();
    const clock = new DrivenClock();
    const log: string[] = [];
    const aws = await startAwsKms({ regions: REGIONS, randomBytes: canaryBytes });
    t.teardown(() => aws.close());
    const role = aws.createPrincipal({ account: BROKER_ACCOUNT, kind: 'role', name: 'cmk-broker' });
    const config = readBrokerConfig({ ...(await brokerEnv(dir, ca, aws)), ...env });
    const kms = new WatchedKms(createProviders(config, { aws: role }).aws, clock);
    t.teardown(() => kms.close());
    const logger = loggerInto(log, 'broker');
    const broker = await startBroker({ config, clock, kms: everyProvider(kms), logger });
    const link = await StallableProxy.start(broker.grpcPort);
    const admin = new AdminClient(`http://127.0.0.1:${broker.adminPort}`, TOKEN);
    const keys = await enrol(aws, admin, role);
    const system = new DrivenSystem({ dir, ca, clock, aws, kms, broker, admin, keys, link, log });
    t.teardown(() => system.#close(artifactFolder(suite)));
    return system;
  }

  /** Starts a sidecar; it and its client are closed with the system. */
  async startSidecar(name: string, setUp: SidecarSetUp = {}): Promise<SidecarInProcess> {
    const { leaf = { uriSans: [sidecarId('0001')] }, issuer = this.ca, clock = this.clock } = setUp;
    const files = await issuer.writeIdentity(join(this.dir, name), leaf);
    writeFileSync(files.caPath, this.ca.caPem);
    const address = `unix:${join(this.dir, `${name}.sock`)}`;
    const config = readSidecarConfig({
      ...sidecarSettings(files, `127.0.0.1:${this.link.port}`),
      CMK_LISTEN: address,
      ...setUp.env,
    });
    const sidecar = await startSidecar({ config, clock, logger: loggerInto(this.#log, name) });
    const client = new CmkClient({ address });
    this.#closers.push(() => sidecar.close(0));
    this.#closers.push(() => client.close());
    return { sidecar, address, client };
  }

  seal(client: CmkClient, content: Uint8Array, assetId: string): Promise<Buffer> {
    return buffer(client.encrypt(content, { asset: recording(assetId), owner: OWNER }));
  }

  open(client: CmkClient, sealed: Uint8Array, assetId: string): Promise<Buffer> {
    return buffer(client.decrypt(sealed, { asset: recording(assetId), reason: 'USER_ACCESS' }));
  }

  /** Keeps an error's text, causes and all, for the scan. */
  note(error: unknown): void {
    this.#errors.push(error);
  }

  /** The sum over all label values that the text names. */
  async brokerMetric(name: string, labels = ''): Promise<number> {
    return metricIn(await this.broker.metrics.registry.metrics(), name, labels);
  }

  /**
   * Lets time pass in pieces, so that the heartbeats of the watches get through between them as they do in real time.
   * @param ms whole seconds
   */
  async pass(ms: number): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += 1_000) {
      this.clock.advance(1_000);
      await setTimeout(REAL_MS_PER_SECOND);
    }
  }

  async #close(artifacts: string): Promise<void> {
    const scrape = await this.broker.metrics.registry.metrics();
    for (const close of this.#closers.reverse()) await close();
    await this.broker.close(0);
    this.link.close();
    writeFileSync(join(artifacts, 'broker.metrics.txt'), scrape);
    writeFileSync(join(artifacts, 'log.jsonl'), this.#log.join(''));
    writeFileSync(join(artifacts, 'errors.txt'), inspect(this.#errors, { depth: 10, maxArrayLength: null }));
  }
}

async function brokerEnv(dir: string, ca: TestCa, aws: AwsKms): Promise<Record<string, string>> {
  const identity = await ca.writeIdentity(join(dir, 'broker'), { uriSans: [BROKER_ID] });
  const [primary, ...others] = REGIONS;
  const platformKey = aws.createKey({ account: BROKER_ACCOUNT, region: primary, multiRegion: true });
  const replicas = others.map((region) => aws.replicateKey(platformKey, region));
  return {
    ...brokerSettings(identity),
    CMK_SQLITE_FILE: join(dir, 'cmk.db'),
    CMK_PLATFORM_KEY: [platformKey, ...replicas].join(','),
    ...awsKmsSettings(aws),
  };
}

async function enrol(aws: AwsKms, admin: AdminClient, role: PrincipalHandle): Promise<string[]> {
  const policy = keyPolicy({
    partition: 'aws',
    awsAccount: CUSTOMER_ACCOUNT,
    user: role.arn,
    account: ACCOUNT,
  });
  const [region, ...others] = REGIONS;
  const arn = aws.createKey({ account: CUSTOMER_ACCOUNT, region, multiRegion: true, policy });
  const keys = [arn, ...others.map((other) => aws.replicateKey(arn, other, policy))];
  await admin.putAccount(ACCOUNT, { name: 'Acme Inc.', licence: 'ACCOUNT' });
  await admin.enrolKey(ACCOUNT, keys);
  await admin.enrolType(ACCOUNT, '0001', 'MeetingWebinarRecording');
  return keys;
}

function loggerInto(lines: string[], name: string): Logger {
  return createLogger({ name, level: 'debug', destination: { write: (line) => void lines.push(line) } });
}
