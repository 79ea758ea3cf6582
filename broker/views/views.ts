import type { Clock } from '../../runtime/clock.ts';
import type { Observer } from '../keys/observer.ts';
import type { KmsCalls } from '../keys/kms-calls.ts';
import type { Catalogue } from '../model/catalogue.ts';
import type { Store } from '../store/store.ts';
import { AccountEvents } from './account-events.ts';
import { Activity } from './activity.ts';
import { AssetViews } from './asset-views.ts';
import { Fleets } from './fleet.ts';
import { KeyUses } from './key-uses.ts';
import { KmsBudgets } from './kms-budget.ts';
import { Overviews } from './overview.ts';

/** What administrators look at. Changes nothing. */
export interface Views {
  readonly overviews: Overviews;
  readonly assetViews: AssetViews;
  readonly activity: Activity;
  readonly keyUses: KeyUses;
  readonly kmsBudgets: KmsBudgets;
  readonly fleets: Fleets;
  readonly accountEvents: AccountEvents;
}

export interface ViewsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly observer: Pick<Observer, 'backgroundFailed'>;
  readonly kmsCalls: Pick<KmsCalls, 'quotaOf'>;
  readonly catalogue: Catalogue;
  readonly settings: { readonly kmsAccountRate: number; readonly kmsQuotaShare: number };
}

export function createViews(options: ViewsOptions): Views {
  const { kmsAccountRate: callsPerSecond, kmsQuotaShare: quotaSharePercent } = options.settings;
  return {
    overviews: new Overviews(options),
    assetViews: new AssetViews(options),
    activity: new Activity(options),
    keyUses: new KeyUses(options),
    kmsBudgets: new KmsBudgets({ ...options, limits: { callsPerSecond, quotaSharePercent } }),
    fleets: new Fleets(options),
    accountEvents: new AccountEvents(options),
  };
}
