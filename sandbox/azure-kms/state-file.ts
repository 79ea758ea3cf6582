import { createPrivateKey, createSecretKey, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { ApplicationSpec, Entra } from './entra.ts';
import type { KeyVersion, Vault, VaultStore } from './vault-store.ts';

/**
 * Keeps vaults, keys and applications over a restart. The file holds keys in the clear, which no real vault would do:
 * it belongs to a sandbox, and its owner alone may read it.
 */
interface State {
  readonly version: 1;
  readonly applications: readonly (ApplicationSpec & {
    clientId: string;
    principals: readonly (readonly [string, string])[];
  })[];
  readonly vaults: readonly (Omit<Vault, 'keys' | 'accessPolicies' | 'host'> & {
    accessPolicies: readonly (readonly [string, readonly string[]])[];
    keys: readonly {
      name: string;
      deletedAtMs: number | null;
      versions: readonly (Omit<KeyVersion, 'material'> & { material: string })[];
    }[];
  })[];
}

/** Fills the stores from the file, if there is one. */
export function loadState(path: string, vaults: VaultStore, entra: Entra): void {
  if (!existsSync(path)) return;
  const state = JSON.parse(readFileSync(path, 'utf8')) as State;
  if ((state.version as number) !== 1)
    throw new Error(`${path}: expected state version 1, got ${state.version}`);
  for (const { principals, ...spec } of state.applications) {
    const { principals: known } = entra.register(spec);
    for (const [tenantId, oid] of principals) {
      known.delete(tenantId);
      entra.consent(spec.clientId, tenantId, oid);
    }
  }
  for (const { keys, accessPolicies, assignments, network, ...spec } of state.vaults) {
    entra.addTenant(spec.tenantId);
    const vault = vaults.addVault(spec);
    vault.network = network;
    vault.assignments.push(...assignments);
    for (const [oid, permissions] of accessPolicies) vault.accessPolicies.set(oid, permissions);
    for (const key of keys) {
      const versions = key.versions.map((each) => ({ ...each, material: importKey(each.material) }));
      vault.keys.set(key.name, { ...key, versions });
    }
  }
}

/** Writes the file anew, whole or not at all. */
export function saveState(path: string, vaults: VaultStore, entra: Entra): void {
  const state: State = {
    version: 1,
    applications: entra.applications().map((each) => ({ ...each, principals: [...each.principals] })),
    vaults: vaults.vaults().map(({ host: _host, keys, accessPolicies, ...vault }) => ({
      ...vault,
      accessPolicies: [...accessPolicies],
      keys: [...keys.values()].map((key) => ({
        ...key,
        versions: key.versions.map((each) => ({ ...each, material: exportKey(each.material) })),
      })),
    })),
  };
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, JSON.stringify(state), { mode: 0o600 });
  renameSync(temporary, path);
}

function exportKey(key: KeyObject): string {
  return key.type === 'secret'
    ? `secret:${key.export().toString('base64')}`
    : key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function importKey(text: string): KeyObject {
  return text.startsWith('secret:') ? createSecretKey(text.slice(7), 'base64') : createPrivateKey(text);
}
