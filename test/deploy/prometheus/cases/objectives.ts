import { OBJECTIVES } from '../../../../deploy/prometheus/objectives.ts';
import { counts, type AlertCases } from './alert-cases.ts';

/** Events each minute, so many that every share below is a whole number. */
const EVENTS = 100_000;
const HOUR = 60;

/** The series of an objective: so many events a minute, and of them so many bad ones. */
type Series = (events: string, bad: number, minutes: number) => Record<string, string>;

const AVAILABILITY =
  (job: string, method: string, code: string): Series =>
  (events, bad, minutes) => ({
    [`cmk_rpc_duration_seconds_count{job="${job}",method="${method}",code="OK"}`]: events,
    [`cmk_rpc_duration_seconds_count{job="${job}",method="${method}",code="${code}"}`]: counts(bad, minutes),
    // Others’ doing, and far more of it.
    ...others(`cmk_rpc_duration_seconds_count{job="${job}",method="${method}"`, minutes),
  });

function others(prefix: string, minutes: number): Record<string, string> {
  const codes = ['KEY_DISABLED', 'KEY_PERMISSION_REVOKED', 'KMS_UNREACHABLE', 'INVALID_ARGUMENT'];
  return Object.fromEntries(codes.map((code) => [`${prefix},code="${code}"}`, counts(EVENTS, minutes)]));
}

const LATENCY =
  (metric: string, labels: string): Series =>
  (events, bad, minutes) => ({
    [`${metric}_count{${labels}}`]: events,
    [`${metric}_bucket{${labels},le="0.5"}`]: counts(EVENTS - bad, minutes),
    [`${metric}_bucket{${labels},le="10"}`]: counts(EVENTS, minutes),
  });

const SERIES: Readonly<Record<string, Series>> = {
  broker_availability: AVAILABILITY('cmk-broker', 'IssueDataKey', 'STORE_UNAVAILABLE'),
  broker_latency: LATENCY('cmk_rpc_duration_seconds', 'job="cmk-broker",method="ResolveDataKey",code="OK"'),
  sidecar_availability: AVAILABILITY('cmk-sidecar', 'Decrypt', 'BROKER_UNREACHABLE'),
  sidecar_latency: LATENCY(
    'cmk_stream_start_duration_seconds',
    'job="cmk-sidecar",operation="open",source="load"',
  ),
};

/** Cases of both alerts of each objective, and of each pair of windows. */
export const OBJECTIVE_CASES: Readonly<Record<string, AlertCases>> = Object.fromEntries(
  OBJECTIVES.flatMap(({ id, name, target }) => {
    const series = SERIES[id];
    if (!series) throw new Error(`no series for the objective ${id}`);
    const budget = 1 - target;
    const burning = (factor: number, hours: number) => {
      const minutes = hours * HOUR;
      const bad = Math.round(factor * budget * EVENTS);
      // Good ones are all but the bad ones where they have a series of their own.
      const events = counts(id.endsWith('availability') ? EVENTS - bad : EVENTS, minutes);
      return {
        series: series(events, bad, minutes),
        at: `${minutes - 30}m`,
        labels: { objective: id },
        value: `${Number((factor * budget * 100).toPrecision(4))}%`,
      };
    };
    return [
      [`${name}BurnsFast`, { fires: [burning(18, 3), burning(8, 8)], silent: [burning(5, 8)] }],
      [`${name}BurnsSlowly`, { fires: [burning(4, 28), burning(1.5, 75)], silent: [burning(0.8, 75)] }],
    ] satisfies [string, AlertCases][];
  }),
);
