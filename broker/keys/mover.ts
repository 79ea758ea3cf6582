import type { Clock } from '../../runtime/clock.ts';
import { Repeated } from '../../runtime/repeated.ts';
import type { MoveStore, Store } from '../store/store.ts';
import type { KeyHealth } from './key-health.ts';
import type { KmsCalls } from './kms-calls.ts';
import type { Ledger } from './ledger.ts';
import { CLAIM_MS, MoveRun } from './move-run.ts';
import type { Observer } from './observer.ts';
import { Rewrap } from './rewrap.ts';

const POLL_INTERVAL_MS = 1_000;
/** Moves of different accounts, or keys, at a time in one broker. */
const MAX_AT_A_TIME = 8;
/** When that many are being worked on, one that has been for so long gives way to the one that has waited the longest. */
const TURN_MS = 30_000;
/** Data keys of one move at a time: not so many that an account's other calls have to wait behind them. */
const MAX_CONCURRENCY = 32;

export interface MoverOptions {
  readonly store: Pick<Store, 'findKek'> & { readonly moves: MoveStore };
  readonly kms: KmsCalls;
  readonly health: KeyHealth;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly settings: {
    /** Data keys a second for each move. */
    readonly moveRate: number;
    /** Calls at a time for one account to one kind of KMS. */
    readonly kmsConcurrency: number;
  };
}

/** Works on moves that nobody else works on. Whatever a broker was doing when it died, another one goes on with. */
export class Mover {
  readonly #options: MoverOptions;
  readonly #runs = new Map<MoveRun, Promise<void>>();
  readonly #polls: Repeated;
  #isStopped = false;

  constructor(options: MoverOptions) {
    this.#options = options;
    const { clock } = options;
    this.#polls = new Repeated({ clock, pauseMs: POLL_INTERVAL_MS, work: () => this.poll() });
  }

  start(): void {
    this.#polls.start();
  }

  /** Fulfils when what is being wrapped now is stored; others may go on at once. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const run of this.#runs.keys()) run.stop();
    await this.#polls.stop();
    await this.settled();
  }

  /** Moves that this broker works on now, and how many data keys they have left. */
  status(): { readonly running: number; readonly left: number } {
    const runs = [...this.#runs.keys()];
    return { running: runs.length, left: runs.reduce((sum, { left }) => sum + left, 0) };
  }

  /** Begins to work on moves that are due. Never throws. */
  async poll(): Promise<void> {
    const { store, clock, observer } = this.#options;
    try {
      if (this.#runs.size >= MAX_AT_A_TIME) this.#endOldest();
      while (this.#runs.size < MAX_AT_A_TIME && !this.#isStopped) {
        const nowMs = Math.trunc(clock.wallMs());
        const claimed = await store.moves.claim(nowMs, nowMs + CLAIM_MS);
        if (!claimed) return;
        this.#begin(new MoveRun({ ...this.#options, ...this.#pace() }, claimed));
      }
    } catch (error) {
      observer.backgroundFailed('look for moves', error);
    }
  }

  /** Fulfils when nothing is being worked on. */
  async settled(): Promise<void> {
    while (this.#runs.size > 0) await Promise.all(this.#runs.values());
  }

  /** It goes on with what is left when its turn comes again. */
  #endOldest(): void {
    const now = this.#options.clock.monotonicMs();
    const [oldest] = [...this.#runs.keys()].filter((run) => !run.isStopping);
    if (oldest && now - oldest.startedAtMs >= TURN_MS) oldest.stop();
  }

  #begin(run: MoveRun): void {
    const { observer } = this.#options;
    if (this.#isStopped) run.stop();
    const running = run
      .run()
      .catch((error: unknown) => observer.backgroundFailed('move data keys', error))
      .finally(() => this.#runs.delete(run));
    this.#runs.set(run, running);
  }

  /** Each move has a rate of its own: its account's. */
  #pace() {
    const { moveRate: perSecond, kmsConcurrency } = this.#options.settings;
    const concurrency = Math.min(MAX_CONCURRENCY, Math.ceil(kmsConcurrency / 2));
    return { perSecond, rewrap: new Rewrap({ ...this.#options, perSecond, concurrency }) };
  }
}
