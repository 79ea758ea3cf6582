import type { Asset } from '../../core/asset.ts';
import { CmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { AuditAction, AuditEvent, Reason } from '../model/types.ts';
import { uuidv7 } from '../model/uuid.ts';
import type { DenialReason } from '../policy/authorize.ts';
import type { Observer } from './observer.ts';

/** What is known when something is worth an audit event; the rest is null. */
export type Entry = Pick<AuditEvent, 'action' | 'outcome' | 'actor'> & Partial<Omit<AuditEvent, 'id' | 'at'>>;

/** Who did what to which asset, as far as it is known while a call is being served. */
export interface Attempt {
  readonly action: AuditAction;
  readonly actor: string;
  readonly asset: Asset | null;
  readonly reason: Reason | null;
  readonly dataKeyId: string | null;
}

/** Writes audit events, and makes refusals: one answer for every cause, the cause in the event and the metric. */
export class Ledger {
  readonly #append: (events: readonly AuditEvent[]) => Promise<void>;
  readonly #clock: Clock;
  readonly #observer: Observer;

  /** @param options.append fulfils when the events are durable */
  constructor(options: {
    append: (events: readonly AuditEvent[]) => Promise<void>;
    clock: Clock;
    observer: Observer;
  }) {
    this.#append = options.append;
    this.#clock = options.clock;
    this.#observer = options.observer;
  }

  /** An event that happens now, for a store call that writes it together with the change. */
  event(entry: Entry): AuditEvent {
    const at = this.#clock.wallMs();
    return {
      account: entry.asset?.account ?? null,
      asset: null,
      reason: null,
      dataKeyId: null,
      kekId: null,
      source: null,
      detail: null,
      ...entry,
      id: uuidv7(at),
      at,
    };
  }

  /**
   * Fulfils when the event is durable.
   * @throws CmkError STORE_UNAVAILABLE
   */
  async record(entry: Entry): Promise<void> {
    try {
      await this.#append([this.event(entry)]);
    } catch (error) {
      this.#observer.auditWriteFailed(error);
      throw error;
    }
  }

  /**
   * The error for a caller who may not. The event is durable before the caller hears of it; where that fails the
   * caller is refused all the same.
   */
  async refuse(attempt: Attempt, reason: DenialReason, detail: string): Promise<CmkError> {
    this.#observer.denied(reason);
    const cause = `${reason}: ${detail}`;
    await this.#recordQuietly({ ...attempt, outcome: 'REFUSED', detail: cause });
    return notAuthorized(cause);
  }

  /** Writes down that a call failed, and gives back the failure. */
  async failed(attempt: Attempt, kekId: string | null, error: unknown): Promise<unknown> {
    const detail =
      error instanceof CmkError ? `${error.code}: ${error.message}` : 'INTERNAL: see the broker’s log';
    await this.#recordQuietly({ ...attempt, kekId, outcome: 'FAILED', detail: detail.slice(0, 500) });
    return error;
  }

  async #recordQuietly(entry: Entry): Promise<void> {
    // `record` has counted the failure; nothing is handed out on these paths.
    await this.record(entry).catch(() => undefined);
  }
}

/** What every refused caller sees. The cause stays in the process. */
export function notAuthorized(cause: string): CmkError {
  return new CmkError('NOT_AUTHORIZED', 'not authorized for this asset', { cause: new Error(cause) });
}
