import { createSecretKey } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Group, Identities, PrincipalSpec, SigningCredentials } from './identities.ts';
import type { Key, KeyStore, Vault } from './key-store.ts';
import { regionOf } from './ocid.ts';
import type { Policies, Policy } from './policies.ts';

/**
 * Keeps everything but the log over a restart. The file holds master keys in the clear, which no real KMS would do:
 * it belongs to a sandbox, and its owner alone may read it.
 */
interface State {
  readonly version: 1;
  readonly vaults: readonly (Omit<Vault, 'region'> & { region: string })[];
  readonly keys: readonly (Omit<Key, 'vault' | 'versions'> & {
    vault: string;
    /** Materials in base64. */
    versions: readonly { ocid: string; material: string }[];
  })[];
  readonly groups: readonly Group[];
  readonly principals: readonly { spec: PrincipalSpec; ocid: string; credentials: SigningCredentials }[];
  readonly policies: readonly Policy[];
}

export interface Stores {
  readonly keys: KeyStore;
  readonly identities: Identities;
  readonly policies: Policies;
}

/** Fills the stores from the file, if there is one. */
export function loadState(path: string, { keys, identities, policies }: Stores): void {
  if (!existsSync(path)) return;
  const state = JSON.parse(readFileSync(path, 'utf8')) as State;
  if ((state.version as number) !== 1)
    throw new Error(`${path}: expected state version 1, got ${state.version}`);
  for (const { region, ...vault } of state.vaults) keys.addVault({ ...vault, region: regionOf(region) });
  for (const { vault, versions, ...key } of state.keys) {
    const materials = versions.map(({ ocid, material }) => ({
      ocid,
      material: createSecretKey(material, 'base64'),
    }));
    keys.addKey({ ...key, vault: keys.vault(vault), versions: materials });
  }
  for (const group of state.groups) identities.addGroup(group);
  for (const { spec, ...known } of state.principals) identities.create(spec, known);
  for (const policy of state.policies) policies.put(policy);
}

/** Writes the file anew, whole or not at all. */
export function saveState(path: string, { keys, identities, policies }: Stores): void {
  const state: State = {
    version: 1,
    vaults: keys.vaults().map((vault) => ({ ...vault, region: vault.region.id })),
    keys: keys.keys().map(({ vault, versions, ...key }) => ({
      ...key,
      vault: vault.ocid,
      versions: versions.map(({ ocid, material }) => ({
        ocid,
        material: material.export().toString('base64'),
      })),
    })),
    groups: identities.groups(),
    principals: identities.entries(),
    policies: policies.all(),
  };
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, JSON.stringify(state), { mode: 0o600 });
  renameSync(temporary, path);
}
