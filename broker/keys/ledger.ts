import type { Asset } from '../../core/asset.ts';
import { CmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import { auditEvent, type AuditFacts } from '../audit/audit-event.ts';
import type { AuditWriter } from '../audit/audit-writer.ts';
import type { AuditAction, AuditEvent, Reason } from '../model/types.ts';
import type { DenialReason } from '../policy/authorize.ts';
import { Allowance } from './allowance.ts';
import type { Observer } from './observer.ts';

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
  readonly #writer: Pick<AuditWriter, 'record'>;
  readonly #clock: Clock;
  readonly #observer: Observer;
  readonly #strangers: Allowance;

  constructor(options: { writer: Pick<AuditWriter, 'record'>; clock: Clock; observer: Observer }) {
    this.#writer = options.writer;
    this.#clock = options.clock;
    this.#observer = options.observer;
    this.#strangers = new Allowance({ clock: options.clock, perSecond: 10, burst: 200 });
  }

  /** An event of now, for a store call that writes it together with the change. */
  event(facts: AuditFacts): AuditEvent {
    return auditEvent(this.#clock, { account: facts.asset?.account ?? null, ...facts });
  }

  /**
   * Fulfils when the event is durable.
   * @throws CmkError STORE_UNAVAILABLE
   */
  record(facts: AuditFacts): Promise<void> {
    return this.#writer.record(this.event(facts));
  }

  /**
   * The error for a caller who may not. The event is durable before the caller hears of it; where that fails the
   * caller is refused all the same.
   * @param kekId the key whose data key was asked for; null: it did not come so far
   */
  async refuse(
    attempt: Attempt,
    reason: DenialReason,
    detail: string,
    kekId: string | null = null,
  ): Promise<CmkError> {
    this.#observer.denied(reason);
    const cause = `${reason}: ${detail}`;
    await this.#recordQuietly({ ...attempt, kekId, outcome: 'REFUSED', detail: cause });
    return notAuthorized(cause);
  }

  /**
   * As {@link refuse}, for a peer that proved nothing about itself. Such peers cost nothing to be, so their events
   * are limited in number; the metric counts every refusal, and the next event says how many were left out.
   */
  async refuseStranger(attempt: Attempt, reason: DenialReason, detail: string): Promise<CmkError> {
    const leftOut = this.#strangers.take();
    if (leftOut !== null) {
      return this.refuse(attempt, reason, leftOut > 0 ? `${detail} (after ${leftOut} left out)` : detail);
    }
    this.#observer.denied(reason);
    return notAuthorized(`${reason}: ${detail}`);
  }

  /** Writes down that a call failed, and gives back the failure. */
  async failed(attempt: Attempt, kekId: string | null, error: unknown): Promise<unknown> {
    const detail =
      error instanceof CmkError ? `${error.code}: ${error.message}` : 'INTERNAL: see the broker’s log';
    await this.#recordQuietly({ ...attempt, kekId, outcome: 'FAILED', detail });
    return error;
  }

  async #recordQuietly(facts: AuditFacts): Promise<void> {
    // The writer has counted the failure; nothing is handed out on these paths.
    await this.record(facts).catch(() => undefined);
  }
}

/** What every refused caller sees. The cause stays in the process. */
export function notAuthorized(cause: string): CmkError {
  return new CmkError('NOT_AUTHORIZED', 'not authorized for this asset', { cause: new Error(cause) });
}
