import type { DataKey } from '../../core/data-key.ts';
import type { EncryptionContext } from '../../core/encryption-context.ts';
import type { Clock } from '../../runtime/clock.ts';
import { KmsError, type KeyDescription, type KmsCall, type KmsProvider } from '../kms/provider.ts';
import type { Kek, ProviderName } from '../model/types.ts';
import { Limiter } from './limiter.ts';
import type { KmsOperation, Observer } from './observer.ts';

/** How many calls may wait for each one that runs. */
const WAITING_PER_RUNNING = 16;
/** For how long a replica is preferred to a key that did not answer. */
const AWAY_MS = 10_000;
const MAX_REMEMBERED_AWAY = 10_000;

/** Where a key is: what a call needs to know of a {@link Kek}. */
export type KmsTarget = Pick<Kek, 'provider' | 'references'>;

/** How a KMS call came out well. */
export interface KmsSuccess {
  /** The key or replica that did it. */
  readonly reference: string;
  /** Monotonic, just before the call: leases count from here. */
  readonly startedAtMs: number;
}

/**
 * Calls to the customers' KMSs: the key first, then its replicas in order; each call with a deadline, a bounded
 * number at a time. A call is nobody's in particular: its result may serve several callers, so no caller's
 * cancellation ends it.
 */
export class KmsCalls {
  readonly #options: KmsCallsOptions;
  readonly #limiters = new Map<string, Limiter>();
  readonly #awayUntilMs = new Map<string, number>();

  constructor(options: KmsCallsOptions) {
    this.#options = options;
  }

  /** @throws KmsError */
  async generate(
    target: KmsTarget,
    context: EncryptionContext,
  ): Promise<KmsSuccess & { dataKey: DataKey; wrapped: Uint8Array }> {
    const { result, ...success } = await this.#firstOf(target, 'generate', (provider, reference, call) =>
      provider.generate(reference, context, call),
    );
    return { ...success, ...result };
  }

  /** @throws KmsError */
  async unwrap(
    target: KmsTarget,
    wrapped: Uint8Array,
    context: EncryptionContext,
  ): Promise<KmsSuccess & { dataKey: DataKey }> {
    const { result, ...success } = await this.#firstOf(target, 'unwrap', (provider, reference, call) =>
      provider.unwrap(reference, wrapped, context, call),
    );
    return { ...success, dataKey: result };
  }

  /** @throws KmsError */
  async describe(target: KmsTarget): Promise<KeyDescription> {
    const { result } = await this.#firstOf(target, 'describe', (provider, reference, call) =>
      provider.describe(reference, call),
    );
    return result;
  }

  /** @throws CmkError INVALID_ARGUMENT */
  parseReference(provider: ProviderName, text: string): string {
    return this.#options.providers[provider].parseReference(text);
  }

  async #firstOf<T>(
    target: KmsTarget,
    operation: KmsOperation,
    attempt: (provider: KmsProvider, reference: string, call: KmsCall) => Promise<T>,
  ): Promise<KmsSuccess & { result: T }> {
    let failure: KmsError | null = null;
    for (const reference of this.#inOrder(target.references)) {
      try {
        return await this.#call(target.provider, operation, reference, attempt);
      } catch (error) {
        const current = asKmsError(error);
        if (current.kmsCause === 'UNREACHABLE') this.#noteAway(reference);
        // The same bytes under the same context: another replica would say the same.
        if (current.kmsCause === 'CONTEXT_MISMATCH') throw current;
        // What the customer decided explains more than what happened to be unreachable besides.
        if (!failure?.customerDecision || current.customerDecision) failure = current;
      }
    }
    throw failure ?? new KmsError('INVALID_RESPONSE', 'the key has no reference');
  }

  /** As given, but what did not answer a moment ago comes last: its deadline would be everybody's delay. */
  #inOrder(references: readonly string[]): string[] {
    const nowMs = this.#options.clock.monotonicMs();
    const isAway = (reference: string) => (this.#awayUntilMs.get(reference) ?? 0) > nowMs;
    return references.toSorted((a, b) => Number(isAway(a)) - Number(isAway(b)));
  }

  #noteAway(reference: string): void {
    if (this.#awayUntilMs.size >= MAX_REMEMBERED_AWAY) this.#awayUntilMs.clear();
    this.#awayUntilMs.set(reference, this.#options.clock.monotonicMs() + AWAY_MS);
  }

  async #call<T>(
    providerName: ProviderName,
    operation: KmsOperation,
    reference: string,
    attempt: (provider: KmsProvider, reference: string, call: KmsCall) => Promise<T>,
  ): Promise<KmsSuccess & { result: T }> {
    const { clock, providers, timeoutMs, observer } = this.#options;
    const observe = (outcome: Parameters<Observer['kmsCalled']>[2], sinceMs: number) =>
      observer.kmsCalled(providerName, operation, outcome, clock.monotonicMs() - sinceMs);
    const askedAtMs = clock.monotonicMs();
    let startedAtMs = askedAtMs;
    try {
      const result = await this.#limited(`${providerName} ${reference}`, () => {
        startedAtMs = clock.monotonicMs();
        return attempt(providers[providerName], reference, { timeoutMs });
      });
      observe('OK', startedAtMs);
      return { result, reference, startedAtMs };
    } catch (error) {
      observe(asKmsError(error).kmsCause, startedAtMs);
      throw error;
    }
  }

  async #limited<T>(name: string, work: () => Promise<T>): Promise<T> {
    const { clock, concurrency, timeoutMs } = this.#options;
    const limiter =
      this.#limiters.get(name) ??
      new Limiter({
        clock,
        concurrency,
        maxWaiting: concurrency * WAITING_PER_RUNNING,
        maxWaitMs: timeoutMs,
      });
    this.#limiters.set(name, limiter);
    try {
      return await limiter.run(work);
    } finally {
      if (limiter.idle) this.#limiters.delete(name);
    }
  }
}

interface KmsCallsOptions {
  readonly providers: Readonly<Record<ProviderName, KmsProvider>>;
  readonly clock: Clock;
  /** Of one call to one key or replica; waiting for a turn may take as long again. */
  readonly timeoutMs: number;
  /** Calls at a time to one key or replica. */
  readonly concurrency: number;
  readonly observer: Observer;
}

/** Providers promise to throw nothing else; a defect there must not look like a customer's decision. */
function asKmsError(error: unknown): KmsError {
  return error instanceof KmsError
    ? error
    : new KmsError('INVALID_RESPONSE', 'the provider failed in an unforeseen way', { cause: error });
}
