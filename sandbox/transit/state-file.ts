import { createSecretKey } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Key, TransitKeys } from './keys.ts';

export interface Kept {
  readonly mounts: Map<string, TransitKeys>;
  /** By name, as they were put. */
  readonly policies: Map<string, string>;
}

interface State {
  readonly version: 1;
  readonly policies: Readonly<Record<string, string>>;
  readonly keys: readonly (Omit<Key, 'materials'> & {
    readonly mount: string;
    /** Base64. */
    readonly materials: readonly string[];
  })[];
}

/** Fills keys and policies from the file, if there is one. */
export function loadState(path: string, { mounts, policies }: Kept): void {
  if (!existsSync(path)) return;
  const state = JSON.parse(readFileSync(path, 'utf8')) as State;
  if ((state.version as number) !== 1) {
    throw new Error(`${path}: expected state version 1, got ${state.version}`);
  }
  for (const [name, hcl] of Object.entries(state.policies)) policies.set(name, hcl);
  for (const { mount, materials, ...key } of state.keys) {
    const keys = mounts.get(mount);
    if (!keys) throw new Error(`${path}: no mount ${mount}`);
    keys.put({ ...key, materials: materials.map((text) => createSecretKey(text, 'base64')) });
  }
}

/**
 * Writes the file anew, whole or not at all. It holds keys in the clear, which no real server would do: it belongs to a
 * sandbox, and its owner alone may read it.
 */
export function saveState(path: string, { mounts, policies }: Kept): void {
  const state: State = {
    version: 1,
    policies: Object.fromEntries(policies),
    keys: [...mounts].flatMap(([mount, keys]) =>
      keys.all().map((key) => ({
        ...key,
        mount,
        materials: key.materials.map((material) => material.export().toString('base64')),
      })),
    ),
  };
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, JSON.stringify(state), { mode: 0o600 });
  renameSync(temporary, path);
}
