import { CmkError } from '../core/errors.ts';

/** Runs at most one piece of work for a key at a time; whoever asks meanwhile gets the same outcome. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Promise<T>>();

  /** Whether work for the key is going on. */
  has(key: string): boolean {
    return this.#flights.has(key);
  }

  get size(): number {
    return this.#flights.size;
  }

  /**
   * Joins the work for `key`, or starts it. The work belongs to nobody in particular: a caller whose `signal`
   * aborts stops waiting, and the work goes on for the others.
   * @throws {CmkError} CANCELLED when `signal` aborts first; else whatever the work throws
   */
  run(key: string, work: () => Promise<T>, options: { signal?: AbortSignal | undefined } = {}): Promise<T> {
    return abortable(this.#flights.get(key) ?? this.#start(key, work), options.signal);
  }

  #start(key: string, work: () => Promise<T>): Promise<T> {
    const flight = (async () => work())().finally(() => this.#flights.delete(key));
    // Every caller may have gone away: nobody is left then to see a failure.
    flight.catch(() => undefined);
    this.#flights.set(key, flight);
    return flight;
  }
}

/**
 * What `promise` comes to, unless `signal` aborts first.
 * @throws {CmkError} CANCELLED
 */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const cancel = () =>
      reject(new CmkError('CANCELLED', 'cancelled while waiting', { cause: signal.reason }));
    if (signal.aborted) {
      cancel();
      return;
    }
    signal.addEventListener('abort', cancel, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', cancel));
  });
}
