import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { systemClock, type Clock } from '../runtime/clock.ts';
import type { CacheEvent } from '../runtime/sealed-cache.ts';

/** What stands in docs/metrics.md about one metric. Labels take few values: never an account, an asset or a key. */
export interface MetricFacts {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
}

const LOCAL_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
const BROKER_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Every metric of the sidecar besides those of Node itself (prom-client's `process_` and `nodejs_`). */
export const SIDECAR_METRICS = {
  cmk_rpc_duration_seconds: {
    type: 'histogram',
    help: 'Time from the start of a call to its end; of a stream, to its last byte.',
    labels: ['method', 'code'],
    buckets: [...LOCAL_BUCKETS, 2.5, 10, 60, 600, 3600],
  },
  cmk_rpc_in_flight: { type: 'gauge', help: 'Calls being served.', labels: ['method'] },
  cmk_stream_bytes_total: {
    type: 'counter',
    help: 'Plaintext bytes sealed and opened.',
    labels: ['operation'],
  },
  cmk_stream_start_duration_seconds: {
    type: 'histogram',
    help: 'Time from a checked start, when opening from a read header, to the `started` answer, by where the data key came from.',
    labels: ['operation', 'source'],
    buckets: [...LOCAL_BUCKETS, 2.5, 5, 10],
  },
  cmk_authentication_failures_total: {
    type: 'counter',
    help: 'Sealed files that did not open: damaged, cut short, or changed.',
    labels: ['reason'],
  },
  cmk_authorization_denied_total: {
    type: 'counter',
    help: 'Files refused here because their header names another asset than the call.',
    labels: ['reason'],
  },
  cmk_key_cache_hits_total: { type: 'counter', help: 'Data keys taken from the cache.', labels: [] },
  cmk_key_cache_misses_total: {
    type: 'counter',
    help: 'Data keys that the broker was asked for.',
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
  cmk_lease_renewals_total: {
    type: 'counter',
    help: 'Leases renewed for running streams; the outcome is `renewed` or an error code.',
    labels: ['outcome'],
  },
  cmk_broker_request_duration_seconds: {
    type: 'histogram',
    help: 'Time that a request to the broker took, its repetition included; the outcome is `ok` or an error code.',
    labels: ['operation', 'outcome'],
    buckets: BROKER_BUCKETS,
  },
  cmk_revocation_watch_up: {
    type: 'gauge',
    help: '1 while revocations arrive from the broker; at 0 only the lease bounds the use of a revoked key.',
    labels: [],
  },
  cmk_revocations_total: { type: 'counter', help: 'Revocations received.', labels: [] },
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
} as const satisfies Record<string, MetricFacts>;

type Name = keyof typeof SIDECAR_METRICS;

/** The sidecar's metrics, by what happened rather than by name. */
export class SidecarMetrics {
  readonly registry = new Registry();
  readonly #counters = new Map<Name, Counter>();
  readonly #gauges = new Map<Name, Gauge>();
  readonly #histograms = new Map<Name, Histogram>();
  readonly #clock: Clock;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
    collectDefaultMetrics({ register: this.registry });
    for (const [name, facts] of Object.entries(SIDECAR_METRICS)) this.#register(name as Name, facts);
  }

  /** A call begins; the result ends it with its outcome. */
  rpcStarted(method: string): (code: string) => void {
    const startMs = this.#clock.monotonicMs();
    this.#gauge('cmk_rpc_in_flight').inc({ method });
    return (code) => {
      this.#gauge('cmk_rpc_in_flight').dec({ method });
      this.#observe('cmk_rpc_duration_seconds', { method, code }, startMs);
    };
  }

  /** A stream wants its data key; the result tells where it came from. */
  streamStarting(operation: 'seal' | 'open'): (source: 'cache' | 'load') => void {
    const startMs = this.#clock.monotonicMs();
    return (source) => this.#observe('cmk_stream_start_duration_seconds', { operation, source }, startMs);
  }

  streamBytes(operation: 'seal' | 'open', bytes: number): void {
    this.#counter('cmk_stream_bytes_total').inc({ operation }, bytes);
  }

  authenticationFailed(reason: string): void {
    this.#counter('cmk_authentication_failures_total').inc({ reason });
  }

  authorizationDenied(reason: string): void {
    this.#counter('cmk_authorization_denied_total').inc({ reason });
  }

  cacheEvent(event: CacheEvent): void {
    const names = { hit: 'hits', miss: 'misses', coalesced: 'coalesced', evicted: 'evictions' } as const;
    this.#counter(`cmk_key_cache_${names[event]}_total`).inc();
  }

  /** The cache's size is asked for at each scrape. */
  watchCacheSize(size: () => number): void {
    const gauge = this.#gauge('cmk_key_cache_entries');
    Object.assign(gauge, { collect: () => gauge.set(size()) });
  }

  leaseRenewed(outcome: string): void {
    this.#counter('cmk_lease_renewals_total').inc({ outcome });
  }

  brokerAnswered(operation: string, outcome: string, startMs: number): void {
    this.#observe('cmk_broker_request_duration_seconds', { operation, outcome }, startMs);
  }

  revocationWatch(up: boolean): void {
    this.#gauge('cmk_revocation_watch_up').set(up ? 1 : 0);
  }

  revocation(): void {
    this.#counter('cmk_revocations_total').inc();
  }

  certificateExpiry(expiryMs: number): void {
    this.#gauge('cmk_certificate_expiry_timestamp_seconds').set({ role: 'sidecar' }, expiryMs / 1000);
  }

  certificateRejected(): void {
    this.#counter('cmk_certificate_rejected_total').inc();
  }

  #register(name: Name, { type, help, labels, buckets }: MetricFacts): void {
    const common = { name, help, labelNames: labels, registers: [this.registry] };
    switch (type) {
      case 'counter':
        this.#counters.set(name, new Counter(common));
        break;
      case 'gauge':
        this.#gauges.set(name, new Gauge(common));
        break;
      case 'histogram':
        this.#histograms.set(name, new Histogram({ ...common, ...(buckets && { buckets: [...buckets] }) }));
    }
  }

  #observe(name: Name, labels: Record<string, string>, startMs: number): void {
    known(this.#histograms, name).observe(labels, (this.#clock.monotonicMs() - startMs) / 1000);
  }

  #counter(name: Name): Counter {
    return known(this.#counters, name);
  }

  #gauge(name: Name): Gauge {
    return known(this.#gauges, name);
  }
}

function known<T>(metrics: ReadonlyMap<Name, T>, name: Name): T {
  const metric = metrics.get(name);
  if (!metric) throw new TypeError(`${name} is a metric of another type`);
  return metric;
}
