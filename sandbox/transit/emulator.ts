import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { ControlServer } from '../emulation/control-server.ts';
import { Faults } from '../emulation/faults.ts';
import { LoopbackServer } from '../emulation/loopback-server.ts';
import { Audit, type AuditEntry, type EntryFilter } from './audit.ts';
import { Auth, type Role } from './auth.ts';
import { controlOf } from './control.ts';
import type { Fault, FaultEffect, FaultPlace } from './faults.ts';
import { TransitKeys, type KeyType } from './keys.ts';
import { serve, type World } from './server.ts';
import { loadState, saveState } from './state-file.ts';

export interface TransitOptions {
  /** On 127.0.0.1; 0 or absent: any. */
  readonly port?: number;
  /** The control API's port, 0: any; absent: no control API. */
  readonly controlPort?: number;
  /** Speak TLS with this certificate; absent: plain HTTP. */
  readonly tls?: { readonly certPem: string; readonly keyPem: string };
  /** How the URL names the host, e.g. `localhost` where the certificate does. Default: 127.0.0.1 */
  readonly host?: string;
  /** All that the emulator serves is in this namespace; absent: the root. */
  readonly namespace?: string;
  /** Default: one mount, `transit`. */
  readonly mounts?: readonly string[];
  /** Request fields that the audit log shows in the clear, as the mount's `audit_non_hmac_request_keys`. */
  readonly auditPlainKeys?: readonly string[];
  /** Where keys and policies outlive a restart; absent: in memory alone. */
  readonly statePath?: string;
  /** Where every audit entry is appended as a line of JSON. */
  readonly eventsPath?: string;
  /** UNIX milliseconds; default: the system's clock. */
  readonly nowMs?: () => number;
}

export interface NewKey {
  /** Default: `transit`. */
  readonly mount?: string;
  readonly type?: KeyType;
  readonly derived?: boolean;
}

/** A running emulator. What is done through this object is done as the owner's administrator. */
export interface Transit {
  /** `http://127.0.0.1:PORT` or as the options have it. */
  readonly url: string;
  readonly controlUrl: string | null;
  readonly faults: { add(fault: Fault): () => void; clear(): void };
  /** Whether or not there is such a key. */
  keyUrl(mount: string, name: string): string;
  /** @returns the key's URL */
  createKey(name: string, key?: NewKey): string;
  rotateKey(url: string): void;
  setMinDecryptionVersion(url: string, version: number): void;
  /** OpenBao's: nothing works with the key until it is restored. */
  softDeleteKey(url: string): void;
  restoreKey(url: string): void;
  allowDeletion(url: string, allowed: boolean): void;
  deleteKey(url: string): void;
  disableMount(mount: string): void;
  enableMount(mount: string): void;
  /** @throws VaultError 400 for what the emulator's HCL cannot read */
  putPolicy(name: string, hcl: string): void;
  removePolicy(name: string): void;
  putRole(mount: string, name: string, role: Role): void;
  /** A JWT as a workload finds it in its file. */
  issueJwt(claims: { sub: string; aud?: string; lifeSeconds?: number }): string;
  /** A JWT that somebody else signed. */
  issueForgedJwt(claims: { sub: string; aud?: string }): string;
  createToken(policies: readonly string[], ttlSeconds?: number): string;
  revokeTokens(): void;
  seal(): void;
  unseal(): void;
  /** The audit log, oldest first. */
  events(filter?: EntryFilter): AuditEntry[];
  /** What a text stands as in the log. */
  auditHash(text: string): string;
  stop(): Promise<void>;
  /** At the same port. */
  start(): Promise<void>;
  connections(): Promise<number>;
  close(): Promise<void>;
}

/** Whom the emulator's login methods and tokens are for. */
export const AUDIENCE = 'vault';

/** Starts an emulator of one Vault or OpenBao server with transit, on loopback. */
export async function startTransit(options: TransitOptions = {}): Promise<Transit> {
  const { namespace = '', mounts: mountNames = ['transit'], statePath, nowMs = Date.now } = options;
  const faults = new Faults<FaultEffect, FaultPlace>(nowMs);
  const auth = new Auth(() => faults.nowMs());
  const enabled = new Map(mountNames.map((mount) => [mount, new TransitKeys()]));
  const all = new Map(enabled);
  const policies = new Map<string, string>();
  let sealed = false;
  const save = () => {
    if (statePath !== undefined) saveState(statePath, { mounts: all, policies });
  };
  const world: World = {
    auth,
    mounts: enabled,
    audit: new Audit({ path: options.eventsPath ?? null, plainKeys: options.auditPlainKeys ?? [] }),
    faults,
    namespace,
    isSealed: () => sealed,
    onChange: save,
  };
  if (statePath !== undefined) loadState(statePath, { mounts: all, policies });
  for (const [name, hcl] of policies) auth.putPolicy(name, hcl);

  const server = new LoopbackServer((request, response) => void serve(world, request, response), {
    port: options.port ?? 0,
    tls: options.tls,
    ...(options.host === undefined ? {} : { host: options.host }),
  });
  const keyUrl = (mount: string, name: string) =>
    `${server.url}/v1/${namespace === '' ? '' : `${namespace}/`}${mount}/keys/${name}`;
  const change = (url: string, act: (keys: TransitKeys, name: string) => void) => {
    const [, mount = '', name = ''] = /\/v1\/(.+)\/keys\/([^/]+)$/.exec(url) ?? [];
    const keys = all.get(namespace === '' ? mount : mount.slice(namespace.length + 1));
    if (!keys) throw new Error(`expected the URL of a key, got ${url}`);
    act(keys, name);
    save();
  };

  const transit: Omit<Transit, 'controlUrl'> = {
    get url() {
      return server.url;
    },
    keyUrl,
    faults: { add: (fault) => faults.add(fault), clear: () => faults.clear() },
    createKey(name, { mount = 'transit', type = 'aes256-gcm96', derived = false } = {}) {
      const url = keyUrl(mount, name);
      change(url, (keys) => void keys.create(name, { type, derived, createdAtMs: nowMs() }));
      return url;
    },
    rotateKey: (url) => change(url, (keys, name) => keys.rotate(name)),
    setMinDecryptionVersion: (url, version) =>
      change(url, (keys, name) => (keys.get(name).minDecryptionVersion = version)),
    softDeleteKey: (url) => change(url, (keys, name) => (keys.get(name).softDeleted = true)),
    restoreKey: (url) => change(url, (keys, name) => (keys.get(name).softDeleted = false)),
    allowDeletion: (url, allowed) => change(url, (keys, name) => (keys.get(name).deletionAllowed = allowed)),
    deleteKey: (url) => change(url, (keys, name) => keys.delete(name)),
    disableMount: (mount) => void enabled.delete(mount),
    enableMount: (mount) => void enabled.set(mount, all.get(mount) ?? new TransitKeys()),
    putPolicy(name, hcl) {
      auth.putPolicy(name, hcl);
      policies.set(name, hcl);
      save();
    },
    removePolicy(name) {
      auth.removePolicy(name);
      policies.delete(name);
      save();
    },
    putRole: (mount, name, role) => auth.putRole(mount, name, role),
    issueJwt: ({ sub, aud = AUDIENCE, lifeSeconds = 3_600 }) =>
      auth.issueJwt({ sub, aud, exp: Math.floor(nowMs() / 1_000) + lifeSeconds }),
    issueForgedJwt: ({ sub, aud = AUDIENCE }) =>
      auth.issueJwt(
        { sub, aud, exp: Math.floor(nowMs() / 1_000) + 3_600 },
        generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
      ),
    createToken: (names, ttlSeconds = 3_600) =>
      auth.createToken(names, ttlSeconds, `token-${randomUUID()}`).value,
    revokeTokens: () => auth.revokeTokens(),
    seal: () => (sealed = true),
    unseal: () => (sealed = false),
    events: (filter) => world.audit.entries(filter),
    auditHash: (text) => world.audit.hash(text),
    stop: () => server.stop(),
    start: () => server.start(),
    connections: () => server.connections(),
    async close() {
      await Promise.all([server.stop(), control?.stop()]);
    },
  };
  const control =
    options.controlPort === undefined
      ? null
      : new ControlServer(controlOf(transit, all), options.controlPort);
  await server.start();
  await control?.start();
  return Object.assign(transit, { controlUrl: control?.url ?? null });
}
