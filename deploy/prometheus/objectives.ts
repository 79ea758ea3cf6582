import { FAULT_OF_CODE, keysOf } from './faults.ts';
import { anyOf, JOBS } from './promql.ts';
import type { Alert, RecordingRule } from './rule.ts';

/** What we promise, and how it is measured. docs/decisions/0019-objectives.md says what counts. */
export interface Objective {
  /** The `objective` label. */
  readonly id: string;
  /** The beginning of its alerts' names. */
  readonly name: string;
  /** The share of events that must be good, from 0 to 1. */
  readonly target: number;
  /** Of an event that is not good, for the alerts' texts. */
  readonly failing: string;
  /** Events a second over the last five minutes, good and bad. */
  readonly events: string;
  /** Of them the bad ones; 0 rather than nothing where there are none. */
  readonly errors: string;
}

const OURS = anyOf(keysOf(FAULT_OF_CODE, 'ours'));
/** Others' refusals are neither good nor bad: a customer who retries a disabled key must not dilute our failures. */
const COUNTED = anyOf(['OK', ...keysOf(FAULT_OF_CODE, 'ours')]);
/** A bucket of the histograms, seconds. */
const LATENCY = '0.5';
const BROKER = `job="${JOBS.broker}",method=~"IssueDataKey|ResolveDataKey"`;
const SIDECAR = `job="${JOBS.sidecar}",method=~"Encrypt|Decrypt"`;
const STARTS = `job="${JOBS.sidecar}",operation=~"seal|open"`;

export const OBJECTIVES: readonly Objective[] = [
  availability('broker_availability', 'CmkBrokerAvailability', BROKER, {
    target: 0.9995,
    failing: 'requests for data keys fail at the brokers',
  }),
  latency('broker_latency', 'CmkBrokerLatency', 'cmk_rpc_duration_seconds', `${BROKER},code="OK"`, {
    target: 0.99,
    failing: `requests for data keys take longer than ${LATENCY} s at the brokers`,
  }),
  availability('sidecar_availability', 'CmkSidecarAvailability', SIDECAR, {
    target: 0.999,
    failing: 'streams fail at the sidecars',
  }),
  latency('sidecar_latency', 'CmkSidecarLatency', 'cmk_stream_start_duration_seconds', STARTS, {
    target: 0.99,
    failing: `streams take longer than ${LATENCY} s to start at the sidecars`,
  }),
];

type Promised = Pick<Objective, 'target' | 'failing'>;

function availability(id: string, name: string, selector: string, promised: Promised): Objective {
  const rate = (codes: string) => `sum(rate(cmk_rpc_duration_seconds_count{${selector},code=~${codes}}[5m]))`;
  return { id, name, ...promised, events: rate(COUNTED), errors: `${rate(OURS)} or vector(0)` };
}

function latency(id: string, name: string, metric: string, selector: string, promised: Promised): Objective {
  const events = `sum(rate(${metric}_count{${selector}}[5m]))`;
  const good = `sum(rate(${metric}_bucket{${selector},le="${LATENCY}"}[5m]))`;
  return { id, name, ...promised, events, errors: `clamp_min(${events} - ${good}, 0)` };
}

/** Windows over which error ratios are recorded. */
const WINDOWS = ['30m', '1h', '2h', '6h', '1d', '3d'] as const;
type Window = '5m' | (typeof WINDOWS)[number];

/**
 * Events a second that a ratio is of at the least. Below it, one failed call in a quiet night would be a large share;
 * an outage still shows, a little later.
 */
const QUIET = 0.1;

/** Recorded rates of five minutes, averaged over longer windows: no query reads days of every sidecar's series. */
export const OBJECTIVE_RULES: readonly RecordingRule[] = [
  ...OBJECTIVES.flatMap(({ id, target, events, errors }) => [
    { record: 'cmk_slo:events:rate5m', expr: events, labels: { objective: id } },
    { record: 'cmk_slo:errors:rate5m', expr: errors, labels: { objective: id } },
    { record: 'cmk_slo:error_budget', expr: `vector(${budget(target)})`, labels: { objective: id } },
  ]),
  {
    record: 'cmk_slo:error_ratio:5m',
    expr: `cmk_slo:errors:rate5m / clamp_min(cmk_slo:events:rate5m, ${QUIET})`,
  },
  ...WINDOWS.map((window) => ({
    record: `cmk_slo:error_ratio:${window}`,
    expr: `avg_over_time(cmk_slo:errors:rate5m[${window}]) / clamp_min(avg_over_time(cmk_slo:events:rate5m[${window}]), ${QUIET})`,
  })),
];

interface Burn {
  /** How many times faster than the budget allows for 30 days. */
  readonly factor: number;
  readonly long: Window;
  /** Tells that it still goes on. */
  readonly short: Window;
}

const FAST: readonly Burn[] = [
  { factor: 14.4, long: '1h', short: '5m' },
  { factor: 6, long: '6h', short: '30m' },
];
const SLOW: readonly Burn[] = [
  { factor: 3, long: '1d', short: '2h' },
  { factor: 1, long: '3d', short: '6h' },
];

export const OBJECTIVE_ALERTS: readonly Alert[] = OBJECTIVES.flatMap((objective) => [
  {
    name: `${objective.name}BurnsFast`,
    severity: 'page' as const,
    fault: 'ours' as const,
    expr: burning(objective, FAST),
    summary: `too many ${objective.failing}`,
    description: `Now {{ $value | humanizePercentage }} of what is ours to answer; at this pace the 30 days’ budget of ${percent(objective)} is gone within five days at the most.`,
  },
  {
    name: `${objective.name}BurnsSlowly`,
    severity: 'ticket' as const,
    fault: 'ours' as const,
    expr: burning(objective, SLOW),
    summary: `more ${objective.failing} than the budget allows`,
    description: `For days {{ $value | humanizePercentage }} of what is ours to answer; the 30 days’ budget of ${percent(objective)} will not last.`,
  },
]);

function burning({ id, target }: Objective, burns: readonly Burn[]): string {
  return burns
    .map(({ factor, long, short }) => {
      const limit = rounded(factor * budget(target));
      const above = (window: Window) => `cmk_slo:error_ratio:${window}{objective="${id}"} > ${limit}`;
      return `(${above(long)} and ${above(short)})`;
    })
    .join(' or ');
}

function percent({ target }: Objective): string {
  return `${rounded(budget(target) * 100)} %`;
}

function budget(target: number): number {
  return rounded(1 - target);
}

/** Without what binary fractions leave behind. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
