import type { Clock } from '../runtime/clock.ts';
import {
  LOCAL_BUCKETS,
  KeyMetrics,
  registerMetrics,
  REMOTE_BUCKETS,
  type MetricTable,
} from '../runtime/metrics.ts';

/** What the sidecar measures besides `PROCESS_METRICS` and `SHARED_METRICS`. */
export const SIDECAR_METRICS = {
  cmk_stream_bytes_total: {
    type: 'counter',
    help: 'Plaintext bytes sealed, opened, and sealed again.',
    labels: ['operation'],
  },
  cmk_stream_start_duration_seconds: {
    type: 'histogram',
    help: 'Time from a checked start, when opening or sealing again from a read header, to the `started` answer, by where the data key came from.',
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
  cmk_lease_renewals_total: {
    type: 'counter',
    help: 'Leases renewed for running streams; the outcome is `renewed` or an error code.',
    labels: ['outcome'],
  },
  cmk_broker_request_duration_seconds: {
    type: 'histogram',
    help: 'Time that a request to the broker took, its repetition included; the outcome is `OK` or an error code.',
    labels: ['operation', 'outcome'],
    buckets: REMOTE_BUCKETS,
  },
  cmk_revocation_watch_up: {
    type: 'gauge',
    help: '1 while revocations arrive from the broker; at 0 only the lease bounds the use of a revoked key.',
    labels: [],
  },
  cmk_uses_reported_total: {
    type: 'counter',
    help: 'Streams served with a cached data key that the broker has written into the audit ledger.',
    labels: [],
  },
  cmk_uses_lost_total: {
    type: 'counter',
    help: 'Streams served with a cached data key of which only the number is reported: too many waited, or the broker refused the report.',
    labels: [],
  },
  cmk_revocations_total: { type: 'counter', help: 'Revocations received.', labels: [] },
} as const satisfies MetricTable;

/** What a stream does. */
export type StreamOperation = 'seal' | 'open' | 'reencrypt';

/** The sidecar's metrics, by what happened rather than by name. */
export class SidecarMetrics extends KeyMetrics {
  readonly #own = registerMetrics(SIDECAR_METRICS, this.registry);

  constructor(clock: Clock) {
    super('sidecar', clock);
  }

  /** A stream wants its data key; the result tells where it came from. */
  streamStarting(operation: StreamOperation): (source: 'cache' | 'load') => void {
    const startMs = this.clock.monotonicMs();
    return (source) => {
      const seconds = this.secondsSince(startMs);
      this.#own.cmk_stream_start_duration_seconds.observe({ operation, source }, seconds);
    };
  }

  streamBytes(operation: StreamOperation, bytes: number): void {
    this.#own.cmk_stream_bytes_total.inc({ operation }, bytes);
  }

  authenticationFailed(reason: string): void {
    this.#own.cmk_authentication_failures_total.inc({ reason });
  }

  authorizationDenied(reason: string): void {
    this.#own.cmk_authorization_denied_total.inc({ reason });
  }

  leaseRenewed(outcome: string): void {
    this.#own.cmk_lease_renewals_total.inc({ outcome });
  }

  brokerAnswered(operation: string, outcome: string, startMs: number): void {
    const seconds = this.secondsSince(startMs);
    this.#own.cmk_broker_request_duration_seconds.observe({ operation, outcome }, seconds);
  }

  usesReported(count: number): void {
    this.#own.cmk_uses_reported_total.inc(count);
  }

  usesLost(count: number): void {
    this.#own.cmk_uses_lost_total.inc(count);
  }

  revocationWatch(up: boolean): void {
    this.#own.cmk_revocation_watch_up.set(up ? 1 : 0);
  }

  revocation(): void {
    this.#own.cmk_revocations_total.inc();
  }
}
