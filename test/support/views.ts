import type { KeyServices } from '../../broker/keys/services.ts';
import { DEFAULT_CATALOGUE } from '../../broker/model/catalogue.ts';
import type { Store } from '../../broker/store/store.ts';
import { createViews, type Views, type ViewsOptions } from '../../broker/views/views.ts';
import type { Clock } from '../../runtime/clock.ts';

type ViewsWorld = { store: Store; clock: Clock } & Pick<KeyServices, 'kmsCalls'> &
  Pick<ViewsOptions, 'observer'>;

/** What administrators look at, with a broker's usual settings. */
export function viewsOf(world: ViewsWorld): Views {
  const { store, clock, observer, kmsCalls } = world;
  const settings = { kmsAccountRate: 500, kmsQuotaShare: 30 };
  return createViews({ store, observer, clock, kmsCalls, catalogue: DEFAULT_CATALOGUE, settings });
}
