import type { Clock, ScheduledCall } from '../../runtime/clock.ts';
import { CmkError, type ErrorCode } from '../../core/errors.ts';
import {
  MOVE_SETTLES_MS,
  type DataKeyPlace,
  type Move,
  type MoveFailure,
  type MoveProblem,
} from '../model/moves.ts';
import type { Kek } from '../model/types.ts';
import type { ClaimedMove, MoveStore, Page, Store } from '../store/store.ts';
import type { Ledger } from './ledger.ts';
import { moveEnded, retiredProblem, stayingInWords } from './move-end.ts';
import type { Observer } from './observer.ts';
import type { Rewrap, RewrapResult } from './rewrap.ts';

/** How long a broker that was killed keeps the others waiting. */
export const CLAIM_MS = 5_000;
const RENEW_MS = 1_500;
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 300_000;
/** Data keys in one transaction: at most, and at least. */
const MAX_BATCH = 500;
const MIN_BATCH = 10;

export interface MoveRunOptions {
  readonly store: Pick<Store, 'findKek'> & { readonly moves: MoveStore };
  readonly rewrap: Rewrap;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly observer: Observer;
  /** Data keys a second: about as many are stored at a time. */
  readonly perSecond: number;
}

interface Round {
  readonly moved: number;
  /** Data keys that failed for reasons of their own; of the last of them, which. */
  readonly failed: number;
  readonly code: MoveFailure['code'] | null;
  readonly problem: MoveProblem | null;
}

/** One broker's turn at one move: rounds over what is left, until it has to wait, is done, or somebody else says so. */
export class MoveRun {
  /** Monotonic. */
  readonly startedAtMs: number;
  readonly #options: MoveRunOptions;
  readonly #claimed: ClaimedMove;
  readonly #ending = new AbortController();
  #isLost = false;
  #tries: number;
  #left: number;
  #timer: ScheduledCall | null = null;

  constructor(options: MoveRunOptions, claimed: ClaimedMove) {
    this.startedAtMs = options.clock.monotonicMs();
    this.#options = options;
    this.#claimed = claimed;
    this.#tries = claimed.tries;
    this.#left = claimed.move.left;
  }

  /** Data keys that are still to be moved. */
  get left(): number {
    return this.#left;
  }

  get isStopping(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Ends the turn after the data keys that are being wrapped now. */
  stop(): void {
    this.#ending.abort();
  }

  /** @throws CmkError STORE_UNAVAILABLE, INTERNAL: the claim runs out by itself */
  async run(): Promise<void> {
    this.#renewLater();
    try {
      while (!(await this.#turn())) continue;
    } finally {
      this.#timer?.cancel();
    }
  }

  /** One round and what follows from it. @returns whether the turn is over */
  async #turn(): Promise<boolean> {
    const { store, clock } = this.#options;
    const { move } = this.#claimed;
    const startedAt = this.#nowMs();
    const round = await this.#round();
    if (this.#isLost) return true;
    if (this.#ending.signal.aborted)
      return this.#release(this.#nowMs(), round.moved > 0 ? null : move.problem);
    if (round.moved > 0) this.#tries = 0;
    if (round.problem) return this.#wait(round.problem);
    const left = await store.moves.endRound(this.#claim, startedAt);
    if (left === null) return true;
    this.#left = left;
    if (left > 0 && round.code) return this.#wait(rowsProblem(round.failed, round.code));
    // Another broker has moved them, or is about to.
    if (left > 0) return round.moved === 0 && this.#release(clock.wallMs() + FIRST_PAUSE_MS, null);
    const settledAt = move.startedAt + MOVE_SETTLES_MS;
    if (clock.wallMs() < settledAt) return this.#release(settledAt, null);
    return this.#finish();
  }

  async #round(): Promise<Round> {
    const { selection, target } = this.#claimed.move;
    let retired: MoveProblem | null = null;
    let total: Round = { moved: 0, failed: 0, code: null, problem: null };
    for (const kekId of selection.kekIds) {
      let after: DataKeyPlace | null = null;
      do {
        // Before each page: somebody may retire one of them meanwhile.
        const keys = { from: await this.#kek(kekId), to: await this.#kek(target) };
        const page = await this.#page(kekId, after);
        const problem = page.records.length > 0 ? retiredProblem(keys) : null;
        retired ??= problem;
        if (problem) break;
        const round = await this.#movePage(page, keys);
        total = sum(total, round);
        if (this.#isLost || this.#ending.signal.aborted) return total;
        // What keeps one of the keys need not keep the others.
        after = round.problem ? null : page.next;
      } while (after);
    }
    return { ...total, problem: total.problem ?? retired };
  }

  #page(kekId: string, after: DataKeyPlace | null): Promise<Page> {
    const { store, perSecond } = this.#options;
    const { account, selection } = this.#claimed.move;
    const limit = Math.max(MIN_BATCH, Math.min(MAX_BATCH, perSecond));
    return store.moves.page({ account, selection, kekId, after, limit });
  }

  async #movePage({ records, corrupt }: Page, keys: { from: Kek; to: Kek }): Promise<Round> {
    const result = await this.#options.rewrap.run(records, keys, this.#ending.signal);
    const failures = failuresOf(result, corrupt);
    const moved = await this.#commit(result, failures, keys);
    if (moved === null) this.#lose();
    else this.#left = Math.max(0, this.#left - moved);
    const code = failures.at(-1)?.code ?? null;
    return { moved: moved ?? 0, failed: failures.length, code, problem: result.problem };
  }

  async #commit(
    { rewrapped }: RewrapResult,
    failures: readonly (DataKeyPlace & { readonly code: ErrorCode })[],
    { from, to }: { from: Kek; to: Kek },
  ): Promise<number | null> {
    if (rewrapped.length + failures.length === 0) return 0;
    const { store, ledger, observer } = this.#options;
    const { move } = this.#claimed;
    const nowMs = this.#nowMs();
    const protection = to.account === null ? 'PLATFORM_KEY' : 'CUSTOMER_KEY';
    const batch = {
      target: { kekId: to.id, protection },
      rewrapped,
      failures,
      reencrypt: move.kind === 'RECOVER',
      nowMs,
      untilMs: nowMs + CLAIM_MS,
    } as const;
    const moved = await store.moves.commit(this.#claim, batch, (count) =>
      moveEvent(ledger, move, `moved ${count} data keys from ${from.id} to ${to.id}`),
    );
    if (moved === null) return null;
    observer.dataKeysMoved('MOVED', moved);
    observer.dataKeysMoved('OVERTAKEN', rewrapped.length - moved);
    observer.dataKeysMoved('FAILED', failures.length);
    return moved;
  }

  async #finish(): Promise<boolean> {
    const { store, ledger } = this.#options;
    const { selection, target } = this.#claimed.move;
    const keys = { from: await this.#kek(selection.kekIds[0] ?? ''), to: await this.#kek(target) };
    const nowMs = this.#nowMs();
    const isDone = await store.moves.finish(this.#claim, nowMs, (move, underSources, staying) => ({
      audit: moveEvent(
        ledger,
        move,
        `ended: nothing is left to be moved to ${target}${stayingInWords(staying)}`,
      ),
      alerts: [moveEnded(move, 'DONE', { keys, underSources, nowMs })],
    }));
    return isDone || this.#isLost;
  }

  async #wait(problem: MoveProblem): Promise<boolean> {
    const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(20, this.#tries));
    this.#tries++;
    return this.#release(this.#nowMs() + pauseMs, problem);
  }

  async #release(dueMs: number, problem: MoveProblem | null): Promise<true> {
    const { store } = this.#options;
    await store.moves.release(this.#claim, { dueMs: Math.trunc(dueMs), problem, tries: this.#tries });
    return true;
  }

  /** By a timer: one data key alone may take longer than a claim lasts. */
  #renewLater(): void {
    const { store, clock, observer } = this.#options;
    this.#timer = clock.schedule(RENEW_MS, () => {
      this.#renewLater();
      store.moves.renew(this.#claim, this.#nowMs() + CLAIM_MS).then(
        (isHeld) => isHeld || this.#lose(),
        (error: unknown) => observer.backgroundFailed('keep a move', error),
      );
    });
  }

  #lose(): void {
    this.#isLost = true;
    this.#ending.abort();
  }

  async #kek(id: string): Promise<Kek> {
    const kek = await this.#options.store.findKek(id);
    if (kek) return kek;
    throw new CmkError('INTERNAL', `move ${this.#claimed.move.id} names key ${id}, which is not stored`);
  }

  get #claim() {
    return { id: this.#claimed.move.id, claim: this.#claimed.claim };
  }

  #nowMs(): number {
    return Math.trunc(this.#options.clock.wallMs());
  }
}

/** An event about a move, by the broker itself. */
function moveEvent(ledger: Ledger, { id, account, kind, target }: Move, detail: string) {
  const about = { action: 'MOVE', outcome: 'ALLOWED', actor: 'broker', account, kekId: target } as const;
  return ledger.event({ ...about, detail: `${kind} ${id}: ${detail}` });
}

function failuresOf({ failures }: RewrapResult, corrupt: Page['corrupt']) {
  return [
    ...failures.map(({ record: { asset, generation }, code }) => {
      const { srvId, type, id: assetId } = asset;
      return { srvId, type, assetId, generation, code };
    }),
    ...corrupt.map((place) => ({ ...place, code: 'INTERNAL' as const })),
  ];
}

function sum(a: Round, b: Round): Round {
  return {
    moved: a.moved + b.moved,
    failed: a.failed + b.failed,
    code: b.code ?? a.code,
    problem: a.problem ?? b.problem,
  };
}

function rowsProblem(count: number, code: MoveFailure['code']): MoveProblem {
  return { code, detail: `${count} data keys cannot be moved, see the failures; they are tried again` };
}
