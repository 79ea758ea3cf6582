import type { Query } from './query.ts';

/** Grafana's names of units. */
export type Unit = 'short' | 'percentunit' | 's' | 'reqps' | 'Bps' | 'bytes' | 'd' | 'suffix:×';

/** A picture of something; its title is a question, and the picture the answer. */
export interface Panel {
  readonly title: string;
  /** What is good, what is bad, and where to go on. */
  readonly description: string;
  /** Default: `timeseries`. */
  readonly kind?: 'timeseries' | 'stat';
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** From where on a value is yellow and red; the other way round when `lower` is worse. Default: always green. */
  readonly limits?: { readonly warn: number; readonly bad: number; readonly worse?: 'higher' | 'lower' };
  /** Columns of 24; default 8. */
  readonly width?: number;
}

export interface Section {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** A label of which whoever looks chooses values. */
export interface Variable {
  readonly name: string;
  readonly label: string;
  /** The metric whose values there are. */
  readonly metric: string;
}

export interface Dashboard {
  /** Stays the same for ever: links name it. At most 40 characters. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables?: readonly Variable[];
  readonly sections: readonly Section[];
}
