import type { Section } from './frame.ts';
import type { MetricDashboard, MetricPanel } from './metric-dashboard.ts';
import { lastHour, percentile, percentiles, rate } from './query.ts';

const OF = 'job="cmk-sidecar",srv_id=~"$srv_id"';

const STREAMS: Section<MetricPanel> = {
  title: 'Streams',
  panels: [
    {
      title: 'How many bytes are sealed and opened?',
      description: 'Plaintext, by what is done to it.',
      unit: 'Bps',
      queries: [rate(`cmk_stream_bytes_total{${OF}}`, ['operation'])],
    },
    {
      title: 'How many streams run?',
      description: 'A sidecar serves about a hundred at a time.',
      unit: 'short',
      queries: [{ expr: `sum by (method) (cmk_rpc_in_flight{${OF}})`, legend: '{{method}}' }],
    },
    {
      title: 'How do streams end?',
      description: 'What each code means, docs/errors.md has.',
      unit: 'reqps',
      queries: [rate(`cmk_rpc_duration_seconds_count{${OF}}`, ['method', 'code'])],
    },
    {
      title: 'How long do streams take to start?',
      description: '“load” waited for a broker, “cache” for nobody. Beyond 0.5 s it costs budget.',
      unit: 's',
      queries: percentiles(`cmk_stream_start_duration_seconds_bucket{${OF}}`, ['source']),
      limits: { warn: 0.5, bad: 1 },
    },
    {
      title: 'Which sealed files do not open?',
      description: 'Damaged, cut short, changed, or another asset’s, in the last hour.',
      unit: 'short',
      queries: [
        lastHour(`cmk_authentication_failures_total{${OF}}`, ['reason']),
        lastHour(`cmk_authorization_denied_total{${OF}}`, ['reason']),
      ],
    },
    {
      title: 'How do renewals of leases end?',
      description: 'Streams that outlive a lease ask again; a refusal ends them.',
      unit: 'reqps',
      queries: [rate(`cmk_lease_renewals_total{${OF}}`, ['outcome'])],
    },
  ],
};

const BROKERS: Section<MetricPanel> = {
  title: 'Brokers, as sidecars see them',
  panels: [
    {
      title: 'How often is no broker asked?',
      description: 'The share of data keys that came from a sidecar’s cache, or with another’s request.',
      unit: 'percentunit',
      queries: [{ expr: 'cmk:key_cache:hit_ratio5m{job="cmk-sidecar"}', legend: 'not asked' }],
    },
    {
      title: 'How many calls do the caches save?',
      description: 'Calls to brokers that were not made, and those that were.',
      unit: 'reqps',
      queries: [
        {
          expr: `sum(rate(cmk_key_cache_hits_total{${OF}}[$__rate_interval])) + sum(rate(cmk_key_cache_coalesced_total{${OF}}[$__rate_interval]))`,
          legend: 'saved',
        },
        rate(`cmk_key_cache_misses_total{${OF}}`, [], 'made'),
      ],
    },
    {
      title: 'How fast do brokers answer?',
      description: 'What 5 in a hundred requests exceed, their repetition included.',
      unit: 's',
      queries: [percentile(0.95, `cmk_broker_request_duration_seconds_bucket{${OF}}`, ['operation'])],
      limits: { warn: 0.5, bad: 1 },
    },
    {
      title: 'What do brokers answer?',
      description: 'By what was asked.',
      unit: 'reqps',
      queries: [rate(`cmk_broker_request_duration_seconds_count{${OF}}`, ['operation', 'outcome'])],
    },
    {
      title: 'How many sidecars get revocations at once?',
      description: 'The others are bound by their leases alone.',
      unit: 'short',
      queries: [
        { expr: `sum(cmk_revocation_watch_up{${OF}})`, legend: 'watching' },
        { expr: `count(cmk_revocation_watch_up{${OF}})`, legend: 'all' },
      ],
    },
    {
      title: 'Do uses of cached data keys reach the ledger?',
      description: 'Of lost ones only the number is there.',
      unit: 'reqps',
      queries: [
        rate(`cmk_uses_reported_total{${OF}}`, [], 'reported'),
        rate(`cmk_uses_lost_total{${OF}}`, [], 'lost'),
      ],
    },
  ],
};

const FLEET: Section<MetricPanel> = {
  title: 'Fleet',
  panels: [
    {
      title: 'How many sidecars does each service have?',
      description: 'Those that Prometheus reaches.',
      unit: 'short',
      queries: [{ expr: `sum by (srv_id) (up{${OF}})`, legend: '{{srv_id}}' }],
    },
    {
      title: 'Which sidecars are too busy?',
      description: 'The ten event loops that lag most.',
      unit: 's',
      queries: [
        { expr: `topk(10, nodejs_eventloop_lag_p99_seconds{${OF}})`, legend: '{{srv_id}} {{instance}}' },
      ],
      limits: { warn: 0.1, bad: 0.25 },
    },
    {
      title: 'Which sidecars use most memory?',
      description: 'The ten largest.',
      unit: 'bytes',
      queries: [
        { expr: `topk(10, process_resident_memory_bytes{${OF}})`, legend: '{{srv_id}} {{instance}}' },
      ],
    },
  ],
};

export const SIDECARS_DASHBOARD: MetricDashboard = {
  uid: 'cmk-sidecars',
  title: 'CMK: sidecar fleet',
  description: 'What sidecars do, how they get on with brokers, and which of them are in trouble.',
  variables: [{ name: 'srv_id', label: 'Service', metric: 'cmk_revocation_watch_up' }],
  sections: [STREAMS, BROKERS, FLEET],
};
