import grpc, { type ClientReadableStream, type ServiceError } from '@grpc/grpc-js';
import type { Revocation__Output } from '../proto/types/cmk/v1/Revocation.ts';
import type { Clock, ScheduledCall } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Broker } from './broker-client.ts';
import type { DataKeys } from './data-keys.ts';
import type { SidecarMetrics } from './metrics.ts';

/** The broker speaks each 5 s; after this much silence it is taken for gone. */
const MAX_SILENCE_MS = 15_000;
const FIRST_PAUSE_MS = 200;
const LAST_PAUSE_MS = 5_000;

/**
 * Follows the broker's revocations for as long as the sidecar runs, and has the data keys dropped that they name. It
 * goes on after the last position that it saw, so that an interruption loses none.
 *
 * It makes revocation fast. It is not what bounds it: that is the lease.
 */
export class RevocationWatch {
  readonly #broker: Broker;
  readonly #dataKeys: Pick<DataKeys, 'revoke' | 'clear'>;
  readonly #clock: Clock;
  readonly #metrics: SidecarMetrics;
  readonly #logger: Logger;
  #position = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #up = false;
  #closed = false;
  #call: ClientReadableStream<Revocation__Output> | null = null;
  #timer: ScheduledCall | null = null;

  constructor(options: {
    broker: Broker;
    dataKeys: Pick<DataKeys, 'revoke' | 'clear'>;
    clock: Clock;
    metrics: SidecarMetrics;
    logger: Logger;
  }) {
    this.#broker = options.broker;
    this.#dataKeys = options.dataKeys;
    this.#clock = options.clock;
    this.#metrics = options.metrics;
    this.#logger = options.logger;
    this.#metrics.revocationWatch(false);
    this.#connect();
  }

  /** Whether the broker has been heard of lately. */
  get isUp(): boolean {
    return this.#up;
  }

  /** Goes over to the connection of the moment, e.g. because this one's identity is an old one. */
  reconnect(): void {
    this.#end();
    this.#connect();
  }

  close(): void {
    this.#closed = true;
    this.#end();
    this.#say(false);
  }

  #connect(): void {
    if (this.#closed) return;
    const call = this.#broker.watchRevocations(this.#position);
    this.#call = call;
    const over = (error: Partial<ServiceError>) => {
      if (this.#call !== call) return;
      // The call's own deadline: it is made anew, perhaps with another broker.
      if (error.code === grpc.status.DEADLINE_EXCEEDED) this.reconnect();
      else this.#lost(error);
    };
    call.on('data', (revocation: Revocation__Output) => {
      if (this.#call === call) this.#heard(revocation);
    });
    call.on('error', over);
    call.on('end', () => over(new Error('the broker ended the watch')));
    this.#expectWithin(MAX_SILENCE_MS);
  }

  #heard({ position, keyId, reason }: Revocation__Output): void {
    if (position < this.#position) {
      this.#logger.warn(
        { from: this.#position, to: position },
        'the revocations’ position went back, dropping all data keys',
      );
      this.#dataKeys.clear();
    } else if (this.#position === 0 && position > 0 && keyId === '') {
      // A watch from 0 begins with the newest position: what came between a grant and now was never told.
      this.#dataKeys.clear();
    }
    this.#position = position;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#say(true);
    this.#expectWithin(MAX_SILENCE_MS);
    if (keyId === '') return;
    this.#metrics.revocation();
    this.#logger.info({ keyId, reason, position }, 'a key was revoked');
    this.#dataKeys.revoke({ keyId, reason, position });
  }

  #expectWithin(silenceMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.schedule(silenceMs, () =>
      this.#lost(new Error(`no word for ${silenceMs / 1000} s`)),
    );
  }

  #lost(error: unknown): void {
    this.#end();
    if (this.#up) this.#logger.warn({ err: error }, 'the revocation watch was interrupted');
    this.#say(false);
    if (this.#closed) return;
    // Spread out, so that a broker that comes back does not meet all its sidecars at once.
    const pauseMs = this.#pauseMs * (0.5 + Math.random() / 2);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LAST_PAUSE_MS);
    this.#timer = this.#clock.schedule(pauseMs, () => this.#connect());
  }

  #end(): void {
    this.#timer?.cancel();
    const call = this.#call;
    this.#call = null;
    call?.cancel();
  }

  #say(up: boolean): void {
    this.#up = up;
    this.#metrics.revocationWatch(up);
  }
}
