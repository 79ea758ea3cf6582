import { randomBytes, randomUUID } from 'node:crypto';
import { ControlServer } from '../emulation/control-server.ts';
import { EventLog } from '../emulation/event-log.ts';
import * as emulation from '../emulation/faults.ts';
import { matches, type EventFilter, type OciEvent } from './audit.ts';
import { controlOf } from './control.ts';
import type { Fault, Faults } from './faults.ts';
import {
  Identities,
  administratorOf,
  type Group,
  type PrincipalSpec,
  type SigningCredentials,
} from './identities.ts';
import { KeyStore, type KeyShape, type KeyState } from './key-store.ts';
import { newOcid, regionOf } from './ocid.ts';
import { operationNamed } from './operations.ts';
import { Policies, type Policy } from './policies.ts';
import { RegionServer, execute, type World } from './region-server.ts';
import { loadState, saveState } from './state-file.ts';

export interface OciKmsOptions {
  /** E.g. `['us-ashburn-1']`; see ocid.ts for those that exist here. */
  readonly regions: readonly [string, ...string[]];
  /** The port of each region on 127.0.0.1; absent: any. */
  readonly ports?: Readonly<Record<string, number>>;
  /** The control API's port, 0: any; absent: no control API. */
  readonly controlPort?: number;
  /** Where everything but the log outlives a restart; absent: in memory alone. */
  readonly statePath?: string;
  /** Where every event is appended as a line of JSON. */
  readonly eventsPath?: string;
  /** UNIX milliseconds; default: the system's clock. */
  readonly nowMs?: () => number;
  /** Makes data keys; tests that look for leaks give recognisable ones. */
  readonly randomBytes?: (count: number) => Buffer;
}

/** How a principal signs, and who it is. */
export interface PrincipalHandle extends SigningCredentials {
  readonly tenancy: string;
  readonly ocid: string;
}

export interface CreateVaultOptions {
  readonly tenancy: string;
  readonly region: string;
  /** Its name; made if there is none. Default: `Keys`. */
  readonly compartment?: string;
}

export interface CreateKeyOptions {
  /** The vault's OCID. */
  readonly vault: string;
  readonly displayName?: string;
  /** Default: AES of 32 bytes. */
  readonly shape?: KeyShape;
}

/** A running emulator. What is done through this object is done as the owning tenancy's administrator, and logged. */
export interface OciKms {
  /** Where each region's vaults answer: requests reach a vault by its own host name in the Host header. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** `http://127.0.0.1:PORT` of the control API. */
  readonly controlUrl: string | null;
  readonly faults: Pick<Faults, 'clear'> & { add(fault: Fault): () => void };
  /** @returns its OCID */
  createTenancy(): string;
  /** @returns its OCID */
  createGroup(group: Pick<Group, 'tenancy' | 'kind' | 'name'>): string;
  createPrincipal(spec: PrincipalSpec): PrincipalHandle;
  removePrincipal(keyId: string): void;
  /** @returns its OCID */
  createVault(options: CreateVaultOptions): string;
  /** @returns its OCID */
  createKey(options: CreateKeyOptions): string;
  /** Puts a tenancy's policy in the place of the one with the same name. */
  putPolicy(policy: Policy): void;
  removePolicy(tenancy: string, name: string): void;
  enableKey(ocid: string): void;
  disableKey(ocid: string): void;
  /** @param days 7 to 30 */
  scheduleKeyDeletion(ocid: string, days?: number): void;
  cancelKeyDeletion(ocid: string): void;
  rotateKey(ocid: string): void;
  /** Any state, also those that nobody can ask for, e.g. `BACKUP_IN_PROGRESS`. */
  setKeyState(ocid: string, state: KeyState): void;
  /** As long after the end of the waiting period. */
  deleteKey(ocid: string): void;
  keys(): { ocid: string; vault: string; tenancy: string; state: KeyState }[];
  /** The logs of all tenancies, oldest first. */
  events(filter?: EventFilter): OciEvent[];
  /** Refuses connections to a region until {@link startRegion}, which uses the same port. */
  stopRegion(region: string): Promise<void>;
  startRegion(region: string): Promise<void>;
  /** Open connections of a region. */
  connections(region: string): Promise<number>;
  close(): Promise<void>;
}

/** Starts an emulator of OCI Vault: one HTTP endpoint a region, on loopback. */
export async function startOciKms(options: OciKmsOptions): Promise<OciKms> {
  const { world, save } = openWorld(options);
  const { keys, identities, policies, faults, log } = world;
  const servers = new Map(
    options.regions.map((id) => [id, new RegionServer(regionOf(id), options.ports?.[id] ?? 0, world)]),
  );
  const serverOf = (region: string): RegionServer => {
    const server = servers.get(region);
    if (!server) throw new Error(`region: expected one of ${options.regions.join(', ')}, got ${region}`);
    return server;
  };
  const asOwner = (name: string, ocid: string, fields: Record<string, unknown> = {}) =>
    void execute(world, byAdministrator(world, name, ocid, fields));

  const kms: Omit<OciKms, 'controlUrl'> = {
    get endpoints() {
      return Object.fromEntries([...servers].map(([region, server]) => [region, server.url]));
    },
    faults,
    createTenancy: () => newOcid('tenancy'),
    createGroup: (group) => saved(save, () => identities.addGroup(group).ocid),
    createPrincipal(spec) {
      const { principal, credentials } = identities.create(spec);
      save();
      return { ...credentials, tenancy: principal.tenancy, ocid: principal.ocid };
    },
    removePrincipal: (keyId) => saved(save, () => identities.remove(keyId)),
    createVault({ tenancy, region, compartment = 'Keys' }) {
      const vault = keys.createVault({ tenancy, region: serverOf(region).region, compartment });
      return saved(save, () => vault.ocid);
    },
    createKey({ vault, displayName = 'key', shape = { algorithm: 'AES', lengthBytes: 32 } }) {
      return saved(save, () => keys.createKey({ vault: keys.vault(vault), displayName, shape }).ocid);
    },
    putPolicy: (policy) => saved(save, () => policies.put(policy)),
    removePolicy: (tenancy, name) => saved(save, () => policies.remove(tenancy, name)),
    enableKey: (ocid) => asOwner('EnableKey', ocid),
    disableKey: (ocid) => asOwner('DisableKey', ocid),
    scheduleKeyDeletion(ocid, days = 30) {
      const timeOfDeletion = new Date(world.nowMs() + days * 86_400_000).toISOString();
      asOwner('ScheduleKeyDeletion', ocid, { timeOfDeletion });
    },
    cancelKeyDeletion: (ocid) => asOwner('CancelKeyDeletion', ocid),
    rotateKey: (ocid) => asOwner('CreateKeyVersion', ocid),
    setKeyState(ocid, state) {
      keys.get(ocid).state = state;
      save();
    },
    deleteKey: (ocid) => saved(save, () => keys.delete(keys.get(ocid))),
    keys: () =>
      keys
        .keys()
        .map(({ ocid, vault, state }) => ({ ocid, vault: vault.ocid, tenancy: vault.tenancy, state })),
    events: (filter = {}) => log.events((event) => matches(event, filter)),
    stopRegion: (region) => serverOf(region).stop(),
    startRegion: (region) => serverOf(region).start(),
    connections: (region) => serverOf(region).connections(),
    async close() {
      await Promise.all([...servers.values(), ...(control ? [control] : [])].map((server) => server.stop()));
    },
  };

  const control =
    options.controlPort === undefined ? null : new ControlServer(controlOf(kms), options.controlPort);
  await Promise.all([...servers.values()].map((server) => server.start()));
  await control?.start();
  return Object.assign(kms, { controlUrl: control?.url ?? null });
}

function openWorld(options: OciKmsOptions): { world: World; save: () => void } {
  const { statePath, nowMs = Date.now } = options;
  const stores = { keys: new KeyStore(nowMs), identities: new Identities(), policies: new Policies() };
  if (statePath !== undefined) loadState(statePath, stores);
  const save = () => {
    if (statePath !== undefined) saveState(statePath, stores);
  };
  const world: World = {
    ...stores,
    faults: new emulation.Faults(nowMs),
    log: new EventLog({ path: options.eventsPath ?? null }),
    nowMs,
    randomBytes: options.randomBytes ?? randomBytes,
    onChange: save,
  };
  return { world, save };
}

/** What a customer's administrator does in the console. */
function byAdministrator(
  { keys }: World,
  name: string,
  keyId: string,
  fields: Record<string, unknown>,
): Parameters<typeof execute>[1] {
  return {
    operation: operationNamed(name),
    keyId,
    vaultPart: null,
    fields,
    principal: administratorOf(keys.get(keyId).vault.tenancy),
    requestId: randomUUID(),
    ipAddress: '127.0.0.1',
    userAgent: 'Console',
    url: '/console',
  };
}

function saved<T>(save: () => void, change: () => T): T {
  const result = change();
  save();
  return result;
}
