import { stringify } from 'yaml';
import { ALERTS, GROUPS } from '../../../../deploy/prometheus/groups.ts';
import type { AlertingRule } from '../../../../deploy/prometheus/rule.ts';

/** Series over some time, and what an alert makes of them. */
export interface Situation {
  /** Values of each minute in promtool's notation, such as `0+5x60`, by series. */
  readonly series: Readonly<Record<string, string>>;
  /** When to look, such as `60m`; default: `60m`. */
  readonly at?: string;
}

/** A situation in which an alert fires, once. */
export interface Firing extends Situation {
  /** The alert's labels besides its own. */
  readonly labels?: Readonly<Record<string, string>>;
  /** `{{ $value … }}` as it is shown. */
  readonly value?: string;
}

export interface AlertCases {
  readonly fires: readonly Firing[];
  readonly silent: readonly Situation[];
}

/** Enough minutes for every case that does not say how many. */
const MINUTES = 180;

/** A counter that goes up by so much each minute. */
export function counts(perMinute: number, minutes: number = MINUTES): string {
  return `0+${perMinute}x${minutes}`;
}

/** A gauge that stays. */
export function stays(value: number): string {
  return `${value}x${MINUTES}`;
}

/** A counter that is not there for half an hour, then has a value. */
export function appears(value: number): string {
  return `_x30 ${stays(value)}`;
}

/** A counter that stays, and of which Prometheus saw nothing for twenty minutes after the first hour. */
export function interrupted(value: number): string {
  return `${value}x60 _x20 ${stays(value)}`;
}

/** One series. */
export function one(series: string, values: string): Record<string, string> {
  return { [series]: values };
}

/** A histogram's counters: observations each minute up to each bound, of them all together. */
export function histogram(
  metric: string,
  labels: string,
  buckets: Readonly<Record<string, number>>,
): Record<string, string> {
  const series = Object.entries(buckets).map(([le, perMinute]) => [
    `${metric}_bucket{${labels},le="${le}"}`,
    counts(perMinute),
  ]);
  return Object.fromEntries(series) as Record<string, string>;
}

/**
 * What `promtool test rules` reads.
 * @param interval between evaluations of the rules, such as `1m`
 */
export function promtoolTests(
  cases: Readonly<Record<string, AlertCases>>,
  { rulesFile, interval }: { readonly rulesFile: string; readonly interval: string },
): string {
  const tests = Object.entries(cases).flatMap(([alertname, { fires, silent }]) => [
    ...fires.map((firing) => test(alertname, firing, [expected(alertname, firing)])),
    ...silent.map((situation) => test(alertname, situation, [])),
  ]);
  return stringify({ rule_files: [rulesFile], evaluation_interval: interval, tests });
}

function test(alertname: string, { series, at = '60m' }: Situation, alerts: readonly object[]): object {
  return {
    name: `${alertname} ${alerts.length > 0 ? 'fires' : 'is silent'}`,
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [{ eval_time: at, alertname, exp_alerts: alerts }],
  };
}

function expected(alertname: string, { labels = {}, value }: Firing): object {
  const rule = ruleOf(alertname);
  const render = (text: string) =>
    text
      .replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label] ?? '')
      .replace(/\{\{ \$value[^}]*\}\}/g, () => value ?? 'the case does not say');
  const annotations = Object.entries(rule.annotations).map(([name, text]) => [name, render(text)]);
  return {
    exp_labels: { ...labels, ...rule.labels },
    exp_annotations: Object.fromEntries(annotations) as Record<string, string>,
  };
}

function ruleOf(name: string): AlertingRule {
  for (const { rules } of GROUPS)
    for (const rule of rules) if ('alert' in rule && rule.alert === name) return rule;
  throw new Error(`no alert ${name} among ${Object.values(ALERTS).flat().length}`);
}
