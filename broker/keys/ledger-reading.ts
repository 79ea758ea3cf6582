import type { LedgerHead, LedgerRecord } from '../../core/ledger.ts';
import type { Store } from '../store/store.ts';
import { unknownAccount } from '../model/unknown-account.ts';

const PAGE = 500;

/** The audit ledger as it is read; null in place of an account: the events that belong to none. */
export class LedgerReading {
  readonly #store: Pick<Store, 'findAccount' | 'ledgerAfter' | 'ledgerHead'>;

  constructor(store: Pick<Store, 'findAccount' | 'ledgerAfter' | 'ledgerHead'>) {
    this.#store = store;
  }

  /** In order of sequence. @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE */
  async after(account: string | null, sequence: number, limit: number): Promise<LedgerRecord[]> {
    await this.#check(account);
    return this.#store.ledgerAfter(account, sequence, limit);
  }

  /** @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE */
  async head(account: string | null): Promise<LedgerHead> {
    await this.#check(account);
    return this.#store.ledgerHead(account);
  }

  /**
   * All records up to the newest of now, page by page.
   * @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE
   */
  async whole(account: string | null): Promise<AsyncIterable<readonly LedgerRecord[]>> {
    const { sequence } = await this.head(account);
    return this.#pages(account, sequence);
  }

  async *#pages(account: string | null, newest: number): AsyncGenerator<readonly LedgerRecord[]> {
    for (let after = 0; after < newest;) {
      const page = await this.#store.ledgerAfter(account, after, Math.min(PAGE, newest - after));
      const last = page.at(-1);
      // Records were taken out behind the broker's back: the export ends here, and its verification tells.
      if (!last) return;
      yield page.filter(({ sequence }) => sequence <= newest);
      after = last.sequence;
    }
  }

  async #check(account: string | null): Promise<void> {
    if (account === null || (await this.#store.findAccount(account))) return;
    throw unknownAccount(account);
  }
}
