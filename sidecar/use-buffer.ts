import { assetKey, type Asset } from '../core/asset.ts';
import type { KeyUses } from '../proto/types/cmk/v1/KeyUses.ts';
import type { LostUses } from '../proto/types/cmk/v1/LostUses.ts';
import type { Reason__Output } from '../proto/types/cmk/v1/Reason.ts';

/** Different uses kept one by one; some hundred bytes each. */
const MAX_USES = 10_000;
/** Accounts whose lost uses are counted apart; those of further ones are counted without an account. */
const MAX_LOST = 1_000;

export type UseOperation = 'SEAL' | 'OPEN';

interface Span {
  count: number;
  readonly firstAt: number;
  lastAt: number;
}

type Uses = Span & { readonly asset: Asset; readonly dataKeyId: string } & Required<
    Pick<KeyUses, 'reason' | 'operation'>
  >;
type Lost = Span & Required<Pick<LostUses, 'account' | 'srvId'>>;

/** What a report tells. */
export interface UseItems {
  readonly uses: readonly Uses[];
  readonly lost: readonly Lost[];
}

/**
 * Counts uses of data keys until they are reported. Equal uses are one entry, however long ago the first was; when
 * there are too many different ones, only the number of the newest is kept.
 */
export class UseBuffer {
  readonly #uses = new Map<string, Uses>();
  readonly #lost = new Map<string, Lost>();
  readonly #onLost: (count: number) => void;

  /** @param onLost told of uses of which only the number is left */
  constructor(onLost: (count: number) => void) {
    this.#onLost = onLost;
  }

  get isEmpty(): boolean {
    return this.#uses.size === 0 && this.#lost.size === 0;
  }

  count(
    operation: UseOperation,
    { asset, reason }: { asset: Asset; reason: Reason__Output },
    dataKeyId: string,
    nowMs: number,
  ): void {
    const key = `${operation} ${reason} ${dataKeyId} ${assetKey(asset)}`;
    const known = this.#uses.get(key);
    if (known) {
      known.count++;
      known.lastAt = nowMs;
      return;
    }
    const span = { count: 1, firstAt: nowMs, lastAt: nowMs };
    if (this.#uses.size >= MAX_USES) this.#lose({ account: asset.account, srvId: asset.srvId, ...span });
    else this.#uses.set(key, { asset, dataKeyId, reason, operation: `USE_OPERATION_${operation}`, ...span });
  }

  /** Takes the oldest out, at most so many of each kind. */
  take(max: number): UseItems {
    return { uses: takeFrom(this.#uses, max), lost: takeFrom(this.#lost, max) };
  }

  /** Takes uses back of which only the number may be told: the broker does not want to know more. */
  lose({ uses, lost }: UseItems): void {
    for (const { asset, count, firstAt, lastAt } of uses) {
      this.#lose({ account: asset.account, srvId: asset.srvId, count, firstAt, lastAt });
    }
    for (const each of lost) this.#addLost(each);
  }

  #lose(lost: Lost): void {
    this.#onLost(lost.count);
    this.#addLost(lost);
  }

  #addLost({ account, srvId, count, firstAt, lastAt }: Lost): void {
    const apart = this.#lost.has(`${srvId} ${account}`) || this.#lost.size < MAX_LOST;
    const key = `${srvId} ${apart ? account : ''}`;
    const known = this.#lost.get(key);
    this.#lost.set(key, {
      account: apart ? account : '',
      srvId,
      count: count + (known?.count ?? 0),
      firstAt: Math.min(firstAt, known?.firstAt ?? firstAt),
      lastAt: Math.max(lastAt, known?.lastAt ?? lastAt),
    });
  }
}

function takeFrom<T>(items: Map<string, T>, max: number): T[] {
  const taken: T[] = [];
  for (const [key, item] of items) {
    if (taken.length === max) break;
    taken.push(item);
    items.delete(key);
  }
  return taken;
}
