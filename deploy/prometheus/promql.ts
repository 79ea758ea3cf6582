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
