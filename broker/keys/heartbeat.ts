import { randomUUID } from 'node:crypto';
import type { Clock, ScheduledCall } from '../../runtime/clock.ts';
import { BROKER_BEAT_MS, type BrokerProcess } from '../model/processes.ts';
import type { Store } from '../store/store.ts';
import type { Observer } from './observer.ts';

/** How long a broker that vanished stands in the list. */
const REMEMBERED_MS = 24 * 3_600_000;

/** Says that this broker runs, so that operators see who does. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #self: Omit<BrokerProcess, 'heardAt'>;
  #timer: ScheduledCall | null = null;
  #beat: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: HeartbeatOptions) {
    const { clock, host, version } = options;
    this.#options = options;
    this.#self = { id: randomUUID(), host, version, startedAt: Math.trunc(clock.wallMs()) };
  }

  start(): void {
    this.#beat = this.beat().finally(() => {
      if (!this.#stopped) this.#timer = this.#options.clock.schedule(BROKER_BEAT_MS, () => this.start());
    });
  }

  /** Never throws. */
  async beat(): Promise<void> {
    const { store, clock, observer } = this.#options;
    const heardAt = Math.trunc(clock.wallMs());
    try {
      await store.processes.beat({ ...this.#self, heardAt }, heardAt - REMEMBERED_MS);
    } catch (error) {
      observer.backgroundFailed('say that this broker runs', error);
    }
  }

  /** Takes this broker out of the list, if it can. */
  async stop(): Promise<void> {
    const { store, observer } = this.#options;
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#beat;
    await store.processes.ended(this.#self.id).catch((error: unknown) => {
      observer.backgroundFailed('say that this broker ends', error);
    });
  }
}

interface HeartbeatOptions {
  readonly store: Pick<Store, 'processes'>;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly host: string;
  readonly version: string;
}
