import { createSecretKey } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { KeyFamily, KeyState, KeyStore, KeyUsage } from './key-store.ts';
import type { AccessKey, Principals, PrincipalSpec } from './principals.ts';

/**
 * Keeps keys and access keys over a restart. The file holds master keys in the clear, which no real KMS would do:
 * it belongs to a sandbox, and its owner alone may read it.
 */
interface State {
  readonly version: 1;
  readonly families: readonly {
    keyId: string;
    multiRegion: boolean;
    primaryRegion: string;
    usage: KeyUsage;
    /** Base64. */
    materials: readonly string[];
  }[];
  readonly keys: readonly {
    keyId: string;
    region: string;
    account: string;
    description: string;
    createdAtMs: number;
    state: KeyState;
    policyText: string;
    deletionAtMs: number | null;
    pendingWindowDays: number | null;
  }[];
  readonly principals: readonly { spec: PrincipalSpec; accessKey: AccessKey }[];
}

/** Fills the stores from the file, if there is one. */
export function loadState(path: string, keys: KeyStore, principals: Principals): void {
  if (!existsSync(path)) return;
  const state = JSON.parse(readFileSync(path, 'utf8')) as State;
  if ((state.version as number) !== 1)
    throw new Error(`${path}: expected state version 1, got ${state.version}`);
  const families = new Map<string, KeyFamily>(
    state.families.map((family) => [
      family.keyId,
      { ...family, materials: family.materials.map((text) => createSecretKey(text, 'base64')) },
    ]),
  );
  for (const { keyId, state: keyState, deletionAtMs, pendingWindowDays, ...rest } of state.keys) {
    const family = families.get(keyId);
    if (!family) throw new Error(`${path}: key ${keyId} has no material`);
    Object.assign(keys.add({ ...rest, family }), { state: keyState, deletionAtMs, pendingWindowDays });
  }
  for (const { spec, accessKey } of state.principals) principals.create(spec, accessKey);
}

/** Writes the file anew, whole or not at all. */
export function saveState(path: string, keys: KeyStore, principals: Principals): void {
  const families = new Set(keys.all().map((key) => key.family));
  const state: State = {
    version: 1,
    families: [...families].map(({ materials, ...family }) => ({
      ...family,
      materials: materials.map((material) => material.export().toString('base64')),
    })),
    keys: keys.all().map(({ arn: _arn, family: _family, policy: _policy, ...key }) => key),
    principals: principals.entries(),
  };
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, JSON.stringify(state), { mode: 0o600 });
  renameSync(temporary, path);
}
