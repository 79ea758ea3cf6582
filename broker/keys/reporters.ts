import type { Asset } from '../../core/asset.ts';
import { CmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Reporter } from '../model/types.ts';
import { isUuid } from '../model/uuid.ts';
import type { Caller } from '../policy/authorize.ts';
import type { Store } from '../store/store.ts';
import type { AssetRequest } from './access.ts';

/** Whom a data key is lent to, if it reports what it does with it. */
export type Holder = Reporter;

/** Leases are noted so much longer than they are, so that most of those that follow are noted already. */
const ROUNDING_MS = 300_000;
/** How long a process may be silent before its first report. */
const FIRST_PATIENCE_MS = 60_000;
const MAX_REMEMBERED = 100_000;

/** Notes who holds data keys of whom, so that it is noticed when somebody stops reporting what it did with them. */
export class Reporters {
  readonly #store: Pick<Store, 'noteLease'>;
  readonly #clock: Clock;
  /** Until when leases are noted already, on the wall clock; the oldest first. */
  readonly #noted = new Map<string, number>();

  constructor(options: { store: Pick<Store, 'noteLease'>; clock: Clock }) {
    this.#store = options.store;
    this.#clock = options.clock;
  }

  /**
   * Fulfils when it is durable that the holder may use data keys of the asset's account until then.
   * @param leaseEndsMs on the monotonic clock
   * @throws CmkError STORE_UNAVAILABLE, CONFLICT when the process is another identity's
   */
  async note(holder: Holder | null, { account, srvId }: Asset, leaseEndsMs: number): Promise<void> {
    if (!holder) return;
    const heardAt = Math.trunc(this.#clock.wallMs());
    const until = heardAt + Math.ceil(leaseEndsMs - this.#clock.monotonicMs());
    const key = `${holder.instance} ${holder.spiffeId} ${srvId} ${account}`;
    if (until <= (this.#noted.get(key) ?? 0)) return;
    const noted = until + ROUNDING_MS;
    await this.#store.noteLease(
      { ...holder, heardAt, patienceMs: FIRST_PATIENCE_MS },
      { account, srvId, until: noted },
    );
    this.#remember(key, noted);
  }

  #remember(key: string, until: number): void {
    this.#noted.delete(key);
    this.#noted.set(key, until);
    const [oldest] = this.#noted.keys();
    if (this.#noted.size > MAX_REMEMBERED && oldest !== undefined) this.#noted.delete(oldest);
  }
}

/** @throws CmkError INVALID_ARGUMENT */
export function holderOf({ spiffeId }: Caller, { instanceId = '' }: AssetRequest): Holder | null {
  return instanceId === '' ? null : { instance: checkInstance(instanceId), spiffeId };
}

/** @throws CmkError INVALID_ARGUMENT */
export function checkInstance(instanceId: string): string {
  if (isUuid(instanceId)) return instanceId;
  throw new CmkError('INVALID_ARGUMENT', 'instance_id: expected a UUID', {
    metadata: { field: 'instance_id' },
  });
}
