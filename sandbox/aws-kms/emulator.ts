import { randomBytes, randomUUID } from 'node:crypto';
import { ControlServer } from '../emulation/control-server.ts';
import { Faults } from '../emulation/faults.ts';
import { parseKeyArn } from './arn.ts';
import { controlOf } from './control.ts';
import type { Fault, FaultEffect, Place } from './faults.ts';
import { KeyStore, type KeyState, type KeyUsage } from './key-store.ts';
import { Principals, rootOf, type AccessKey, type PrincipalSpec } from './principals.ts';
import { RegionServer, execute, type World } from './region-server.ts';
import { loadState, saveState } from './state-file.ts';
import { StsServer } from './sts-server.ts';
import { Trail, type EventFilter, type TrailEvent } from './trail.ts';

export interface AwsKmsOptions {
  /** E.g. `['us-east-1', 'us-west-2']`. */
  readonly regions: readonly [string, ...string[]];
  /** The port of each region on 127.0.0.1; absent: any. */
  readonly ports?: Readonly<Record<string, number>>;
  /** The control API's port, 0: any; absent: no control API. */
  readonly controlPort?: number;
  /** Where keys and access keys outlive a restart; absent: in memory alone. */
  readonly statePath?: string;
  /** Where every event is appended as a line of JSON. */
  readonly eventsPath?: string;
  /** UNIX milliseconds; default: the system's clock. */
  readonly nowMs?: () => number;
  /** Makes data keys; tests that look for leaks give recognisable ones. */
  readonly randomBytes?: (count: number) => Buffer;
}

/** An access key and who holds it; fits the SDK's `credentials`. */
export interface PrincipalHandle extends AccessKey {
  readonly account: string;
  /** As policies name it. */
  readonly arn: string;
}

/** A running emulator. What is done through this object is done as the owning account's root, and logged. */
export interface AwsKms {
  /** URL of each region. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** URL of each region's STS, where roles are assumed. */
  readonly stsEndpoints: Readonly<Record<string, string>>;
  /** `http://127.0.0.1:PORT` of the control API. */
  readonly controlUrl: string | null;
  readonly faults: Pick<Faults<FaultEffect, Place>, 'clear'> & { add(fault: Fault): () => void };
  createPrincipal(spec: PrincipalSpec): PrincipalHandle;
  /** With the access key of a role that can be assumed, the role and all of its sessions. */
  removePrincipal(accessKeyId: string): void;
  /** Who may assume the role from now on; sessions go on. */
  putTrustPolicy(roleArn: string, trustPolicy: object): void;
  /** As after the end of the time that the role's sessions were given. */
  expireSessions(roleArn: string): void;
  /** @returns the key's ARN */
  createKey(options: CreateKeyOptions): string;
  /** @returns the replica's ARN */
  replicateKey(arn: string, region: string, policy?: object): string;
  enableKey(arn: string): void;
  disableKey(arn: string): void;
  /** @param days 7 to 30 */
  scheduleKeyDeletion(arn: string, days?: number): void;
  cancelKeyDeletion(arn: string): void;
  rotateKey(arn: string): void;
  putKeyPolicy(arn: string, policy: object): void;
  /** Any state, also those that nobody can ask for, e.g. `Unavailable`. */
  setKeyState(arn: string, state: KeyState): void;
  /** As after the end of the waiting period. */
  deleteKey(arn: string): void;
  /** The log, oldest first. */
  events(filter?: EventFilter): TrailEvent[];
  /** Refuses connections to a region's KMS until {@link startRegion}, which uses the same port. */
  stopRegion(region: string): Promise<void>;
  startRegion(region: string): Promise<void>;
  /** Open connections to a region's KMS and STS. */
  connections(region: string): Promise<number>;
  close(): Promise<void>;
}

export interface CreateKeyOptions {
  readonly account: string;
  readonly region: string;
  readonly multiRegion?: boolean;
  /** Default: the account's root may do everything. */
  readonly policy?: object;
  readonly description?: string;
  readonly usage?: KeyUsage;
}

/** Starts an emulator of AWS KMS, and of as much of STS as it needs: HTTP endpoints for each region, on loopback. */
export async function startAwsKms(options: AwsKmsOptions): Promise<AwsKms> {
  const nowMs = options.nowMs ?? Date.now;
  const keys = new KeyStore(nowMs);
  const principals = new Principals();
  const { statePath } = options;
  if (statePath !== undefined) loadState(statePath, keys, principals);
  const save = () => {
    if (statePath !== undefined) saveState(statePath, keys, principals);
  };
  const trail = new Trail(options.eventsPath);
  const faults = new Faults<FaultEffect, Place>(nowMs);
  const world: World = {
    keys,
    principals,
    faults,
    trail,
    regions: options.regions,
    nowMs,
    randomBytes: options.randomBytes ?? randomBytes,
    onChange: save,
  };

  const servers = new Map(
    options.regions.map((region) => [region, new RegionServer(region, options.ports?.[region] ?? 0, world)]),
  );
  const stsServers = new Map(options.regions.map((region) => [region, new StsServer(region, world)]));
  const serverOf = (region: string): RegionServer => {
    const server = servers.get(region);
    if (!server) throw new Error(`region: expected one of ${options.regions.join(', ')}, got ${region}`);
    return server;
  };

  const all = [...servers.values(), ...stsServers.values()];

  const asOwner = (name: string, arn: string, fields: object = {}) => {
    const { region, account } = parseKeyArn(arn);
    return asRoot(world, { name, region, account, fields: { KeyId: arn, ...fields } });
  };

  const kms: Omit<AwsKms, 'controlUrl'> = {
    get endpoints() {
      return urls(servers);
    },
    get stsEndpoints() {
      return urls(stsServers);
    },
    faults,
    createPrincipal(spec) {
      const { principal, accessKey } = principals.create(spec);
      save();
      return { ...accessKey, account: principal.account, arn: principal.arn };
    },
    removePrincipal(accessKeyId) {
      principals.remove(accessKeyId);
      save();
    },
    putTrustPolicy(roleArn, trustPolicy) {
      principals.putTrustPolicy(roleArn, trustPolicy);
      save();
    },
    expireSessions(roleArn) {
      principals.expireSessions(roleArn);
      save();
    },
    createKey({ account, region, multiRegion = false, policy, description = '', usage = 'ENCRYPT_DECRYPT' }) {
      serverOf(region);
      const fields = {
        MultiRegion: multiRegion,
        Description: description,
        KeyUsage: usage,
        ...(policy ? { Policy: JSON.stringify(policy) } : {}),
      };
      const answer = asRoot(world, { name: 'CreateKey', region, account, fields });
      return (answer as { KeyMetadata: { Arn: string } }).KeyMetadata.Arn;
    },
    replicateKey(arn, region, policy) {
      const answer = asOwner('ReplicateKey', arn, {
        ReplicaRegion: region,
        ...(policy ? { Policy: JSON.stringify(policy) } : {}),
      });
      return (answer as { ReplicaKeyMetadata: { Arn: string } }).ReplicaKeyMetadata.Arn;
    },
    enableKey: (arn) => void asOwner('EnableKey', arn),
    disableKey: (arn) => void asOwner('DisableKey', arn),
    scheduleKeyDeletion: (arn, days = 7) =>
      void asOwner('ScheduleKeyDeletion', arn, { PendingWindowInDays: days }),
    cancelKeyDeletion: (arn) => void asOwner('CancelKeyDeletion', arn),
    rotateKey: (arn) => void asOwner('RotateKeyOnDemand', arn),
    putKeyPolicy: (arn, policy) => void asOwner('PutKeyPolicy', arn, { Policy: JSON.stringify(policy) }),
    setKeyState(arn, state) {
      keys.get(arn).state = state;
      save();
    },
    deleteKey(arn) {
      keys.delete(keys.get(arn));
      save();
    },
    events: (filter) => trail.events(filter),
    stopRegion: (region) => serverOf(region).stop(),
    startRegion: (region) => serverOf(region).start(),
    connections: async (region) =>
      (await serverOf(region).connections()) + ((await stsServers.get(region)?.connections()) ?? 0),
    async close() {
      await Promise.all([...all, ...(control ? [control] : [])].map((server) => server.stop()));
    },
  };

  const control =
    options.controlPort === undefined ? null : new ControlServer(controlOf(kms, keys), options.controlPort);
  await Promise.all(all.map((server) => server.start()));
  await control?.start();
  return Object.assign(kms, { controlUrl: control?.url ?? null });
}

function urls(servers: ReadonlyMap<string, { readonly url: string }>): Record<string, string> {
  return Object.fromEntries([...servers].map(([region, { url }]) => [region, url]));
}

/** What a customer's administrator does in the console. */
function asRoot(
  world: World,
  { name, region, account, fields }: { name: string; region: string; account: string; fields: object },
): object {
  return execute(world, {
    name,
    fields: fields as Record<string, unknown>,
    principal: rootOf(account),
    region,
    requestId: randomUUID(),
    sourceIPAddress: 'AWS Internal',
    userAgent: 'AWS Internal',
  });
}
