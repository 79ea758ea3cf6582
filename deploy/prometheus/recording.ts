import { FAULT_OF_CODE, FAULTS, keysOf } from './faults.ts';
import { anyOf, JOBS } from './promql.ts';
import type { RecordingRule } from './rule.ts';

const OF = `job=~${anyOf([JOBS.broker, JOBS.sidecar])}`;

/** What dashboards and the autoscaler read ready-made. */
export const RECORDING_RULES: readonly RecordingRule[] = [
  {
    // The autoscaler's: a sidecar watches revocations as long as it lives, which is no load.
    record: 'cmk_broker_requests_in_flight',
    expr: `sum by (namespace, pod) (cmk_rpc_in_flight{job="${JOBS.broker}",method!="WatchRevocations"})`,
  },
  {
    record: 'cmk:calls:rate5m',
    expr: `sum by (job, method, code) (rate(cmk_rpc_duration_seconds_count{${OF}}[5m]))`,
  },
  ...FAULTS.map((fault) => ({
    record: 'cmk:failures:rate5m',
    expr: `sum by (job, method) (cmk:calls:rate5m{code=~${anyOf(keysOf(FAULT_OF_CODE, fault))}})`,
    labels: { fault },
  })),
  {
    record: 'cmk:key_cache:hit_ratio5m',
    expr: `1 - ${lookups('misses')} / (${lookups('hits')} + ${lookups('coalesced')} + ${lookups('misses')})`,
  },
];

function lookups(outcome: 'hits' | 'misses' | 'coalesced'): string {
  return `sum by (job) (rate(cmk_key_cache_${outcome}_total{${OF}}[5m]))`;
}
