import type { Section } from './frame.ts';
import type { MetricDashboard, MetricPanel } from './metric-dashboard.ts';
import { lastHour, percentile, percentiles, rate } from './query.ts';

const OF = 'job="cmk-broker"';
const KEYS = `${OF},method=~"IssueDataKey|ResolveDataKey",code="OK"`;

const CALLS: Section<MetricPanel> = {
  title: 'Calls',
  panels: [
    {
      title: 'How fast does each error budget burn?',
      description:
        'Over the last hour. At 1 the budget of 30 days lasts 30 days; at 14.4 somebody is woken. Only failures of ours count.',
      kind: 'stat',
      unit: 'suffix:×',
      queries: [
        { expr: 'cmk_slo:error_ratio:1h / on (objective) cmk_slo:error_budget', legend: '{{objective}}' },
      ],
      limits: { warn: 1, bad: 6 },
      width: 24,
    },
    {
      title: 'Whose doing are failed calls?',
      description: '“ours” is for us; a customer who disabled a key is right to see failures.',
      unit: 'reqps',
      queries: [{ expr: `sum by (fault) (cmk:failures:rate5m{${OF}})`, legend: '{{fault}}' }],
    },
    {
      title: 'How many calls are there, by method?',
      description: 'Those that ended. A sidecar’s watch for revocations is one call for as long as it lives.',
      unit: 'reqps',
      queries: [{ expr: `sum by (method) (cmk:calls:rate5m{${OF}})`, legend: '{{method}}' }],
    },
    {
      title: 'Which codes do calls fail with?',
      description: 'What each means, docs/errors.md has.',
      unit: 'reqps',
      queries: [
        { expr: `sum by (method, code) (cmk:calls:rate5m{${OF},code!="OK"})`, legend: '{{method}} {{code}}' },
      ],
    },
    {
      title: 'How long do data keys take?',
      description:
        'Successful IssueDataKey and ResolveDataKey, the KMS’s time included. Beyond 0.5 s it costs budget.',
      unit: 's',
      queries: percentiles(`cmk_rpc_duration_seconds_bucket{${KEYS}}`),
      limits: { warn: 0.5, bad: 1 },
    },
    {
      title: 'Which method is slow?',
      description: 'What 5 in a hundred calls exceed.',
      unit: 's',
      queries: [
        percentile(0.95, `cmk_rpc_duration_seconds_bucket{${OF},method!="WatchRevocations"}`, ['method']),
      ],
    },
    {
      title: 'How many requests does each pod work on?',
      description: 'The autoscaler aims at 50.',
      unit: 'short',
      queries: [{ expr: 'cmk_broker_requests_in_flight', legend: '{{pod}}' }],
      limits: { warn: 50, bad: 100 },
    },
  ],
};

const KMS: Section<MetricPanel> = {
  title: 'KMSs',
  panels: [
    {
      title: 'How fast does each KMS answer?',
      description: 'What 5 in a hundred calls exceed.',
      unit: 's',
      queries: [
        percentile(0.95, `cmk_kms_request_duration_seconds_bucket{${OF}}`, ['provider', 'operation']),
      ],
      limits: { warn: 1, bad: 2.5 },
    },
    {
      title: 'What do KMSs answer, but OK?',
      description:
        'KEY_DISABLED, PERMISSION_REVOKED, KEY_PENDING_DELETION and KEY_NOT_FOUND are customers’ decisions; AUTH_FAILED is ours.',
      unit: 'reqps',
      queries: [rate(`cmk_kms_request_duration_seconds_count{${OF},outcome!="OK"}`, ['provider', 'outcome'])],
    },
    {
      title: 'How many calls does each KMS get?',
      description: 'Compare with the quota; moves take three for each data key.',
      unit: 'reqps',
      queries: [rate(`cmk_kms_request_duration_seconds_count{${OF}}`, ['provider', 'operation'])],
    },
    {
      title: 'What is done about KMSs that are sick or asked too much?',
      description:
        'PROVIDER_QUOTA: our share of the quota is used up. RESTING: answered with the failure of a moment ago. FAILOVER: a replica took over.',
      unit: 'reqps',
      queries: [rate(`cmk_kms_guard_events_total{${OF}}`, ['provider', 'event'])],
      width: 12,
    },
    {
      title: 'How many revocations were published?',
      description: 'Keys that customers took away, in the last hour, by the cause.',
      unit: 'short',
      queries: [lastHour(`cmk_revocations_total{${OF}}`, ['reason'])],
      width: 12,
    },
  ],
};

const KEYS_AND_MOVES: Section<MetricPanel> = {
  title: 'Data keys, fallback and moves',
  panels: [
    {
      title: 'How many accounts does the platform key stand in for?',
      description: 'Their own key fails, and they chose so. Ten at once are an outage.',
      kind: 'stat',
      unit: 'short',
      queries: [{ expr: `max(cmk_fallback_active{${OF}})`, legend: 'accounts' }],
      limits: { warn: 1, bad: 10 },
      width: 6,
    },
    {
      title: 'How many data keys are left to move?',
      description: 'Of moves that have not ended.',
      kind: 'stat',
      unit: 'short',
      queries: [{ expr: `max by (state) (cmk_rewrap_backlog{${OF}})`, legend: '{{state}}' }],
      width: 6,
    },
    {
      title: 'For how many data keys is a lease held?',
      description: 'They open without asking a KMS, until the lease ends.',
      kind: 'stat',
      unit: 'short',
      queries: [{ expr: `sum(cmk_key_cache_entries{${OF}})`, legend: 'data keys' }],
      width: 6,
    },
    {
      title: 'How many sidecars watch for revocations?',
      description: 'At all brokers together.',
      kind: 'stat',
      unit: 'short',
      queries: [{ expr: `sum(cmk_revocation_watchers{${OF}})`, legend: 'sidecars' }],
      width: 6,
    },
    {
      title: 'How often is no KMS asked?',
      description: 'The share of data keys that came from the cache, or with another’s request.',
      unit: 'percentunit',
      queries: [{ expr: `cmk:key_cache:hit_ratio5m{${OF}}`, legend: 'not asked' }],
    },
    {
      title: 'Why does the platform key stand in?',
      description: 'Data keys made in fallback, by the failure of the customer’s key.',
      unit: 'reqps',
      queries: [rate(`cmk_fallback_data_keys_total{${OF}}`, ['cause'])],
    },
    {
      title: 'What became of data keys that were to be moved?',
      description: 'FAILED: the account’s key. OVERTAKEN: changed meanwhile, and looked at again.',
      unit: 'reqps',
      queries: [rate(`cmk_moved_data_keys_total{${OF}}`, ['outcome'])],
    },
  ],
};

const INSIDE: Section<MetricPanel> = {
  title: 'Database and process',
  panels: [
    {
      title: 'How fast is the database?',
      description: 'Statements and transactions, with waiting for a connection.',
      unit: 's',
      queries: percentiles(`cmk_database_request_duration_seconds_bucket{${OF}}`),
      limits: { warn: 0.25, bad: 1 },
    },
    {
      title: 'What does the database do?',
      description: 'STORE_UNAVAILABLE is its trouble; other codes are contradictions, which are answers.',
      unit: 'reqps',
      queries: [rate(`cmk_database_request_duration_seconds_count{${OF}}`, ['outcome'])],
    },
    {
      title: 'What fails in the background, and in the ledger?',
      description:
        'All of it is tried again by itself. Audit events that are not stored stop keys from being handed out.',
      unit: 'reqps',
      queries: [
        rate(`cmk_background_failures_total{${OF}}`, ['task']),
        rate(`cmk_audit_write_failures_total{${OF}}`, [], 'audit events not stored'),
      ],
    },
    {
      title: 'Who is refused?',
      description: 'Connections and calls, by the cause that callers are not told.',
      unit: 'reqps',
      queries: [rate(`cmk_authorization_denied_total{${OF}}`, ['reason'])],
    },
    {
      title: 'How many alerts reach customers?',
      description: 'Attempts in the last hour, by what became of the message.',
      unit: 'short',
      queries: [lastHour(`cmk_alert_deliveries_total{${OF}}`, ['channel', 'state'])],
    },
    {
      title: 'Is the event loop free?',
      description: 'Lag that 1 in a hundred turns exceed: every call waits for so long.',
      unit: 's',
      queries: [{ expr: `nodejs_eventloop_lag_p99_seconds{${OF}}`, legend: '{{instance}}' }],
      limits: { warn: 0.1, bad: 0.25 },
    },
  ],
};

export const BROKER_DASHBOARD: MetricDashboard = {
  uid: 'cmk-broker',
  title: 'CMK: broker',
  description:
    'Calls, KMSs, fallback, moves and the database. Which account is concerned, the portal tells operators: metrics never do.',
  sections: [CALLS, KMS, KEYS_AND_MOVES, INSIDE],
};
