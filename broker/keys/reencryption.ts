import type { Asset } from '../../core/asset.ts';
import { CmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { DataKeyRecord } from '../model/types.ts';
import { isUuid } from '../model/uuid.ts';
import type { Caller } from '../policy/authorize.ts';
import type { Destruction, Store } from '../store/store.ts';
import type { Access, AssetRequest } from './access.ts';
import type { Ledger } from './ledger.ts';
import { fromCursor, toCursor } from './reencryption-cursor.ts';

/** A page fits into the broker's largest message. */
const MAX_LIMIT = 100;
/**
 * A data key counts as being sealed with for so many leases after it was granted for that: the lease itself, and as
 * much again for the service to store what it sealed, and for clocks that differ.
 */
const LEASES_IN_USE = 2;
/**
 * And for so long at the least: with leases of seconds, a recording that pauses for a minute asks for its key too late to
 * be known of, and would be cut off from it.
 */
const LEAST_IN_USE_MS = 600_000;

/** An asset to be sealed again. */
export interface ReencryptionEntry {
  readonly asset: Asset;
  /** The data key that is to go. */
  readonly dataKeyId: string;
  /** UNIX milliseconds. */
  readonly since: number;
  /** How long a file may still be being sealed with it. */
  readonly readyInMs: number;
}

export interface ReencryptionPage {
  readonly entries: readonly ReencryptionEntry[];
  /** Where the next page begins; null: this was the last. */
  readonly next: string | null;
}

/** Lists what is to be sealed again to the services that own it, and destroys data keys when they say that it is done. */
export class Reencryption {
  readonly #options: ReencryptionOptions;

  constructor(options: ReencryptionOptions) {
    this.#options = options;
  }

  /**
   * One page of a service's assets, those that were marked first before the others.
   * @param request.after the `next` of the page before; empty: from the beginning
   * @param request.limit 1 to 100; 0: 100
   * @throws CmkError NOT_AUTHORIZED, INVALID_ARGUMENT, STORE_UNAVAILABLE
   */
  async list(
    caller: Caller,
    request: { readonly srvId: string; readonly after: string; readonly limit: number },
  ): Promise<ReencryptionPage> {
    const { access, store, clock } = this.#options;
    const { srvId, after } = request;
    await access.admitService('REENCRYPT', caller, srvId);
    const limit = request.limit === 0 ? MAX_LIMIT : request.limit;
    if (!(limit <= MAX_LIMIT)) throw invalid('limit', `at most ${MAX_LIMIT}`, String(limit));
    const place = after === '' ? null : fromCursor(after);
    if (place === undefined) throw invalid('after', 'the next of the page before', 'another text');
    const marked = await store.reencryption.list(srvId, place, limit);
    const nowMs = clock.wallMs();
    const entries = marked.map(({ record, sealingAt }) => ({
      asset: record.asset,
      dataKeyId: record.id,
      since: record.reencryptSince ?? 0,
      readyInMs: Math.max(0, sealingAt + this.#inUseMs - nowMs),
    }));
    await this.#recordListed(caller, srvId, entries);
    const last = marked.at(-1);
    return { entries, next: marked.length === limit && last ? toCursor(last.record) : null };
  }

  /**
   * Destroys a data key with which no file of its asset is sealed any more. Idempotent.
   * @throws CmkError NOT_AUTHORIZED, INVALID_ARGUMENT, ASSET_NOT_FOUND, CONFLICT, DATA_KEY_IN_USE, STORE_UNAVAILABLE
   */
  async complete(caller: Caller, request: AssetRequest & { readonly dataKeyId: string }): Promise<void> {
    const { access, store, clock, ledger } = this.#options;
    const attempt = await access.admit('REENCRYPT', caller, request);
    const { asset } = attempt;
    const { dataKeyId } = request;
    if (!isUuid(dataKeyId)) throw invalid('data_key_id', 'the id of a data key', 'another text');
    const nowMs = Math.trunc(clock.wallMs());
    const when = { nowMs, unusedSinceMs: nowMs - this.#inUseMs };
    const detail = 'destroyed: the service sealed the asset again under a newer data key';
    const event = ledger.event({ ...attempt, outcome: 'ALLOWED', detail });
    const refusal = refusalOf(await store.reencryption.destroy(asset, dataKeyId, when, event));
    if (refusal) throw await ledger.failed(attempt, null, refusal);
  }

  get #inUseMs(): number {
    return Math.max(LEASES_IN_USE * this.#options.leaseMs, LEAST_IN_USE_MS);
  }

  /** In each account's history what was told of it. */
  async #recordListed(
    { spiffeId: actor }: Caller,
    srvId: string,
    entries: readonly ReencryptionEntry[],
  ): Promise<void> {
    const counts = new Map<string, number>();
    for (const { asset } of entries) counts.set(asset.account, (counts.get(asset.account) ?? 0) + 1);
    const records = [...counts].map(([account, count]) => {
      const detail = `listed ${count} assets of service ${srvId} that are to be sealed again`;
      return this.#options.ledger.record({ action: 'REENCRYPT', outcome: 'ALLOWED', actor, account, detail });
    });
    await Promise.all(records);
  }
}

/**
 * Before a data key leaves with which something is going to be sealed: one that is marked for re-encryption is not
 * destroyed from now on until its lease is over.
 * @throws CmkError DATA_KEY_DESTROYED, STORE_UNAVAILABLE
 */
export async function holdForSealing(
  { store, clock }: { store: Pick<Store, 'reencryption'>; clock: Pick<Clock, 'wallMs'> },
  record: DataKeyRecord,
): Promise<void> {
  if (record.reencryptSince === null) return;
  const held = await store.reencryption.noteSealing(record.asset, record.id, Math.trunc(clock.wallMs()));
  if (!held) throw destroyed();
}

/** What everybody is told who asks for a data key that is gone. */
export function destroyed(): CmkError {
  return new CmkError(
    'DATA_KEY_DESTROYED',
    'the data key was destroyed: the asset was sealed again, read its newer file',
  );
}

function refusalOf(destruction: Destruction): CmkError | null {
  switch (destruction) {
    case 'DONE':
    case 'DONE_BEFORE':
      return null;
    case 'UNKNOWN':
      return new CmkError('ASSET_NOT_FOUND', 'the asset has no such data key');
    case 'NOT_MARKED':
      return new CmkError('CONFLICT', 'expected a data key that is to be replaced, got one that is not');
    case 'IN_USE':
      return new CmkError('DATA_KEY_IN_USE', 'a file may still be being sealed with this data key');
    case 'NO_NEWER':
      return new CmkError('CONFLICT', 'the asset has no newer data key under the customer’s key');
  }
}

function invalid(field: string, expected: string, actual: string): CmkError {
  return new CmkError('INVALID_ARGUMENT', `${field}: expected ${expected}, got ${actual}`, {
    metadata: { field },
  });
}

interface ReencryptionOptions {
  readonly access: Access;
  readonly store: Pick<Store, 'reencryption'>;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly leaseMs: number;
}
