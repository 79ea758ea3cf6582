import type { Clock, ScheduledCall } from '../../runtime/clock.ts';
import type { Alert } from '../model/alerts.ts';
import type { AuditEvent, KeyEvent } from '../model/types.ts';
import { uuidv7 } from '../model/uuid.ts';
import type { Store } from '../store/store.ts';
import type { MovedLeases } from './moved-leases.ts';
import type { Observer } from './observer.ts';

/** What an operator revokes at one broker ends the streams at the others this much later. */
const POLL_INTERVAL_MS = 250;
/** Looks each tenth second whether the database still has what was heard of. */
const POLLS_BETWEEN_LOOKS_BACK = 40;
const PAGE = 500;
/** Events kept in memory, so that a thousand watchers do not each ask the database. */
const RECENT = 1_000;

/**
 * The revocations of all brokers, in the order of their positions. The `events` table is the truth: each broker
 * polls it, drops its own data keys and wakes its watchers.
 */
export class Revocations {
  readonly #store: Pick<Store, 'appendKeyEvent' | 'keyEventsAfter' | 'newestKeyPosition'>;
  readonly #clock: Clock;
  readonly #observer: Observer;
  readonly #movedLeases: Pick<MovedLeases, 'sourcesOf'>;
  readonly #droppers = new Set<(kekId: string) => void>();
  readonly #forgetters = new Set<() => void>();
  readonly #sleepers = new Set<() => void>();
  #recent: KeyEvent[] = [];
  #position = 0;
  #polls = 0;
  #polling: Promise<void> = Promise.resolve();
  /** The poll that begins when the one under way has ended: whoever asks meanwhile shares it. */
  #nextPoll: Promise<void> | null = null;
  #timer: ScheduledCall | null = null;

  constructor(options: {
    store: Pick<Store, 'appendKeyEvent' | 'keyEventsAfter' | 'newestKeyPosition'>;
    clock: Clock;
    observer: Observer;
    movedLeases: Pick<MovedLeases, 'sourcesOf'>;
  }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#observer = options.observer;
    this.#movedLeases = options.movedLeases;
  }

  /** The newest position that this broker has acted upon. */
  get position(): number {
    return this.#position;
  }

  /** Begins at the newest position. @throws CmkError STORE_UNAVAILABLE */
  async start(): Promise<void> {
    this.#position = await this.#store.newestKeyPosition();
    this.#scheduleNext();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#wake();
  }

  /** Registers what drops a key's data keys in this process. */
  onRevoked(drop: (kekId: string) => void): void {
    this.#droppers.add(drop);
  }

  /** Registers what drops every data key in this process. */
  onLost(forget: () => void): void {
    this.#forgetters.add(forget);
  }

  /** Drops the key's data keys in this process, without waiting for anything. */
  dropHere(kekId: string): void {
    for (const drop of this.#droppers) drop(kekId);
  }

  /**
   * Tells every broker and sidecar to drop the key's data keys; here they are dropped before anything is awaited.
   * Leases that data keys now under it were lent with before they moved are dropped with their key of then.
   * @param alerts are raised with it
   * @throws CmkError STORE_UNAVAILABLE: nobody else was told
   */
  async publish(
    event: Omit<KeyEvent, 'position'>,
    audit: AuditEvent,
    alerts: readonly Alert[] = [],
  ): Promise<KeyEvent> {
    this.dropHere(event.kekId);
    const published = await this.#store.appendKeyEvent(event, audit, alerts);
    await this.publishMoved(event, audit);
    await this.poll();
    return published;
  }

  /**
   * Tells the same of the keys that data keys now under the key were lent with before they moved.
   * @param audit of the key's own revocation
   * @throws CmkError STORE_UNAVAILABLE
   */
  async publishMoved(event: Omit<KeyEvent, 'position'>, audit: AuditEvent): Promise<void> {
    for (const kekId of await this.#movedLeases.sourcesOf(event.kekId)) {
      const detail = `leases from before a move to key ${event.kekId}`;
      const id = uuidv7(audit.at);
      await this.#store.appendKeyEvent({ ...event, kekId }, { ...audit, id, kekId, detail });
    }
  }

  /** Takes in what is new, after any poll that is under way: that one may have looked too early. */
  poll(): Promise<void> {
    this.#nextPoll ??= this.#polling.then(() => {
      this.#nextPoll = null;
      this.#polling = this.#pollNow();
      return this.#polling;
    });
    return this.#nextPoll;
  }

  /** Takes in what another broker told a caller already; without effect when this one knows it too. */
  async catchUp(position: number): Promise<void> {
    if (position > this.#position) await this.poll();
  }

  /**
   * Events after a position, oldest first, a bounded number at a time; empty when there are none yet.
   * @throws CmkError STORE_UNAVAILABLE
   */
  async after(position: number): Promise<readonly KeyEvent[]> {
    if (position >= this.#position) return [];
    const oldest = this.#recent[0];
    if (oldest && oldest.position <= position + 1) {
      return this.#recent.filter((event) => event.position > position).slice(0, PAGE);
    }
    const events = await this.#store.keyEventsAfter(position, PAGE);
    return events.filter((event) => event.position <= this.#position);
  }

  /** Fulfils at the next event, when `signal` aborts, after the time, or when everything stops. */
  sleep(maxMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.#sleepers.delete(wake);
        signal.removeEventListener('abort', wake);
        timer.cancel();
        resolve();
      };
      const timer = this.#clock.schedule(maxMs, wake);
      this.#sleepers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #scheduleNext(): void {
    this.#timer = this.#clock.schedule(POLL_INTERVAL_MS, () => {
      void this.poll().finally(() => {
        if (this.#timer) this.#scheduleNext();
      });
    });
  }

  /** Never throws: the lease bounds what a missed poll can cost, and the next poll takes up where this one failed. */
  async #pollNow(): Promise<void> {
    try {
      if (++this.#polls % POLLS_BETWEEN_LOOKS_BACK === 0) await this.#lookBack();
      for (;;) {
        const events = await this.#store.keyEventsAfter(this.#position, PAGE);
        for (const event of events) this.#apply(event);
        if (events.length > 0) this.#wake();
        if (events.length < PAGE) return;
      }
    } catch (error) {
      this.#observer.backgroundFailed('poll revocations', error);
    }
  }

  /**
   * A database that was restored, or failed over to a replica that lagged, gives positions that were told already to other
   * events, which nobody would hear of. So everything is forgotten that was lent, here and, as the position goes back,
   * at the sidecars.
   */
  async #lookBack(): Promise<void> {
    const newest = await this.#store.newestKeyPosition();
    if (newest >= this.#position) return;
    const lost = new Error(
      `the database lost revocations: expected position ${this.#position}, got ${newest}`,
    );
    this.#observer.backgroundFailed('poll revocations', lost);
    for (const forget of this.#forgetters) forget();
    this.#recent = [];
    this.#position = newest;
    this.#wake();
  }

  #apply(event: KeyEvent): void {
    // The position moves last: whoever reads it finds the keys already dropped.
    this.dropHere(event.kekId);
    this.#recent.push(event);
    if (this.#recent.length > RECENT) this.#recent = this.#recent.slice(-RECENT / 2);
    this.#position = event.position;
  }

  #wake(): void {
    for (const wake of [...this.#sleepers]) wake();
  }
}
