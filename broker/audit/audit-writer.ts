import { CmkError, toCmkError } from '../../core/errors.ts';
import { outsideCalls } from '../../runtime/outside-calls.ts';
import type { AuditEvent } from '../model/types.ts';
import type { Store } from '../store/store.ts';

/** Events in one transaction, at the most. */
const MAX_BATCH = 400;

export interface AuditWriterOptions {
  readonly store: Pick<Store, 'appendAudit'>;
  /** Events that wait or are being written, at the most; default 10,000. Over it, `record` fails at once. */
  readonly maxPending?: number;
  /** Told of each event that could not be stored; its caller is told as well. */
  readonly onFailure?: (error: CmkError) => void;
}

interface Pending {
  readonly event: AuditEvent;
  readonly resolve: () => void;
  readonly reject: (error: CmkError) => void;
}

/**
 * Stores audit events before anyone acts on them. Events that arrive while a transaction is being committed share
 * the next one, so the cost of a commit is divided by the number of those who wait for it (group commit).
 */
export class AuditWriter {
  readonly #store: Pick<Store, 'appendAudit'>;
  readonly #maxPending: number;
  readonly #onFailure: (error: CmkError) => void;
  readonly #queue: Pending[] = [];
  #pending = 0;
  #writing: Promise<void> | null = null;
  #closed = false;

  constructor({ store, maxPending = 10_000, onFailure = () => undefined }: AuditWriterOptions) {
    this.#store = store;
    this.#maxPending = maxPending;
    this.#onFailure = onFailure;
  }

  /**
   * Fulfils when the event is durable; until then nothing may be handed out that it tells of.
   * @throws CmkError STORE_UNAVAILABLE when it cannot be stored now
   */
  record(event: AuditEvent): Promise<void> {
    const refusal = this.#refusal();
    if (refusal) {
      this.#onFailure(refusal);
      return Promise.reject(refusal);
    }
    this.#pending++;
    return new Promise((resolve, reject) => {
      this.#queue.push({ event, resolve, reject });
      this.#writing ??= outsideCalls(() => this.#drain());
    });
  }

  /** Events that are not durable yet. */
  get pending(): number {
    return this.#pending;
  }

  /** Takes no more events; fulfils when those taken are stored or refused. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
  }

  #refusal(): CmkError | null {
    if (this.#closed) return new CmkError('STORE_UNAVAILABLE', 'the audit writer is closed');
    if (this.#pending < this.#maxPending) return null;
    return new CmkError('STORE_UNAVAILABLE', `${this.#maxPending} audit events wait to be stored already`);
  }

  async #drain(): Promise<void> {
    // Those who record in this same turn of the event loop share the first transaction too.
    await Promise.resolve();
    while (this.#queue.length > 0) await this.#write(this.#queue.splice(0, MAX_BATCH));
    this.#writing = null;
  }

  async #write(batch: readonly Pending[]): Promise<void> {
    try {
      await this.#store.appendAudit(batch.map(({ event }) => event));
    } catch (cause) {
      const error = toCmkError(cause);
      // One event that the database cannot take must not fail its neighbours: each by itself.
      if (batch.length > 1 && !error.retryable) {
        for (const pending of batch) await this.#write([pending]);
        return;
      }
      this.#settle(batch, error);
      return;
    }
    this.#settle(batch, null);
  }

  #settle(batch: readonly Pending[], error: CmkError | null): void {
    this.#pending -= batch.length;
    for (const { resolve, reject } of batch) {
      if (error) {
        this.#onFailure(error);
        reject(error);
      } else {
        resolve();
      }
    }
  }
}
