import { appendFileSync } from 'node:fs';

/** A service's log of calls: the latest in memory, all of them as JSON lines in a file if one is given. */
export class EventLog<Event extends object> {
  readonly #events: Event[] = [];
  readonly #maxEvents: number;
  readonly #path: string | null;

  /** @param path appended to */
  constructor({ path = null, maxEvents = 200_000 }: { path?: string | null; maxEvents?: number } = {}) {
    this.#path = path;
    this.#maxEvents = maxEvents;
  }

  record(event: Event): void {
    this.#events.push(event);
    if (this.#events.length > this.#maxEvents) this.#events.splice(0, Math.ceil(this.#maxEvents / 10));
    if (this.#path !== null) appendFileSync(this.#path, JSON.stringify(event) + '\n');
  }

  /** Oldest first. */
  events(matches: (event: Event) => boolean = () => true): Event[] {
    return this.#events.filter(matches);
  }
}
