import test, { type ExecutionContext } from 'ava';
import { openStore, type StoreLocation } from '../../broker/store/open-store.ts';
import type { Store } from '../../broker/store/store.ts';
import { accountCases } from './store-accounts.ts';
import { activityCases } from './store-activity.ts';
import { alertCases, alertRaces } from './store-alerts.ts';
import { assetCases } from './store-assets.ts';
import { attentionCases } from './store-attention.ts';
import { choreCases } from './store-chores.ts';
import { apiTokenCases } from './store-api-tokens.ts';
import { coverageCases } from './store-coverage.ts';
import { testDurability } from './store-durability.ts';
import { eventCases } from './store-events.ts';
import { keyLifeCases } from './store-key-life.ts';
import { keyStatusCases } from './store-key-statuses.ts';
import { fallbackCases } from './store-fallbacks.ts';
import { keyCases } from './store-keys.ts';
import { ledgerCases } from './store-ledger.ts';
import { leaseCases } from './store-leases.ts';
import { moveCases } from './store-moves.ts';
import { newerReleaseCases } from './store-newer-release.ts';
import { reencryptionCases } from './store-reencryption.ts';
import { sessionCases } from './store-sessions.ts';
import { useCases } from './store-uses.ts';
import { wholeCases } from './store-whole.ts';

export interface StoreHarness {
  /** Begins the tests' titles. */
  readonly name: string;
  /** A fresh, empty database that nobody has opened yet. */
  fresh(t: ExecutionContext): Promise<StoreLocation>;
  /** A database with the whole schema and nothing in it, for one case at a time. */
  cleared(t: ExecutionContext): Promise<StoreLocation>;
  /** Runs one SQL statement past the store. */
  execute(location: StoreLocation, sql: string): Promise<void>;
}

/** One promise of broker/store/store.ts, shown on a store of its own. */
export type StoreCase = (t: ExecutionContext, store: Store, place: StorePlace) => Promise<void>;

export interface StorePlace {
  readonly harness: StoreHarness;
  readonly location: StoreLocation;
}

/** What every store must do. */
export function testStore(harness: StoreHarness): void {
  const cases = {
    ...accountCases,
    ...keyCases,
    ...keyLifeCases,
    ...keyStatusCases,
    ...eventCases,
    ...alertCases,
    ...ledgerCases,
    ...moveCases,
    ...reencryptionCases,
    ...coverageCases,
    ...fallbackCases,
    ...leaseCases,
    ...sessionCases,
    ...apiTokenCases,
    ...useCases,
    ...assetCases,
    ...activityCases,
    ...attentionCases,
    ...choreCases,
    ...newerReleaseCases,
    ...wholeCases,
    ...alertRaces,
  };
  for (const [title, run] of Object.entries(cases)) {
    // One after the other: writers that wait for SQLite's lock occupy the threads that whoever holds it needs.
    test.serial(`${harness.name}: ${title}`, onCleared(harness, run));
  }
  testDurability(harness);
}

function onCleared(harness: StoreHarness, run: StoreCase): (t: ExecutionContext) => Promise<void> {
  return async (t) => {
    const location = await harness.cleared(t);
    const store = await openStore(location);
    t.teardown(() => store.close());
    await run(t, store, { harness, location });
  };
}
