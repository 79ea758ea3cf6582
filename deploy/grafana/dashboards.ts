import { BROKER_DASHBOARD } from './broker.ts';
import { CUSTOMER_DASHBOARD } from './customer.ts';
import { INJECTOR_DASHBOARD } from './injector.ts';
import type { Dashboard } from './panel.ts';
import { renderDashboard, renderSqlDashboard } from './render.ts';
import { SIDECARS_DASHBOARD } from './sidecars.ts';

/** Those that ask Prometheus. */
export const DASHBOARDS: readonly Dashboard[] = [BROKER_DASHBOARD, SIDECARS_DASHBOARD, INJECTOR_DASHBOARD];

/** Every dashboard as Grafana imports it, by its uid. */
export const RENDERED: Readonly<Record<string, object>> = {
  ...Object.fromEntries(DASHBOARDS.map((each) => [each.uid, renderDashboard(each)])),
  [CUSTOMER_DASHBOARD.uid]: renderSqlDashboard(CUSTOMER_DASHBOARD),
};
