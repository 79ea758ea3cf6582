import type { Query } from './query.ts';

/** Grafana's names of units. */
export type Unit = 'short' | 'percentunit' | 's' | 'reqps' | 'Bps' | 'bytes' | 'd' | 'suffix:×';

interface AnyPanel {
  readonly title: string;
  /** What is good, what is bad, and where to go on. */
  readonly description: string;
  /** Columns of 24; default 8. */
  readonly width?: number;
}

/** A picture of something; its title is a question, and the picture the answer. */
export interface Panel extends AnyPanel {
  /** Default: `timeseries`. */
  readonly kind?: 'timeseries' | 'stat';
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** From where on a value is yellow and red; the other way round when `lower` is worse. Default: always green. */
  readonly limits?: { readonly warn: number; readonly bad: number; readonly worse?: 'higher' | 'lower' };
}

/** One that asks PostgreSQL. */
export interface SqlPanel extends AnyPanel {
  /** `bars` wants columns `time`, `metric` and a number. */
  readonly kind: 'table' | 'bars';
  readonly sql: string;
}

export interface Section<P = Panel> {
  readonly title: string;
  readonly panels: readonly P[];
}

/** A label of which whoever looks chooses values. */
export interface Variable {
  readonly name: string;
  readonly label: string;
  /** The metric whose values there are. */
  readonly metric: string;
}

/** Something of which whoever looks chooses one. */
export interface SqlVariable {
  readonly name: string;
  readonly label: string;
  readonly sql: string;
}

interface AnyDashboard<P> {
  /** Stays the same for ever: links name it. At most 40 characters. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly sections: readonly Section<P>[];
}

/** What Prometheus is asked. */
export interface Dashboard extends AnyDashboard<Panel> {
  readonly variables?: readonly Variable[];
}

/** What the database is asked. */
export interface SqlDashboard extends AnyDashboard<SqlPanel> {
  readonly variables: readonly SqlVariable[];
}
