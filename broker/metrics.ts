import type { Clock } from '../runtime/clock.ts';
import {
  KeyMetrics,
  LOCAL_BUCKETS,
  readAtScrape,
  registerMetrics,
  REMOTE_BUCKETS,
  type MetricTable,
} from '../runtime/metrics.ts';
import type { AuthenticationObserver } from './admin/authentication.ts';
import type { OutboxObserver } from './alerts/outbox.ts';
import type { Observer } from './keys/observer.ts';
import type { RpcObserver } from './grpc/unary.ts';
import type { DatabaseObserver } from './store/database.ts';
import type { Unfinished } from './store/store.ts';

/** What the broker measures besides `PROCESS_METRICS` and `SHARED_METRICS`. */
export const BROKER_METRICS = {
  cmk_kms_request_duration_seconds: {
    type: 'histogram',
    help: 'Time that a call to a KMS took; the outcome is `OK` or the cause of the failure. A customer’s refusal (KEY_DISABLED, PERMISSION_REVOKED, KEY_PENDING_DELETION, KEY_NOT_FOUND) is a correct answer.',
    labels: ['provider', 'operation', 'outcome'],
    buckets: REMOTE_BUCKETS,
  },
  cmk_kms_guard_events_total: {
    type: 'counter',
    help: 'What was done about KMSs that fail or are asked too much: calls refused by a limit (ACCOUNT_CONCURRENCY, ACCOUNT_RATE, PLACE_CONCURRENCY, PROVIDER_QUOTA), answered with the failure of a moment ago (RESTING) or the refusal of a key that comes and goes too often (CLOSED), sent to another replica (FAILOVER), repeated (RETRY).',
    labels: ['provider', 'event'],
  },
  cmk_fallback_data_keys_total: {
    type: 'counter',
    help: 'Data keys made under the platform key in place of a customer key that could not wrap, by the cause.',
    labels: ['cause'],
  },
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
  cmk_moved_data_keys_total: {
    type: 'counter',
    help: 'Data keys that moves between keys came to: moved (MOVED), not movable for a reason of their own and tried again later (FAILED), or changed by somebody else meanwhile (OVERTAKEN).',
    labels: ['outcome'],
  },
  cmk_moves_running: {
    type: 'gauge',
    help: 'Moves of data keys between keys that this broker works on now. Those that wait are not among them.',
    labels: [],
  },
  cmk_moves_left_data_keys: {
    type: 'gauge',
    help: 'Data keys that the moves which this broker works on have left.',
    labels: [],
  },
  cmk_rewrap_backlog: {
    type: 'gauge',
    help: 'Data keys that the moves of all accounts have left, whichever broker works on them, by the state of the moves: RUNNING, WAITING for a key or a KMS that keeps them from going on, PAUSED. Every broker tells the same: take the maximum, not the sum.',
    labels: ['state'],
  },
  cmk_fallback_active: {
    type: 'gauge',
    help: 'Accounts whose new data goes under the platform key because their own key fails. Every broker tells the same: take the maximum, not the sum.',
    labels: [],
  },
  cmk_database_request_duration_seconds: {
    type: 'histogram',
    help: 'Time that a statement or a transaction took, conflicts and waiting for a connection included; the outcome is `OK` or an error code. `STORE_UNAVAILABLE` is the database’s trouble; most others are contradictions, which are answers.',
    labels: ['outcome'],
    buckets: [...LOCAL_BUCKETS, 2.5, 5, 10],
  },
  cmk_revocation_watchers: { type: 'gauge', help: 'Sidecars that watch for revocations here.', labels: [] },
  cmk_alert_deliveries_total: {
    type: 'counter',
    help: 'Attempts to deliver alerts, by what became of the message: `DELIVERED`, `PENDING` (tried again), `FAILED` (given up), `NOT_CONFIGURED` (no mail server or webhook key).',
    labels: ['channel', 'state'],
  },
  cmk_admin_authentications_total: {
    type: 'counter',
    help: 'Requests to the administration API that showed who sends them, by what they showed: valid (`ACCEPTED`), not valid (`REFUSED`), or not looked at after too many that were not valid (`LIMITED`).',
    labels: ['via', 'outcome'],
  },
  cmk_sign_ins_total: {
    type: 'counter',
    help: 'Sign-ins by how they ended: `SIGNED_IN`, or why not. `UNREACHABLE`, `DENIED` and `INVALID` are the identity provider’s.',
    labels: ['outcome'],
  },
  cmk_background_failures_total: {
    type: 'counter',
    help: 'Background work that failed and is tried again by itself.',
    labels: ['task'],
  },
} as const satisfies MetricTable;

/** The broker's metrics, by what happened rather than by name. */
export class BrokerMetrics
  extends KeyMetrics
  implements RpcObserver, Observer, OutboxObserver, AuthenticationObserver
{
  readonly #own = registerMetrics(BROKER_METRICS, this.registry);

  constructor(clock: Clock) {
    super('broker', clock);
  }

  denied(reason: string): void {
    this.#own.cmk_authorization_denied_total.inc({ reason });
  }

  kmsCalled(...[provider, operation, outcome, durationMs]: Parameters<Observer['kmsCalled']>): void {
    this.#own.cmk_kms_request_duration_seconds.observe({ provider, operation, outcome }, durationMs / 1000);
  }

  kmsGuarded(provider: string, event: string): void {
    this.#own.cmk_kms_guard_events_total.inc({ provider, event });
  }

  fellBack(cause: string): void {
    this.#own.cmk_fallback_data_keys_total.inc({ cause });
  }

  revoked(reason: string): void {
    this.#own.cmk_revocations_total.inc({ reason });
  }

  dataKeysMoved(outcome: string, count: number): void {
    this.#own.cmk_moved_data_keys_total.inc({ outcome }, count);
  }

  auditWriteFailed(): void {
    this.#own.cmk_audit_write_failures_total.inc();
  }

  alertDelivery(...[channel, state]: Parameters<OutboxObserver['alertDelivery']>): void {
    this.#own.cmk_alert_deliveries_total.inc({ channel, state });
  }

  authenticated(via: string, outcome: string): void {
    this.#own.cmk_admin_authentications_total.inc({ via, outcome });
  }

  signIn(outcome: string): void {
    this.#own.cmk_sign_ins_total.inc({ outcome });
  }

  backgroundFailed(task: string): void {
    this.#own.cmk_background_failures_total.inc({ task });
  }

  /** @param status asked at each scrape */
  watchMoves(status: () => { readonly running: number; readonly left: number }): void {
    readAtScrape(this.#own.cmk_moves_running, () => status().running);
    readAtScrape(this.#own.cmk_moves_left_data_keys, () => status().left);
  }

  /** @param latest asked at each scrape; null: not known */
  watchUnfinished(latest: () => Unfinished | null): void {
    readAtScrape(this.#own.cmk_fallback_active, () => latest()?.fallbacks ?? NaN);
    const backlog = this.#own.cmk_rewrap_backlog;
    const collect = () => {
      const left = latest()?.leftToMove;
      for (const state of ['RUNNING', 'WAITING', 'PAUSED'] as const)
        backlog.set({ state }, left?.[state] ?? NaN);
    };
    Object.assign(backlog, { collect });
  }

  databaseCalled(...[outcome, durationMs]: Parameters<DatabaseObserver>): void {
    this.#own.cmk_database_request_duration_seconds.observe({ outcome }, durationMs / 1000);
  }

  /** @param count asked at each scrape */
  countWatchers(count: () => number): void {
    readAtScrape(this.#own.cmk_revocation_watchers, count);
  }
}
