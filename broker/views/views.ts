import type { Clock } from '../../runtime/clock.ts';
import type { Store } from '../store/store.ts';
import { Activity } from './activity.ts';
import { AssetViews } from './asset-views.ts';
import { Overviews } from './overview.ts';

/** What administrators look at. Changes nothing. */
export interface Views {
  readonly overviews: Overviews;
  readonly assetViews: AssetViews;
  readonly activity: Activity;
}

export function createViews(options: { store: Store; clock: Clock }): Views {
  return {
    overviews: new Overviews(options),
    assetViews: new AssetViews(options),
    activity: new Activity(options),
  };
}
