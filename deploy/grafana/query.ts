/** One line of a panel. */
export interface Query {
  readonly expr: string;
  /** What the line is called: `{{label}}` stands for a label’s value. */
  readonly legend: string;
}

/** The median, and what 5 and 1 in a hundred exceed. */
export function percentiles(bucket: string, by: readonly string[] = []): Query[] {
  return [0.5, 0.95, 0.99].map((quantile) => {
    const { expr, legend } = percentile(quantile, bucket, by);
    return { expr, legend: `${legend} p${quantile * 100}`.trim() };
  });
}

/** What a share of observations does not exceed. @param bucket a selector of a histogram’s `_bucket` */
export function percentile(quantile: number, bucket: string, by: readonly string[]): Query {
  return {
    expr: `histogram_quantile(${quantile}, ${sum([...by, 'le'])}(rate(${bucket}[$__rate_interval])))`,
    legend: valuesOf(by),
  };
}

/** Events a second, by labels. */
export function rate(selector: string, by: readonly string[] = [], legend = valuesOf(by)): Query {
  return { expr: `${sum(by)}(rate(${selector}[$__rate_interval]))`, legend };
}

/** Events in the last hour, by labels. */
export function lastHour(selector: string, by: readonly string[]): Query {
  return { expr: `${sum(by)}(increase(${selector}[1h]))`, legend: valuesOf(by) };
}

function sum(by: readonly string[]): string {
  return by.length > 0 ? `sum by (${by.join(', ')}) ` : 'sum';
}

function valuesOf(labels: readonly string[]): string {
  return labels.map((label) => `{{${label}}}`).join(' ');
}
