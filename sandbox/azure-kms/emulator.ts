import { createTestCa } from '../ca.ts';
import { ControlServer } from '../emulation/control-server.ts';
import { Faults } from '../emulation/faults.ts';
import { AuditLog, type AuditEvent, type EventFilter } from './audit-log.ts';
import { controlOf } from './control.ts';
import { Entra, LOGIN_HOST, type Application, type ApplicationSpec } from './entra.ts';
import type { Fault, FaultEffect, Place } from './faults.ts';
import { AzureServer } from './server.ts';
import { loadState, saveState } from './state-file.ts';
import {
  keyIdOf,
  VaultStore,
  type KeySpec,
  type KeyVersion,
  type MakeRsa,
  type Role,
  type Vault,
  type VaultSpec,
} from './vault-store.ts';

export interface AzureKmsOptions {
  /** The one port on 127.0.0.1; absent: any. */
  readonly port?: number;
  /** The control API's port, 0: any; absent: no control API. */
  readonly controlPort?: number;
  /** Where vaults, keys and applications outlive a restart; absent: in memory alone. */
  readonly statePath?: string;
  /** Where every event is appended as a line of JSON. */
  readonly eventsPath?: string;
  /** UNIX milliseconds; default: the system's clock. */
  readonly nowMs?: () => number;
  readonly makeRsa?: MakeRsa;
}

export interface Credentials {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A running emulator. Keys are named by identifiers, with or without a version: without, the latest one is meant. */
export interface AzureKms {
  /** HOST:PORT to connect to for every host name that it speaks for. */
  readonly connectTo: string;
  /** The authority of its certificates, PEM. */
  readonly caPem: string;
  /** `http://127.0.0.1:PORT` of the control API. */
  readonly controlUrl: string | null;
  readonly faults: Pick<Faults<FaultEffect, Place>, 'clear'> & { add(fault: Fault): () => void };
  /** Of calls for tokens. */
  readonly entraFaults: AzureKms['faults'];
  registerApplication(spec: ApplicationSpec): Credentials;
  /** A tenant lets the application in. @returns the object id of its principal there */
  consent(clientId: string, tenantId: string): string;
  withdrawConsent(clientId: string, tenantId: string): void;
  /** @returns the host name */
  createVault(spec: VaultSpec): string;
  setNetwork(vault: string, network: Vault['network']): void;
  /** @param key a key's name; default: the whole vault */
  assignRole(vault: string, oid: string, role?: Role, key?: string | null): void;
  removeRoles(vault: string, oid: string): void;
  /** @param permissions as access policies name them, e.g. `wrapKey` */
  setAccessPolicy(vault: string, oid: string, permissions: readonly string[]): void;
  /** @returns the key's identifier, without a version */
  createKey(spec: KeySpec): string;
  /** @returns the new version's identifier */
  rotateKey(keyId: string, changes?: Partial<Pick<KeySpec, 'type' | 'bits' | 'operations'>>): string;
  latestVersion(keyId: string): string;
  updateKey(
    keyId: string,
    changes: Partial<Pick<KeyVersion, 'enabled' | 'notBeforeMs' | 'expiresAtMs'>>,
  ): void;
  /** Soft, where the vault is so. */
  deleteKey(keyId: string): void;
  recoverKey(keyId: string): void;
  purgeKey(keyId: string): void;
  /** As a backup that is restored in another vault: the same name, versions and material. @returns its identifier */
  restoreKey(keyId: string, vault: string): string;
  keys(): { id: string; versions: number; enabled: boolean; deleted: boolean }[];
  /** The log, oldest first. */
  events(filter?: EventFilter): AuditEvent[];
  /** Refuses connections until {@link start}, which uses the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
  connections(): Promise<number>;
  close(): Promise<void>;
}

/** Starts an emulator of Azure Key Vault, Managed HSM and Entra's token endpoint: HTTPS on loopback. */
export async function startAzureKms(options: AzureKmsOptions = {}): Promise<AzureKms> {
  const nowMs = options.nowMs ?? Date.now;
  const vaults = new VaultStore(nowMs, options.makeRsa);
  const entra = new Entra();
  const { statePath } = options;
  if (statePath !== undefined) loadState(statePath, vaults, entra);
  const log = new AuditLog(options.eventsPath);
  const faults = new Faults<FaultEffect, Place>(nowMs);
  const entraFaults = new Faults<FaultEffect, Place>(nowMs);
  const ca = await createTestCa('Azure sandbox CA');
  const dnsSans = [LOGIN_HOST, '*.vault.azure.net', '*.managedhsm.azure.net'];
  const tls = await ca.issue({ dnsSans, commonName: 'azure sandbox' });
  const server = new AzureServer(
    { vaults, entra, faults, entraFaults, log },
    { port: options.port ?? 0, tls },
  );

  const kms: Omit<AzureKms, 'controlUrl'> = {
    get connectTo() {
      return `127.0.0.1:${server.port}`;
    },
    caPem: ca.caPem,
    faults,
    entraFaults,
    events: (filter) => log.events(filter),
    stop: () => server.stop(),
    start: () => server.start(),
    connections: () => server.connections(),
    async close() {
      await Promise.all([server.stop(), control?.stop()]);
    },
    ...saving(administration(vaults, entra), () => {
      if (statePath !== undefined) saveState(statePath, vaults, entra);
    }),
  };

  const control =
    options.controlPort === undefined ? null : new ControlServer(controlOf(kms), options.controlPort);
  await server.start();
  await control?.start();
  return Object.assign(kms, { controlUrl: control?.url ?? null });
}

/** What administrators do in the portal. */
function administration(vaults: VaultStore, entra: Entra) {
  const locate = (keyId: string) => {
    const [, name = '', version] = new URL(keyId).pathname.slice(1).split('/');
    return { vault: vaults.vault(new URL(keyId).host), name, version: version ?? null };
  };
  const find = (keyId: string) => {
    const { vault, name, version } = locate(keyId);
    return { vault, ...vaults.find(vault, name, version) };
  };
  return {
    registerApplication(spec: ApplicationSpec): Credentials {
      const { tenantId, clientId, clientSecret }: Application = entra.register(spec);
      return { tenantId, clientId, clientSecret };
    },
    consent: (clientId: string, tenantId: string) => entra.consent(clientId, tenantId),
    withdrawConsent: (clientId: string, tenantId: string) => entra.withdraw(clientId, tenantId),
    createVault(spec: VaultSpec): string {
      entra.addTenant(spec.tenantId);
      return vaults.addVault(spec).host;
    },
    setNetwork(vault: string, network: Vault['network']): void {
      vaults.vault(vault).network = network;
    },
    assignRole(
      vault: string,
      oid: string,
      role: Role = 'Key Vault Crypto Service Encryption User',
      key: string | null = null,
    ): void {
      vaults.vault(vault).assignments.push({ oid, role, key });
    },
    removeRoles(vault: string, oid: string): void {
      const { assignments } = vaults.vault(vault);
      assignments.splice(0, assignments.length, ...assignments.filter((each) => each.oid !== oid));
    },
    setAccessPolicy(vault: string, oid: string, permissions: readonly string[]): void {
      vaults.vault(vault).accessPolicies.set(oid, permissions);
    },
    createKey({ vault, ...spec }: KeySpec): string {
      const found = vaults.vault(vault);
      vaults.addVersion(found, spec);
      return keyIdOf(found, spec);
    },
    rotateKey(keyId: string, changes: Partial<KeySpec> = {}): string {
      const { vault, key, version } = find(keyId);
      const { type, operations } = version;
      return keyIdOf(vault, key, vaults.addVersion(vault, { name: key.name, type, operations, ...changes }));
    },
    latestVersion(keyId: string): string {
      const { vault, key, version } = find(keyId);
      return keyIdOf(vault, key, version);
    },
    updateKey(keyId: string, changes: Partial<KeyVersion>): void {
      const { name, vault, version } = locate(keyId);
      // All versions, unless one is named.
      const versions =
        version === null ? find(keyId).key.versions : [vaults.find(vault, name, version).version];
      for (const each of versions) Object.assign(each, changes);
    },
    deleteKey(keyId: string): void {
      const { vault, name } = locate(keyId);
      vaults.delete(vault, name);
    },
    recoverKey(keyId: string): void {
      const { vault, name } = locate(keyId);
      vaults.findDeleted(vault, name);
      const key = vault.keys.get(name);
      if (key) key.deletedAtMs = null;
    },
    purgeKey(keyId: string): void {
      const { vault, name } = locate(keyId);
      vaults.findDeleted(vault, name);
      if (vault.purgeProtection) throw new Error('the vault has purge protection');
      vault.keys.delete(name);
    },
    restoreKey(keyId: string, target: string): string {
      const { key } = find(keyId);
      const vault = vaults.vault(target);
      vault.keys.set(key.name, { ...key, versions: key.versions.map((version) => ({ ...version })) });
      return keyIdOf(vault, key);
    },
    keys() {
      return vaults.vaults().flatMap((vault) =>
        [...vault.keys.values()].map((key) => ({
          id: keyIdOf(vault, key),
          versions: key.versions.length,
          enabled: key.versions.at(-1)?.enabled === true,
          deleted: key.deletedAtMs !== null,
        })),
      );
    },
  };
}

/** Calls `save` after each of the functions. */
function saving<T extends object>(actions: T, save: () => void): T {
  const saved = Object.entries(actions).map(([name, action]) => [
    name,
    (...given: unknown[]): unknown => {
      const result: unknown = (action as (...given: unknown[]) => unknown)(...given);
      save();
      return result;
    },
  ]);
  return Object.fromEntries(saved) as T;
}
