import type { Fault } from './faults.ts';

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
