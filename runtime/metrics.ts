import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from './clock.ts';
import type { CacheEvent } from './sealed-cache.ts';

/** What stands in docs/metrics.md about one metric. Labels take few values: never an account, an asset or a key. */
export interface MetricFacts {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds, for a histogram. */
  readonly buckets?: readonly number[];
}

export type MetricTable = Readonly<Record<string, MetricFacts>>;

interface Kinds<Label extends string> {
  readonly counter: Counter<Label>;
  readonly gauge: Gauge<Label>;
  readonly histogram: Histogram<Label>;
}

/** The metrics of a table, by name. */
export type Metrics<T extends MetricTable> = {
  readonly [Name in keyof T]: Kinds<T[Name]['labels'][number]>[T[Name]['type']];
};

/** Seconds, for what this process does by itself. */
export const LOCAL_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1] as const;
/** Seconds, for what waits on another process. */
export const REMOTE_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** What every process measures, besides Node itself (prom-client's `process_` and `nodejs_`). */
export const PROCESS_METRICS = {
  cmk_certificate_expiry_timestamp_seconds: {
    type: 'gauge',
    help: 'When the certificate in use ends, UNIX seconds.',
    labels: ['role'],
  },
  cmk_certificate_rejected_total: {
    type: 'counter',
    help: 'Times that new certificate files could not be used and the old ones were kept.',
    labels: [],
  },
} as const satisfies MetricTable;

/** What broker and sidecar measure alike. */
export const SHARED_METRICS = {
  cmk_rpc_duration_seconds: {
    type: 'histogram',
    help: 'Time from the start of a call to its end, of a stream to its last byte; the code is `OK` or an error code.',
    labels: ['method', 'code'],
    buckets: [...LOCAL_BUCKETS, 2.5, 5, 10, 30, 60, 300, 600, 3600],
  },
  cmk_rpc_in_flight: { type: 'gauge', help: 'Calls being served.', labels: ['method'] },
  cmk_key_cache_hits_total: { type: 'counter', help: 'Data keys taken from the cache.', labels: [] },
  cmk_key_cache_misses_total: {
    type: 'counter',
    help: 'Data keys that had to be fetched: by the broker from a KMS, by the sidecar from the broker.',
    labels: [],
  },
  cmk_key_cache_coalesced_total: {
    type: 'counter',
    help: 'Data keys that were waited for together with an earlier asker.',
    labels: [],
  },
  cmk_key_cache_evictions_total: {
    type: 'counter',
    help: 'Data keys that left the cache, for any cause.',
    labels: [],
  },
  cmk_key_cache_entries: { type: 'gauge', help: 'Data keys in the cache.', labels: [] },
  cmk_trace_spans_total: {
    type: 'counter',
    help: 'OpenTelemetry spans that were recorded (ENDED), and those that the collector took (SENT). The difference waits to be sent, or was lost.',
    labels: ['state'],
  },
} as const satisfies MetricTable;

/** The metrics of {@link PROCESS_METRICS}, by what happened rather than by name; each process adds its own. */
export class ProcessMetrics {
  readonly registry = new Registry();
  readonly #process = registerMetrics(PROCESS_METRICS, this.registry);
  protected readonly clock: Clock;
  readonly #role: string;

  /** @param role which process this is, such as `broker` */
  constructor(role: string, clock: Clock) {
    this.clock = clock;
    this.#role = role;
    collectDefaultMetrics({ register: this.registry });
  }

  certificateInUse({ expiresAtMs }: { readonly expiresAtMs: number }): void {
    this.#process.cmk_certificate_expiry_timestamp_seconds.set({ role: this.#role }, expiresAtMs / 1000);
  }

  certificateRejected(): void {
    this.#process.cmk_certificate_rejected_total.inc();
  }

  /** @param startMs on the monotonic clock */
  protected secondsSince(startMs: number): number {
    return (this.clock.monotonicMs() - startMs) / 1000;
  }
}

/** The metrics of a process that serves calls and keeps data keys. */
export class KeyMetrics extends ProcessMetrics {
  readonly #shared = registerMetrics(SHARED_METRICS, this.registry);

  /** A call begins; the result ends it with `OK` or an error code. */
  rpcStarted(method: string): (code: string) => void {
    const startMs = this.clock.monotonicMs();
    this.#shared.cmk_rpc_in_flight.inc({ method });
    return (code) => {
      this.#shared.cmk_rpc_in_flight.dec({ method });
      this.#shared.cmk_rpc_duration_seconds.observe({ method, code }, this.secondsSince(startMs));
    };
  }

  cached(event: CacheEvent): void {
    const names = { hit: 'hits', miss: 'misses', coalesced: 'coalesced', evicted: 'evictions' } as const;
    this.#shared[`cmk_key_cache_${names[event]}_total`].inc();
  }

  spans(state: 'ENDED' | 'SENT', count: number): void {
    this.#shared.cmk_trace_spans_total.inc({ state }, count);
  }

  /** @param size asked at each scrape */
  watchCacheSize(size: () => number): void {
    readAtScrape(this.#shared.cmk_key_cache_entries, size);
  }
}

/** Makes the metrics of a table, and registers them. */
export function registerMetrics<T extends MetricTable>(table: T, registry: Registry): Metrics<T> {
  const metrics = Object.entries(table).map(([name, facts]) => [name, createMetric(name, facts, registry)]);
  return Object.fromEntries(metrics) as Metrics<T>;
}

function createMetric(name: string, { type, help, labels, buckets }: MetricFacts, registry: Registry) {
  const common = { name, help, labelNames: labels, registers: [registry] };
  switch (type) {
    case 'counter':
      return new Counter(common);
    case 'gauge':
      return new Gauge(common);
    case 'histogram':
      return new Histogram({ ...common, ...(buckets && { buckets: [...buckets] }) });
  }
}

/** Lets a gauge without labels take its value when it is asked for. */
export function readAtScrape(gauge: Gauge<never>, read: () => number): void {
  Object.assign(gauge, { collect: () => gauge.set(read()) });
}
