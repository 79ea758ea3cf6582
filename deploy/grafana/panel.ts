/** One line of a panel. */
export interface Query {
  readonly expr: string;
  /** What the line is called: `{{label}}` stands for a label’s value. */
  readonly legend: string;
}

export type Unit = 'short' | 'percentunit' | 's' | 'reqps' | 'Bps' | 'bytes' | 'd' | 'x';

/** A picture of something; its title is a question, and the picture the answer. */
export interface Panel {
  readonly title: string;
  /** What is good, what is bad, and where to go on. */
  readonly description: string;
  readonly kind: 'timeseries' | 'stat' | 'bargauge';
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

/** The median, and what 5 and 1 in a hundred exceed. */
export function percentiles(bucket: string, by: readonly string[] = []): Query[] {
  const prefix = by.map((label) => `{{${label}}} `).join('');
  return [
    { quantile: 0.5, name: 'p50' },
    { quantile: 0.95, name: 'p95' },
    { quantile: 0.99, name: 'p99' },
  ].map(({ quantile, name }) => ({ ...percentile(quantile, bucket, by), legend: `${prefix}${name}` }));
}

/** What a share of observations does not exceed. @param bucket a selector of a histogram’s `_bucket` */
export function percentile(quantile: number, bucket: string, by: readonly string[]): Query {
  const labels = [...by, 'le'].join(', ');
  return {
    expr: `histogram_quantile(${quantile}, sum by (${labels}) (rate(${bucket}[$__rate_interval])))`,
    legend: by.map((label) => `{{${label}}}`).join(' '),
  };
}

/** Events a second, by labels. */
export function rate(selector: string, by: readonly string[]): Query {
  return {
    expr: `sum by (${by.join(', ')}) (rate(${selector}[$__rate_interval]))`,
    legend: by.map((label) => `{{${label}}}`).join(' '),
  };
}
