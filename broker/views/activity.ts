import { CmkError } from '../../core/errors.ts';
import { unknownAccount } from '../model/unknown-account.ts';
import type { ActivityFilter, ActivityPage, Store } from '../store/store.ts';

/** An account's ledger, as people look through it. To verify it, read it whole: {@link LedgerReading}. */
export class Activity {
  readonly #store: Pick<Store, 'activity' | 'findAccount'>;

  constructor(options: { store: Pick<Store, 'activity' | 'findAccount'> }) {
    this.#store = options.store;
  }

  /**
   * Newest first; a page may be short and not be the last.
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
    return this.#store.activity.list(account, filter, before, limit);
  }
}
