import type { Key } from '../../api/types.ts';
import { failsEverywhere } from '../../parts/worst-status.ts';

/** The text that says what a key is there for now. @param isUsed whether new data goes under it */
export function meaningOf(key: Key, isUsed: boolean) {
  if (!isUsed) return `lifecycleMeans.${key.lifecycle}` as const;
  return failsEverywhere(key, 'ENCRYPT') ? 'keys.isUsedFails' : 'keys.isUsed';
}
