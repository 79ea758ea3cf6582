import { CmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Move, MoveCount, MoveFailure, MoveKind, MovePlan, MoveState } from '../model/moves.ts';
import { keysInUse } from '../model/keys-in-use.ts';
import type { AuditEvent, Kek } from '../model/types.ts';
import { uuidv7 } from '../model/uuid.ts';
import { unknownAccount } from '../model/unknown-account.ts';
import type { MoveStore, Store } from '../store/store.ts';
import type { Ledger } from './ledger.ts';
import { moveEnded, stayingInWords } from './move-end.ts';

/** In place of a key's id in a plan: the platform key; as a source, every one that there ever was. */
export const PLATFORM = 'platform';

/** Between whose keys data keys move. */
const WAYS: Readonly<Record<MoveKind, { from: Owner; to: Owner }>> = {
  ENROL: { from: 'platform', to: 'account' },
  ROTATE: { from: 'account', to: 'account' },
  RECOVER: { from: 'platform', to: 'account' },
  SHRINK: { from: 'account', to: 'platform' },
  LEAVE: { from: 'account', to: 'platform' },
};
type Owner = 'account' | 'platform';

const MAX_FAILURES_SHOWN = 100;

/** What a plan would do. */
export interface MovePreview extends MovePlan {
  readonly counts: readonly MoveCount[];
  readonly total: number;
}

/** Starts moves of data keys between keys and says how they go; {@link Mover} does the work. */
export class Moves {
  readonly #options: MovesOptions;

  constructor(options: MovesOptions) {
    this.#options = options;
  }

  /**
   * Says what a plan would move, and changes nothing.
   * @throws as {@link start}
   */
  async preview(plan: MovePlan): Promise<MovePreview> {
    const checked = await this.#check(plan);
    const counts = await this.#options.store.moves.count(checked.account, checked.selection);
    return { ...checked, counts, total: counts.reduce((sum, { count }) => sum + count, 0) };
  }

  /**
   * Starts a move. Whatever sends new data keys elsewhere (a new key, an enrolment, a licence) must be stored before:
   * data keys that still go to the old key half a minute after the start may be left there.
   * @param actor the operator, or `broker`
   * @throws CmkError ACCOUNT_UNKNOWN, NOT_FOUND for a key that is not this account's, INVALID_ARGUMENT for a way that
   *   the kind does not go, CONFLICT when the target takes no data keys, when new ones still go to a source of a
   *   ROTATE, or when another move goes the other way; STORE_UNAVAILABLE
   */
  async start(actor: string, plan: MovePlan): Promise<Move> {
    const { store, clock } = this.#options;
    const checked = await this.#check(plan);
    const nowMs = Math.trunc(clock.wallMs());
    const id = uuidv7(nowMs);
    const { kind, selection, target } = checked;
    const way = `from ${selection.kekIds.join(', ')} to ${target}`;
    return store.moves.start({ ...checked, id, startedAt: nowMs }, (total, staying) =>
      this.#event(
        actor,
        checked,
        `${kind} ${id}: start, ${total} data keys ${way}${stayingInWords(staying)}`,
      ),
    );
  }

  /**
   * Newest first.
   * @param before the id of the last one seen
   * @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE
   */
  async list(account: string, limit: number, before: string | null = null): Promise<Move[]> {
    await this.#checkAccount(account);
    return this.#options.store.moves.list(account, limit, before);
  }

  /** A move with the first of the data keys that cannot be moved. @throws CmkError NOT_FOUND, STORE_UNAVAILABLE */
  async find(account: string, id: string): Promise<Move & { readonly failures: readonly MoveFailure[] }> {
    const move = await this.#find(account, id);
    return { ...move, failures: await this.#options.store.moves.failures(id, MAX_FAILURES_SHOWN) };
  }

  /** Nothing more is moved until it is resumed. @throws CmkError NOT_FOUND, CONFLICT when it does not run */
  pause(actor: string, account: string, id: string): Promise<Move> {
    return this.#change(actor, { account, id }, ['RUNNING'], 'PAUSED');
  }

  /** Also makes a paused move that failed try again at once. @throws CmkError NOT_FOUND, CONFLICT unless it is paused */
  resume(actor: string, account: string, id: string): Promise<Move> {
    return this.#change(actor, { account, id }, ['PAUSED'], 'RUNNING');
  }

  /** What was moved stays moved. @throws CmkError NOT_FOUND, CONFLICT when it has ended */
  cancel(actor: string, account: string, id: string): Promise<Move> {
    return this.#change(actor, { account, id }, ['RUNNING', 'PAUSED'], 'CANCELLED');
  }

  async #change(
    actor: string,
    { account, id }: Pick<Move, 'account' | 'id'>,
    from: readonly MoveState[],
    to: MoveState,
  ): Promise<Move> {
    const { store, clock } = this.#options;
    const keys = await this.#keysOf(await this.#find(account, id));
    const nowMs = Math.trunc(clock.wallMs());
    const isChanged = await store.moves.setState(account, id, { from, to, nowMs }, (move, underSources) => ({
      audit: this.#event(actor, move, `${move.kind} ${id}: now ${to}, ${move.moved} moved`),
      alerts: to === 'CANCELLED' ? [moveEnded(move, to, { keys, underSources, nowMs })] : [],
    }));
    if (isChanged) return this.#find(account, id);
    const { state } = await this.#find(account, id);
    throw new CmkError('CONFLICT', `move ${id}: expected it to be ${from.join(' or ')}, it is ${state}`);
  }

  async #keysOf({ selection, target }: Move): Promise<{ from: Kek; to: Kek }> {
    const { store } = this.#options;
    const [from, to] = [await store.findKek(selection.kekIds[0] ?? ''), await store.findKek(target)];
    if (from && to) return { from, to };
    throw new CmkError('INTERNAL', 'a move names a key that is not stored');
  }

  async #find(account: string, id: string): Promise<Move> {
    await this.#checkAccount(account);
    const move = await this.#options.store.moves.find(account, id);
    if (move) return move;
    throw new CmkError('NOT_FOUND', `no move ${id} of this account`);
  }

  /** The plan with ids in place of words, when it can be carried out. */
  async #check(plan: MovePlan): Promise<MovePlan> {
    const { store, platformKek } = this.#options;
    const { account, kind, selection } = plan;
    await this.#checkAccount(account);
    const keks = [...(await store.listKeks(account)), ...(await store.listKeks(null))];
    const target = findKek(keks, plan.target === PLATFORM ? platformKek.id : plan.target);
    const platformIds = keks.filter((kek) => kek.account === null).map(({ id }) => id);
    const kekIds = new Set(selection.kekIds.flatMap((id) => (id === PLATFORM ? platformIds : [id])));
    const sources = [...kekIds].map((id) => findKek(keks, id));
    checkWay(kind, sources, target);
    if (!['STANDBY', 'ACTIVE'].includes(target.lifecycle)) {
      const expected = 'expected a key that is STANDBY or ACTIVE';
      throw new CmkError('CONFLICT', `target: ${expected}, got one that is ${target.lifecycle}`);
    }
    checkNotRetired(sources);
    if (kind === 'ROTATE') checkReplaced(keks, sources);
    return { account, kind, selection: { ...selection, kekIds: [...kekIds] }, target: target.id };
  }

  async #checkAccount(account: string): Promise<void> {
    if (await this.#options.store.findAccount(account)) return;
    throw unknownAccount(account);
  }

  #event(actor: string, { account, target }: Pick<Move, 'account' | 'target'>, detail: string): AuditEvent {
    const about = { action: 'MOVE', outcome: 'ALLOWED', actor, account, kekId: target } as const;
    return this.#options.ledger.event({ ...about, detail });
  }
}

function findKek(keks: readonly Kek[], id: string): Kek {
  const kek = keks.find((each) => each.id === id);
  if (kek) return kek;
  throw new CmkError('NOT_FOUND', `no key ${JSON.stringify(id.slice(0, 64))} of this account`);
}

function checkWay(kind: MoveKind, sources: readonly Kek[], target: Kek): void {
  const { from, to } = WAYS[kind];
  const owner = (kek: Kek): Owner => (kek.account === null ? 'platform' : 'account');
  const fits = sources.length > 0 && sources.every((kek) => owner(kek) === from) && owner(target) === to;
  if (!fits) {
    throw new CmkError('INVALID_ARGUMENT', `${kind}: expected a move from ${from} keys to an ${to} key`, {
      metadata: { field: 'kind' },
    });
  }
  if (!sources.includes(target)) return;
  throw new CmkError('INVALID_ARGUMENT', 'target: expected another key than those that data keys move from', {
    metadata: { field: 'target' },
  });
}

function checkNotRetired(sources: readonly Kek[]): void {
  const retired = sources.find(({ lifecycle }) => lifecycle === 'RETIRED');
  if (!retired) return;
  throw new CmkError(
    'CONFLICT',
    `selection: key ${retired.id} is RETIRED and opens nothing: bring it back first`,
  );
}

/** New data keys go to the newest key in use: a move away from it would never end. */
function checkReplaced(keks: readonly Kek[], sources: readonly Kek[]): void {
  const [inUse] = keysInUse(keks.filter(({ account }) => account !== null));
  if (!inUse || !sources.includes(inUse)) return;
  throw new CmkError(
    'CONFLICT',
    `new data keys still go to key ${inUse.id}: a newer key must replace it first`,
  );
}

interface MovesOptions {
  readonly store: Pick<Store, 'findAccount' | 'findKek' | 'listKeks'> & { readonly moves: MoveStore };
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly platformKek: Kek;
}
