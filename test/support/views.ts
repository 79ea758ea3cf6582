import type { KeyServices } from '../../broker/keys/services.ts';
import { DEFAULT_CATALOGUE } from '../../broker/model/catalogue.ts';
import type { Store } from '../../broker/store/store.ts';
import { createViews, type Views } from '../../broker/views/views.ts';
import type { Clock } from '../../runtime/clock.ts';

/** What administrators look at, with a broker's usual settings. */
export function viewsOf(world: { store: Store; clock: Clock } & Pick<KeyServices, 'kmsCalls'>): Views {
  const { store, clock, kmsCalls } = world;
  const settings = { kmsAccountRate: 500, kmsQuotaShare: 30 };
  return createViews({ store, clock, kmsCalls, catalogue: DEFAULT_CATALOGUE, settings });
}
