import { CmkError } from '../../core/errors.ts';
import { unknownAccount } from '../model/unknown-account.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { AuditEvent } from '../model/types.ts';
import type { ActivityFilter, ActivityPage, Store } from '../store/store.ts';

/** For how long a filter that finds little is looked for further back, within one page. */
const LOOK_ON_MS = 50;
/** However fast the parts of the ledger are looked through. */
const MAX_LOOKS = 10;

/** An account's ledger, as people look through it. To verify it, read it whole: {@link LedgerReading}. */
export class Activity {
  readonly #store: Pick<Store, 'activity' | 'findAccount'>;
  readonly #clock: Pick<Clock, 'monotonicMs'>;

  constructor(options: {
    store: Pick<Store, 'activity' | 'findAccount'>;
    clock: Pick<Clock, 'monotonicMs'>;
  }) {
    this.#store = options.store;
    this.#clock = options.clock;
  }

  /**
   * Newest first. A page that a look at one part of the ledger does not fill is looked for further back for 50 ms; it may
   * be short even so, or empty, and not be the last.
   * @throws CmkError ACCOUNT_UNKNOWN, INVALID_ARGUMENT, STORE_UNAVAILABLE
   */
  async list(
    account: string,
    filter: ActivityFilter,
    before: string | null,
    limit: number,
  ): Promise<ActivityPage> {
    const { from, until } = filter;
    if (from !== undefined && until !== undefined && from > until) {
      throw new CmkError('INVALID_ARGUMENT', 'until: expected a time at or after from', {
        metadata: { field: 'until' },
      });
    }
    if (!(await this.#store.findAccount(account))) throw unknownAccount(account);
    const endsMs = this.#clock.monotonicMs() + LOOK_ON_MS;
    const events: AuditEvent[] = [];
    let next = before;
    for (let looks = 1; ; looks++) {
      const page = await this.#store.activity.list(account, filter, next, limit - events.length);
      events.push(...page.events);
      next = page.next;
      const isOver = looks >= MAX_LOOKS || this.#clock.monotonicMs() >= endsMs;
      if (next === null || events.length >= limit || isOver) return { events, next };
    }
  }
}
