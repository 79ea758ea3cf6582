import {
  newDataIfRetired,
  newDataWithout,
  referenceRadius,
  type NewData,
  type NewDataIfRetired,
  type ReferenceRadius,
} from '../policy/blast-radius.ts';
import type { DataKeyCount, Store } from '../store/store.ts';
import { findOwnKek } from './key-life.ts';
import type { LeasedKeys } from './leased-keys.ts';

/** What becomes unreadable if a key dies. */
export interface BlastRadius {
  readonly dataKeys: number;
  readonly assets: number;
  readonly types: readonly DataKeyCount[];
  readonly references: readonly ReferenceRadius[];
  /** How long leases that this broker gave still run, unless they are revoked; null: it gave none. */
  readonly leasesEndInMs: number | null;
  /** Other brokers' leases end within this. */
  readonly leaseMs: number;
  readonly newData: NewData;
  readonly newDataIfRetired: NewDataIfRetired;
}

/**
 * Counts what hangs on a key, and changes nothing.
 * @throws CmkError NOT_FOUND, STORE_UNAVAILABLE
 */
export async function blastRadius(
  { store, leasedKeys, leaseMs }: BlastRadiusOptions,
  account: string,
  kekId: string,
): Promise<BlastRadius> {
  const kek = await findOwnKek(store, account, kekId);
  const [types, statuses, keks, owner, policy] = await Promise.all([
    store.keyLife.count(account, kekId),
    store.keyStatuses.list([kekId]),
    store.listKeks(account),
    store.findAccount(account),
    store.fallbacks.findPolicy(account),
  ]);
  const facts = { keks, licence: owner?.licence ?? 'NONE', fallback: policy?.value.mode ?? 'OFF' };
  return {
    dataKeys: types.reduce((sum, { dataKeys }) => sum + dataKeys, 0),
    assets: types.reduce((sum, { assets }) => sum + assets, 0),
    types,
    references: referenceRadius(kek, statuses),
    leasesEndInMs: leasedKeys.leasesEndInMs(kekId),
    leaseMs,
    newData: newDataWithout(kek, facts),
    newDataIfRetired: newDataIfRetired(kek, facts),
  };
}

export interface BlastRadiusOptions {
  readonly store: Pick<
    Store,
    'findAccount' | 'findKek' | 'listKeks' | 'keyLife' | 'keyStatuses' | 'fallbacks'
  >;
  readonly leasedKeys: Pick<LeasedKeys, 'leasesEndInMs'>;
  readonly leaseMs: number;
}
