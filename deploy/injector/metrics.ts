import type { Clock } from '../../runtime/clock.ts';
import { LOCAL_BUCKETS, ProcessMetrics, registerMetrics, type MetricTable } from '../../runtime/metrics.ts';
import type { Outcome } from './admission.ts';

/** What the injector measures besides `PROCESS_METRICS`. */
export const INJECTOR_METRICS = {
  cmk_injector_reviews_total: {
    type: 'counter',
    help: 'Pods that Kubernetes asked about: given a sidecar (INJECTED), found with one (UNCHANGED), wanting none (NOT_WANTED), asking for what they cannot have (REFUSED); requests that were none, broke off, or were too long beside other long ones (MALFORMED), and failures of the injector’s own (FAILED).',
    labels: ['outcome'],
  },
  cmk_injector_review_duration_seconds: {
    type: 'histogram',
    help: 'Time from a request’s head to its answer.',
    labels: [],
    buckets: LOCAL_BUCKETS,
  },
} as const satisfies MetricTable;

/** The injector's metrics, by what happened rather than by name. */
export class InjectorMetrics extends ProcessMetrics {
  readonly #own = registerMetrics(INJECTOR_METRICS, this.registry);

  constructor(clock: Clock) {
    super('injector', clock);
  }

  /** A request begins; the result ends it. */
  reviewStarted(): (outcome: Outcome | 'MALFORMED' | 'FAILED') => void {
    const startMs = this.clock.monotonicMs();
    return (outcome) => {
      this.#own.cmk_injector_reviews_total.inc({ outcome });
      this.#own.cmk_injector_review_duration_seconds.observe(this.secondsSince(startMs));
    };
  }
}
