import type { Clock } from '../../runtime/clock.ts';
import type { Move } from '../model/moves.ts';
import type { Kek } from '../model/types.ts';
import type { MoveStore, Store } from '../store/store.ts';

/** After a data key moved, leases under its old key last this long: a lease, and what was under way when it moved. */
const REMEMBERED_MS = 330_000;

/**
 * Sidecars know a data key on loan by the key that it was under when it was lent. This says which keys' leases may be for
 * data keys that have moved since, so that a revocation of the new key reaches them as well. The platform key is left
 * out: its leases are every account's, and end by themselves.
 */
export class MovedLeases {
  readonly #store: Pick<Store, 'findKek'> & { readonly moves: Pick<MoveStore, 'movedSince'> };
  readonly #clock: Clock;

  constructor(options: {
    store: Pick<Store, 'findKek'> & { readonly moves: Pick<MoveStore, 'movedSince'> };
    clock: Clock;
  }) {
    this.#store = options.store;
    this.#clock = options.clock;
  }

  /**
   * Customers' keys whose leases may be for data keys that are under this one now.
   * @throws CmkError STORE_UNAVAILABLE
   */
  async sourcesOf(kekId: string): Promise<string[]> {
    const reached = reach([kekId], await this.#recent(), ({ target, selection }) => ({
      from: [target],
      to: selection.kekIds,
    }));
    const keks = await Promise.all(reached.map((id) => this.#store.findKek(id)));
    return keks.filter((kek): kek is Kek => kek !== null && kek.account !== null).map(({ id }) => id);
  }

  /**
   * Keys that data keys lent under these may be under now.
   * @throws CmkError STORE_UNAVAILABLE
   */
  async targetsOf(kekIds: readonly string[]): Promise<string[]> {
    return reach(kekIds, await this.#recent(), ({ target, selection }) => ({
      from: selection.kekIds,
      to: [target],
    }));
  }

  #recent(): Promise<Move[]> {
    return this.#store.moves.movedSince(Math.trunc(this.#clock.wallMs()) - REMEMBERED_MS);
  }
}

/** Everything that steps lead to from `starts`, in any number of them; the starts left out. */
function reach(
  starts: readonly string[],
  moves: readonly Move[],
  step: (move: Move) => { from: readonly string[]; to: readonly string[] },
): string[] {
  const seen = new Set(starts);
  // A set that grows while it is gone through: what was added is gone through as well.
  for (const kekId of seen) {
    for (const { from, to } of moves.map(step)) {
      if (from.includes(kekId)) for (const next of to) seen.add(next);
    }
  }
  return [...seen].filter((kekId) => !starts.includes(kekId));
}
