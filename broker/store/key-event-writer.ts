import { CmkError, toCmkError } from '../../core/errors.ts';
import type { Alert } from '../model/alerts.ts';
import type { AuditEvent, KeyEvent } from '../model/types.ts';

/** Events in one transaction. */
const BATCH = 100;

/** A revocation with what is written beside it. */
export interface KeyEventEntry {
  readonly event: Omit<KeyEvent, 'position'>;
  readonly audit: AuditEvent;
  readonly alerts: readonly Alert[];
}

interface Waiting {
  readonly entry: KeyEventEntry;
  readonly resolve: (event: KeyEvent) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes what comes while a transaction is under way in the next one, together. All positions hang on one row, so
 * transactions of their own would wait for one another: a probe that finds many keys taken away would tell of the last
 * one seconds after the first.
 */
export class KeyEventWriter {
  /** @returns the events in the order of the entries */
  readonly #write: (entries: readonly KeyEventEntry[]) => Promise<KeyEvent[]>;
  readonly #waiting: Waiting[] = [];
  #running = false;

  constructor(write: (entries: readonly KeyEventEntry[]) => Promise<KeyEvent[]>) {
    this.#write = write;
  }

  /** @throws what the writing throws */
  append(entry: KeyEventEntry): Promise<KeyEvent> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) await this.#writeAll(this.#waiting.splice(0, BATCH));
    this.#running = false;
  }

  async #writeAll(batch: readonly Waiting[]): Promise<void> {
    try {
      const events = await this.#write(batch.map(({ entry }) => entry));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const event = events[index];
        if (event) resolve(event);
        else reject(new CmkError('INTERNAL', 'a key event was not stored'));
      }
    } catch (error) {
      // What the database cannot take must not fail its neighbours: each by itself.
      if (batch.length === 1 || toCmkError(error).retryable) for (const { reject } of batch) reject(error);
      else for (const each of batch) await this.#writeAll([each]);
    }
  }
}
