import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { CmkError } from '../core/errors.ts';
import { systemClock, type Clock } from '../runtime/clock.ts';
import type { Observer } from './keys/observer.ts';
import type { RpcObserver } from './grpc/unary.ts';

/** What stands in docs/metrics.md about one metric. Labels take few values: never an account, an asset or a key. */
export interface MetricFacts {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
}

const LOCAL_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
const KMS_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Every metric of the broker besides those of Node itself (prom-client's `process_` and `nodejs_`). */
export const BROKER_METRICS = {
  cmk_rpc_duration_seconds: {
    type: 'histogram',
    help: 'Time from the start of a call to its end; the code is `OK` or an error code.',
    labels: ['method', 'code'],
    buckets: [...LOCAL_BUCKETS, 2.5, 5, 10, 30, 300],
  },
  cmk_rpc_in_flight: { type: 'gauge', help: 'Calls being served.', labels: ['method'] },
  cmk_kms_request_duration_seconds: {
    type: 'histogram',
    help: 'Time that a call to a KMS took; the outcome is `OK` or the cause of the failure. A customer’s refusal (KEY_DISABLED, PERMISSION_REVOKED, KEY_PENDING_DELETION, KEY_NOT_FOUND) is a correct answer.',
    labels: ['provider', 'operation', 'outcome'],
    buckets: KMS_BUCKETS,
  },
  cmk_key_cache_hits_total: { type: 'counter', help: 'Data keys taken from the cache.', labels: [] },
  cmk_key_cache_misses_total: {
    type: 'counter',
    help: 'Data keys that had to be fetched from a KMS.',
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
  cmk_authorization_denied_total: {
    type: 'counter',
    help: 'Connections and calls refused, by the cause that the caller is not told.',
    labels: ['reason'],
  },
  cmk_audit_write_failures_total: {
    type: 'counter',
    help: 'Audit events that could not be stored; what they told of was not handed out.',
    labels: [],
  },
  cmk_revocations_total: {
    type: 'counter',
    help: 'Revocations that this broker published because a customer took a key away.',
    labels: ['reason'],
  },
  cmk_revocation_watchers: { type: 'gauge', help: 'Sidecars that watch for revocations here.', labels: [] },
  cmk_background_failures_total: {
    type: 'counter',
    help: 'Background work that failed and is tried again by itself.',
    labels: ['task'],
  },
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

type Name = keyof typeof BROKER_METRICS;

/** The broker's metrics, by what happened rather than by name. */
export class BrokerMetrics implements RpcObserver, Omit<Observer, 'backgroundFailed'> {
  readonly registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();
  readonly #histograms = new Map<string, Histogram>();
  readonly #clock: Clock;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
    collectDefaultMetrics({ register: this.registry });
    for (const [name, facts] of Object.entries(BROKER_METRICS)) this.#make(name, facts);
  }

  rpcStarted(method: string): (code: string) => void {
    const startMs = this.#clock.monotonicMs();
    this.#gauge('cmk_rpc_in_flight').inc({ method });
    return (code) => {
      this.#gauge('cmk_rpc_in_flight').dec({ method });
      const durationMs = this.#clock.monotonicMs() - startMs;
      this.#histogram('cmk_rpc_duration_seconds').observe({ method, code }, durationMs / 1000);
    };
  }

  denied(reason: string): void {
    this.#counter('cmk_authorization_denied_total').inc({ reason });
  }

  kmsCalled(...[provider, operation, outcome, durationMs]: Parameters<Observer['kmsCalled']>): void {
    const histogram = this.#histogram('cmk_kms_request_duration_seconds');
    histogram.observe({ provider, operation, outcome }, durationMs / 1000);
  }

  cached(event: Parameters<Observer['cached']>[0]): void {
    const names = { hit: 'hits', miss: 'misses', coalesced: 'coalesced', evicted: 'evictions' } as const;
    this.#counter(`cmk_key_cache_${names[event]}_total`).inc();
  }

  revoked(reason: string): void {
    this.#counter('cmk_revocations_total').inc({ reason });
  }

  auditWriteFailed(): void {
    this.#counter('cmk_audit_write_failures_total').inc();
  }

  backgroundFailed(task: string): void {
    this.#counter('cmk_background_failures_total').inc({ task });
  }

  certificateExpiry(expiryMs: number): void {
    this.#gauge('cmk_certificate_expiry_timestamp_seconds').set({ role: 'broker' }, expiryMs / 1000);
  }

  certificateRejected(): void {
    this.#counter('cmk_certificate_rejected_total').inc();
  }

  /** These are asked for at each scrape. */
  watch(sizes: { cachedDataKeys: () => number; watchers: () => number }): void {
    this.#readAtScrape('cmk_key_cache_entries', sizes.cachedDataKeys);
    this.#readAtScrape('cmk_revocation_watchers', sizes.watchers);
  }

  #make(name: string, { type, help, labels, buckets }: MetricFacts): void {
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
        break;
    }
  }

  #counter(name: Name): Counter {
    return known(this.#counters.get(name));
  }

  #gauge(name: Name): Gauge {
    return known(this.#gauges.get(name));
  }

  #histogram(name: Name): Histogram {
    return known(this.#histograms.get(name));
  }

  #readAtScrape(name: Name, read: () => number): void {
    const gauge = this.#gauge(name) as Gauge & { collect: () => void };
    gauge.collect = () => gauge.set(read());
  }
}

function known<M>(metric: M | undefined): M {
  if (!metric) throw new CmkError('INTERNAL', 'a metric is used as another type than it has');
  return metric;
}
