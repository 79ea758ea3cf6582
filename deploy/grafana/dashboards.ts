import { BROKER_DASHBOARD } from './broker.ts';
import { INJECTOR_DASHBOARD } from './injector.ts';
import type { Dashboard } from './panel.ts';
import { SIDECARS_DASHBOARD } from './sidecars.ts';

/** Every dashboard. */
export const DASHBOARDS: readonly Dashboard[] = [BROKER_DASHBOARD, SIDECARS_DASHBOARD, INJECTOR_DASHBOARD];
