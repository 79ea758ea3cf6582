import { BROKER_DASHBOARD } from './broker.ts';
import { CUSTOMER_DASHBOARD } from './customer.ts';
import { INJECTOR_DASHBOARD } from './injector.ts';
import { renderMetricDashboard, type MetricDashboard } from './metric-dashboard.ts';
import { SIDECARS_DASHBOARD } from './sidecars.ts';
import { renderSqlDashboard } from './sql-dashboard.ts';

/** Those that ask Prometheus. */
export const METRIC_DASHBOARDS: readonly MetricDashboard[] = [
  BROKER_DASHBOARD,
  SIDECARS_DASHBOARD,
  INJECTOR_DASHBOARD,
];

/** Every dashboard as Grafana imports it, by its uid. */
export const RENDERED: Readonly<Record<string, object>> = {
  ...Object.fromEntries(METRIC_DASHBOARDS.map((each) => [each.uid, renderMetricDashboard(each)])),
  [CUSTOMER_DASHBOARD.uid]: renderSqlDashboard(CUSTOMER_DASHBOARD),
};
