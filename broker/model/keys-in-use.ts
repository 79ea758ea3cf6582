import type { Kek } from './types.ts';

/** Keys that may protect new data; the first of them does. @param keks an account's, newest first */
export function keysInUse<K extends Pick<Kek, 'lifecycle'>>(keks: readonly K[]): K[] {
  return keks.filter(({ lifecycle }) => lifecycle === 'STANDBY' || lifecycle === 'ACTIVE');
}
