import type { Clock } from '../../runtime/clock.ts';
import { Repeated } from '../../runtime/repeated.ts';
import { CHANNELS, type Channel, type Delivery, type DeliveryState } from '../model/alerts.ts';
import type { AlertStore, AttemptEnd } from '../store/alert-store.ts';
import type { Store } from '../store/store.ts';
import { SendError, type Sender } from './sender.ts';

const POLL_INTERVAL_MS = 1_000;
/** Alerts that belong together are seldom raised in one transaction. */
const SETTLE_MS = 2_000;
/** Attempts at a time. Those of a webhook that hangs are one at a time. */
const AT_A_TIME = { MAIL: 8, WEBHOOK: 32 } as const satisfies Record<Channel, number>;
/** What the store may take to note down how an attempt ended, besides the attempt itself. */
const BOOKKEEPING_MS = 15_000;
const FIRST_PAUSE_MS = 5_000;
const MAX_PAUSE_MS = 900_000;
const MAX_PROBLEM = 200;

/** What the outbox tells about itself. No method may throw. */
export interface OutboxObserver {
  /** An attempt ended, with what became of the message. */
  alertDelivery(channel: Channel, state: DeliveryState, problem: unknown): void;
  backgroundFailed(task: string, error: unknown): void;
}

export interface OutboxOptions {
  readonly store: Pick<Store, 'findAccount'> & {
    readonly alerts: Pick<AlertStore, 'claim' | 'finish'>;
  };
  /** Null: nobody carries messages of that channel. */
  readonly senders: Readonly<Record<Channel, Sender | null>>;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly observer: OutboxObserver;
  /** As CMK_ALERT_WINDOW, CMK_ALERT_TIMEOUT and CMK_ALERT_GIVE_UP. */
  readonly windowMs: number;
  readonly timeoutMs: number;
  readonly giveUpMs: number;
}

/**
 * Delivers what is in the outbox. Every broker runs one: each delivery is claimed for a while, so that another goes on
 * when its holder dies. Whoever dies between sending and noting it down makes a repetition, under the same id.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #underWay: Readonly<Record<Channel, Set<Promise<void>>>> = {
    MAIL: new Set(),
    WEBHOOK: new Set(),
  };
  readonly #stopping = new AbortController();
  readonly #rounds: Repeated;

  constructor(options: OutboxOptions) {
    this.#options = options;
    const { clock } = options;
    this.#rounds = new Repeated({ clock, pauseMs: POLL_INTERVAL_MS, work: () => this.runOnce() });
  }

  start(): void {
    this.#rounds.start();
  }

  /** Ends attempts under way; what they were delivering is tried again, here or elsewhere. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#rounds.stop();
    await this.settled();
  }

  /** Begins to deliver what is due. Does not wait for it. Never throws. */
  async runOnce(): Promise<void> {
    await Promise.all(CHANNELS.map((channel) => this.#begin(channel)));
  }

  /** Fulfils when every attempt under way has ended. */
  async settled(): Promise<void> {
    for (const set of Object.values(this.#underWay)) while (set.size > 0) await Promise.all(set);
  }

  async #begin(channel: Channel): Promise<void> {
    const { store, clock, observer, windowMs, timeoutMs } = this.#options;
    const underWay = this.#underWay[channel];
    const limit = AT_A_TIME[channel] - underWay.size;
    if (limit <= 0 || this.#stopping.signal.aborted) return;
    const nowMs = Math.trunc(clock.wallMs());
    const untilMs = nowMs + timeoutMs + BOOKKEEPING_MS;
    try {
      const request = { channel, nowMs, limit, settleMs: SETTLE_MS, windowMs, untilMs };
      for (const delivery of await store.alerts.claim(request)) {
        const attempt: Promise<void> = this.#attempt(delivery)
          .catch((error: unknown) => observer.backgroundFailed('deliver alerts', error))
          .finally(() => underWay.delete(attempt));
        underWay.add(attempt);
      }
    } catch (error) {
      observer.backgroundFailed('claim alerts', error);
    }
  }

  async #attempt(delivery: Delivery): Promise<void> {
    const { store, observer } = this.#options;
    const { end, problem } = await this.#send(delivery);
    const { id, claim, channel } = delivery;
    if (await store.alerts.finish(id, claim, end)) observer.alertDelivery(channel, end.state, problem);
  }

  async #send(delivery: Delivery): Promise<{ end: AttemptEnd; problem: unknown }> {
    const { store, senders } = this.#options;
    const sender = senders[delivery.channel];
    if (!sender) return { end: { state: 'NOT_CONFIGURED' }, problem: null };
    try {
      const account = await store.findAccount(delivery.account);
      if (!account) throw new SendError('the account is gone', { permanent: true });
      await this.#inTime((signal) => sender.send(delivery, account, signal));
      return { end: { state: 'DELIVERED' }, problem: null };
    } catch (error) {
      return { end: this.#afterFailure(delivery, error), problem: error };
    }
  }

  async #inTime(send: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { clock, timeoutMs } = this.#options;
    const deadline = new AbortController();
    const stop = () => deadline.abort();
    const timer = clock.schedule(timeoutMs, stop);
    this.#stopping.signal.addEventListener('abort', stop, { once: true });
    if (this.#stopping.signal.aborted) stop();
    try {
      await send(deadline.signal);
    } catch (cause) {
      if (!deadline.signal.aborted) throw cause;
      const ended = this.#stopping.signal.aborted
        ? 'the broker was stopped'
        : `no answer within ${timeoutMs} ms`;
      throw new SendError(ended, { cause });
    } finally {
      timer.cancel();
      this.#stopping.signal.removeEventListener('abort', stop);
    }
  }

  #afterFailure({ attempts, createdAt }: Delivery, error: unknown): AttemptEnd {
    const { clock, random, giveUpMs } = this.#options;
    const problem = (error instanceof SendError ? error.message : 'failed').slice(0, MAX_PROBLEM);
    const nowMs = Math.trunc(clock.wallMs());
    const hopeless = error instanceof SendError && error.permanent;
    if (hopeless || nowMs - createdAt >= giveUpMs) return { state: 'FAILED', problem };
    if (this.#stopping.signal.aborted) return { state: 'PENDING', problem, dueMs: nowMs };
    const longest = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempts - 1));
    // Between half and all of it: those who failed together must not come back together.
    return { state: 'PENDING', problem, dueMs: nowMs + Math.ceil(longest * (0.5 + random() / 2)) };
  }
}
