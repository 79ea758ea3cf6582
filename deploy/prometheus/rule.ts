/** Prometheus' rules, as its files have them. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface AlertingRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly (RecordingRule | AlertingRule)[];
}

/** An alert as we write it. */
export interface Alert {
  readonly name: string;
  /** `page` wakes somebody; `ticket` waits for the morning. */
  readonly severity: 'page' | 'ticket';
  /** Whose fault it most likely is; the runbook says how to tell. */
  readonly fault: Fault;
  readonly expr: string;
  /** How long the expression must hold, such as `5m`; without, it fires at once. */
  readonly for?: string;
  /** What is wrong, in a few words; both texts may name `{{ $labels.x }}` and `{{ $value }}`. */
  readonly summary: string;
  /** What that does to whom. */
  readonly description: string;
}

/**
 * Whose doing a failure is. `ours`: the provider's, who runs this. `customer`: whoever holds the key wanted it. `kms`: a
 * KMS, or the way to it. `caller`: a service, a program or a person that asks for what it cannot have.
 */
export const FAULTS = ['ours', 'customer', 'kms', 'caller'] as const;
export type Fault = (typeof FAULTS)[number];

/** The `job` label of each process; deploy/kubernetes/overlays/production/monitoring.yaml gives it. */
export const JOBS = { broker: 'cmk-broker', sidecar: 'cmk-sidecar', injector: 'cmk-injector' } as const;

/** A matcher's alternatives, such as `"A|B"`, with its quotes. */
export function anyOf(values: readonly string[]): string {
  return `"${values.join('|')}"`;
}

/**
 * How often each series of a selector was counted up within a time. A series whose first value is younger counts from
 * zero, which `increase` does not know: the first event of a kind would be lost. A series that was only not seen for a
 * while, because Prometheus or the way to the process failed, is not young: all that it ever counted would be news.
 */
export function events(selector: string, within: string): string {
  const seenBefore = `count_over_time(${selector}[6h] offset ${within})`;
  return `(${selector} unless ${seenBefore} or increase(${selector}[${within}]))`;
}
