import { CmkError } from '../../../core/errors.ts';
import { asLedgerRecord, isHash, type LedgerHead, type LedgerRecord } from '../../../core/ledger.ts';
import type { LedgerOptions } from './audit.ts';
import type { AdminClient } from './http.ts';

const PAGE = 1000;

/** One chain as the administration API has it. */
export class RemoteChain {
  readonly #client: AdminClient;
  readonly #path: string;

  /** @param account null: the chain of events that belong to none */
  constructor(client: AdminClient, account: string | null) {
    this.#client = client;
    this.#path = account === null ? '/v1/ledger' : `/v1/accounts/${encodeURIComponent(account)}/ledger`;
  }

  async head(): Promise<LedgerHead> {
    const { sequence, hash } = (await this.#client.call('GET', `${this.#path}/head`)) as Partial<LedgerHead>;
    if (typeof sequence === 'number' && isHash(hash)) return { sequence, hash };
    throw new CmkError('INTERNAL', 'the broker’s answer has no head');
  }

  /** In order of sequence, up to `newest`. */
  async *records(newest: number): AsyncGenerator<LedgerRecord, void, void> {
    for (let after = 0; after < newest;) {
      const path = `${this.#path}?after=${after}&limit=${PAGE}`;
      const { records } = (await this.#client.call('GET', path)) as { records?: unknown };
      if (!Array.isArray(records) || records.length === 0) return;
      for (const value of records) {
        const record = asLedgerRecord(value);
        if (!record) throw new CmkError('INTERNAL', `the broker’s answer has no record after ${after}`);
        if (record.sequence > newest) return;
        yield record;
        after = Math.max(after, record.sequence);
      }
    }
  }

  lines(): AsyncGenerator<Uint8Array, void, void> {
    return this.#client.stream(`${this.#path}/export`);
  }
}

/**
 * The account that the command line names; null: none.
 * @throws CmkError INVALID_ARGUMENT unless it is exactly one of the two
 */
export function accountOf({ account, none }: LedgerOptions): string | null {
  if ((account === undefined) !== (none === undefined)) return account ?? null;
  throw new CmkError('INVALID_ARGUMENT', 'expected exactly one of --account and --none');
}

export function headText({ sequence, hash }: LedgerHead): string {
  return `${sequence}:${hash}`;
}
