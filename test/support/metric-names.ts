import { PROVIDER_NAMES } from '../../broker/model/types.ts';
import { BrokerMetrics } from '../../broker/metrics.ts';
import { ERROR_CODES } from '../../core/errors.ts';
import { InjectorMetrics } from '../../deploy/injector/metrics.ts';
import { FAULT_OF_CAUSE } from '../../deploy/prometheus/faults.ts';
import { GROUPS } from '../../deploy/prometheus/groups.ts';
import { JOBS } from '../../deploy/prometheus/promql.ts';
import { loadBroker, loadSidecar } from '../../proto/load.ts';
import { systemClock } from '../../runtime/clock.ts';
import { SidecarMetrics } from '../../sidecar/metrics.ts';
import { vocabularyOf } from './promql.ts';

/** Labels that Prometheus gives each series of ours when it finds the process. */
const TARGET_LABELS = ['job', 'instance', 'namespace', 'pod', 'srv_id'];
const AGGREGATIONS = ['sum', 'max', 'min', 'avg', 'count', 'topk', 'bottomk'];
const FUNCTIONS = [
  ...AGGREGATIONS,
  ...['rate', 'increase', 'avg_over_time', 'count_over_time', 'min_over_time', 'histogram_quantile'],
  ...['clamp_min', 'absent', 'vector', 'time'],
];

const KNOWN = knownMetrics();
/** Labels whose values are known, whatever the metric. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  code: ['OK', ...Object.keys(ERROR_CODES)],
  provider: PROVIDER_NAMES,
  job: Object.values(JOBS),
  method: [loadBroker().KeyBroker.service, loadSidecar().Sidecar.service].flatMap((service) =>
    Object.keys(service),
  ),
  role: ['broker', 'sidecar', 'injector'],
};

/** Names of series → the labels that they have. */
function knownMetrics(): ReadonlyMap<string, ReadonlySet<string>> {
  const known = new Map<string, Set<string>>([['up', new Set(TARGET_LABELS)]]);
  const add = (name: string, labels: readonly string[]) => {
    const all = known.get(name) ?? new Set(TARGET_LABELS);
    known.set(name, all);
    for (const label of labels) all.add(label);
  };
  for (const { registry } of [
    new BrokerMetrics(systemClock),
    new SidecarMetrics(systemClock),
    new InjectorMetrics(systemClock),
  ]) {
    for (const metric of registry.getMetricsAsArray()) {
      const { name, type, labelNames = [] } = metric as unknown as MetricFacts;
      if (type !== 'histogram') add(name, labelNames);
      else {
        for (const suffix of ['_count', '_sum']) add(name + suffix, labelNames);
        add(`${name}_bucket`, [...labelNames, 'le']);
      }
    }
  }
  for (const rule of GROUPS.flatMap(({ rules }) => rules)) {
    if (!('record' in rule)) continue;
    const { selectors, labels, functions } = vocabularyOf(rule.expr);
    const isAggregated = functions.some((name) => AGGREGATIONS.includes(name));
    const kept = isAggregated ? labels : selectors.flatMap(({ metric }) => [...(known.get(metric) ?? [])]);
    known.set(
      rule.record,
      new Set([...(known.get(rule.record) ?? []), ...kept, ...Object.keys(rule.labels ?? {})]),
    );
  }
  return known;
}

interface MetricFacts {
  readonly name: string;
  readonly type: string;
  readonly labelNames?: readonly string[];
}

/** What an expression names that no process of ours and no rule has. */
export function unknownNames(expression: string): string[] {
  const { selectors, labels, functions } = vocabularyOf(expression);
  const all = new Set(selectors.flatMap(({ metric }) => [...(KNOWN.get(metric) ?? [])]));
  return [
    ...functions.filter((name) => !FUNCTIONS.includes(name)).map((name) => `function ${name}`),
    ...labels.filter((label) => !all.has(label)).map((label) => `label ${label}`),
    ...selectors.flatMap(({ metric, matchers }) => {
      const has = KNOWN.get(metric);
      if (!has) return [`metric ${metric}`];
      return matchers.flatMap(({ label, operator, value }) => {
        if (!has.has(label)) return [`label ${metric}{${label}}`];
        const allowed = valuesOf(metric, label);
        if (!allowed || value.startsWith('$')) return [];
        return unknownValues(value, operator, allowed).map((each) => `${metric}{${label}="${each}"}`);
      });
    }),
  ];
}

function valuesOf(metric: string, label: string): readonly string[] | undefined {
  if (metric.startsWith('cmk_kms_request_') && label === 'outcome')
    return ['OK', ...Object.keys(FAULT_OF_CAUSE)];
  if (metric.startsWith('cmk_broker_request_') && label === 'outcome') return VALUES['code'];
  return VALUES[label];
}

function unknownValues(value: string, operator: string, allowed: readonly string[]): string[] {
  if (!operator.endsWith('~')) return allowed.includes(value) ? [] : [value];
  return value.split('|').filter((each) => !allowed.some((one) => new RegExp(`^(?:${each})$`).test(one)));
}
