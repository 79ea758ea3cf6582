import { events, JOBS } from '../promql.ts';
import type { Alert } from '../rule.ts';

const { broker } = JOBS;

/** Alerts about what the brokers do, and about those that are gone. */
export const BROKER_ALERTS: readonly Alert[] = [
  {
    name: 'CmkBrokersGone',
    severity: 'page',
    fault: 'ours',
    expr: `absent(up{job="${broker}"} == 1)`,
    for: '2m',
    summary: 'no broker can be scraped',
    description:
      'If none answers either, nothing can be sealed, and nothing be opened beyond the leases that sidecars have.',
  },
  {
    name: 'CmkTargetDown',
    severity: 'ticket',
    fault: 'ours',
    expr: `up{job=~"${broker}|${JOBS.injector}"} == 0`,
    for: '10m',
    summary: '{{ $labels.job }} on {{ $labels.instance }} cannot be scraped',
    description: 'The others carry its load. It may have crashed, or only its status port is out of reach.',
  },
  {
    name: 'CmkAuditWritesFailing',
    severity: 'page',
    fault: 'ours',
    expr: `sum(increase(cmk_audit_write_failures_total{job="${broker}"}[5m])) > 0`,
    summary: 'audit events cannot be stored',
    description:
      '{{ $value | humanize }} in five minutes. What they told of was not handed out: sealing and opening are refused as far as it goes on.',
  },
  {
    name: 'CmkDatabaseFailing',
    severity: 'page',
    fault: 'ours',
    expr: `sum(rate(cmk_database_request_duration_seconds_count{job="${broker}",outcome="STORE_UNAVAILABLE"}[5m])) / sum(rate(cmk_database_request_duration_seconds_count{job="${broker}"}[5m])) > 0.02`,
    for: '2m',
    summary: 'the database fails the brokers',
    description:
      '{{ $value | humanizePercentage }} of the requests to it. Data keys that are not in a cache cannot be had.',
  },
  {
    name: 'CmkDatabaseSlow',
    severity: 'ticket',
    fault: 'ours',
    expr: `histogram_quantile(0.99, sum by (le) (rate(cmk_database_request_duration_seconds_bucket{job="${broker}"}[10m]))) > 0.25`,
    for: '15m',
    summary: 'the database is slow',
    description:
      'One request in a hundred takes longer than {{ $value | humanizeDuration }}; waiting for a connection counts.',
  },
  {
    name: 'CmkFallbackActive',
    severity: 'ticket',
    fault: 'customer',
    expr: `max(cmk_fallback_active{job="${broker}"}) > 0`,
    for: '15m',
    summary: 'new data of {{ $value }} accounts goes under the platform key',
    description:
      'They chose that for when their own key fails. It moves to their key by itself when that works again.',
  },
  {
    name: 'CmkFallbackWidespread',
    severity: 'page',
    fault: 'kms',
    expr: `max(cmk_fallback_active{job="${broker}"}) >= 10`,
    for: '5m',
    summary: 'new data of {{ $value }} accounts goes under the platform key',
    description: 'So many keys do not fail at once by their customers’ wish: a KMS, or the way to it, does.',
  },
  {
    // Those that wait for a key are not ours to mend: its customer was told, and a KMS that fails has alerts of its own.
    name: 'CmkMovesStuck',
    severity: 'ticket',
    fault: 'ours',
    expr: `max(min_over_time(cmk_rewrap_backlog{job="${broker}",state="RUNNING"}[1h])) > 0 unless sum(increase(cmk_moved_data_keys_total{job="${broker}",outcome="MOVED"}[1h])) > 0`,
    for: '15m',
    summary: 'moves of data keys stand still',
    description:
      '{{ $value }} data keys at the least are left, and none was moved for an hour. They stay readable under the old key.',
  },
  {
    name: 'CmkBackgroundWorkFailing',
    severity: 'ticket',
    fault: 'ours',
    expr: `sum by (task) (increase(cmk_background_failures_total{job="${broker}"}[15m])) > 10`,
    for: '15m',
    summary: 'background work fails again and again: {{ $labels.task }}',
    description: '{{ $value | humanize }} times in 15 minutes.',
  },
  {
    name: 'CmkAlertsNotDelivered',
    severity: 'ticket',
    fault: 'ours',
    expr: `sum by (channel, state) ${events(`cmk_alert_deliveries_total{job="${broker}",state=~"FAILED|NOT_CONFIGURED"}`, '1h')} > 0`,
    summary:
      'customers were not told of what concerns their keys: {{ $labels.channel }}, {{ $labels.state }}',
    description: '{{ $value | humanize }} messages in an hour were given up, or could not be sent at all.',
  },
  {
    name: 'CmkEventLoopLag',
    severity: 'ticket',
    fault: 'ours',
    expr: `nodejs_eventloop_lag_p99_seconds{job=~"cmk-.*"} > 0.25`,
    for: '10m',
    summary: '{{ $labels.job }} on {{ $labels.instance }} is too busy to answer in time',
    description: 'Its event loop lags by {{ $value | humanizeDuration }}: every call waits for so long.',
  },
];
