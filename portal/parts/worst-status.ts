import type { Key, KeyStatus, KeyUse } from '../api/types.ts';

const ORDER: readonly KeyStatus[] = ['FAILED', 'DEGRADED', 'OK', 'UNKNOWN'];

/** How a use goes on that reference of a key on which it goes worst. */
export function worstOf(key: Pick<Key, 'statuses'>, use: KeyUse): KeyStatus {
  const statuses = key.statuses.filter((each) => each.use === use).map(({ status }) => status);
  return ORDER.find((status) => statuses.includes(status)) ?? 'UNKNOWN';
}

/** Whether a use fails on every reference of a key, so that nothing takes its place. */
export function failsEverywhere(key: Pick<Key, 'statuses'>, use: KeyUse): boolean {
  const statuses = key.statuses.filter((each) => each.use === use);
  return statuses.length > 0 && statuses.every(({ status }) => status === 'FAILED');
}
