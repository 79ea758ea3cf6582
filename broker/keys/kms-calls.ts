import { setTimeout } from 'node:timers/promises';
import type { DataKey } from '../../core/data-key.ts';
import type { EncryptionContext } from '../../core/encryption-context.ts';
import { CmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import {
  KmsError,
  type KeyDescription,
  type KmsAdvice,
  type KmsCall,
  type KmsCause,
  type KmsProvider,
  type KmsQuota,
} from '../kms/provider.ts';
import type { Kek, ProviderName } from '../model/types.ts';
import { Breakers } from './guard/breakers.ts';
import { CallGuard, type GuardSettings } from './guard/call-guard.ts';
import { tellingFailure, type ReferenceFailure } from './guard/telling-failure.ts';
import type { KmsOperation, Observer } from './observer.ts';

/** A call that has less time left than this is not made. */
const MIN_ATTEMPT_MS = 20;
/** Which part of an operation's time a replica gets at the least, while there is time left at all. */
const MIN_SHARE = 0.2;
const MAX_RETRIES = 2;
const FIRST_PAUSE_MS = 100;

/** Where a key is: what a call needs to know of a {@link Kek}; one that is not stored has no id. */
export type KmsTarget = Pick<Kek, 'account' | 'provider' | 'references' | 'role' | 'canary'> &
  Partial<Pick<Kek, 'id'>>;

/** How a KMS call came out well. */
export interface KmsSuccess {
  /** The key or replica that did it. */
  readonly reference: string;
  /** Monotonic, just before the call: leases count from here. */
  readonly startedAtMs: number;
}

/** How one attempt came out. */
export interface KmsOutcome {
  readonly target: KmsTarget;
  readonly reference: string;
  readonly operation: KmsOperation;
  /** Null: the operation has none. */
  readonly context: EncryptionContext | null;
  /** UNIX milliseconds. */
  readonly startedAt: number;
  /** Null: it succeeded. */
  readonly error: KmsError | null;
}

/** What was, or would have been, asked of a KMS. */
export type KmsAsked = Pick<KmsOutcome, 'target' | 'reference' | 'operation' | 'context'>;

/** How it ended. LIMITED: it did not leave this broker. */
export type KmsResult = 'OK' | KmsCause | 'LIMITED';

export interface KmsCallsOptions {
  readonly providers: Readonly<Record<ProviderName, KmsProvider>>;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly settings: GuardSettings & {
    /** Of one operation with everything that belongs to it: waiting for a turn, replicas, retries. */
    readonly kmsTimeoutMs: number;
    /** Regions, the nearest first: replicas there are preferred to the others. */
    readonly kmsNearest: readonly string[] | null;
  };
  /** Hears of every attempt, also behind the callers' backs or answered with a failure of a moment ago; must not throw. */
  readonly onOutcome?: (outcome: KmsOutcome) => void;
  /**
   * Counts each call that a KMS was asked, with OK or the cause of its failure, and each that this broker's own limits
   * kept back; must not throw.
   */
  readonly count?: (call: KmsAsked, result: KmsResult) => void;
  /** From 0 to 1; default: random. */
  readonly jitter?: () => number;
  /** Waits before a retry, milliseconds; default: by the machine's own timers. */
  readonly pause?: (ms: number) => Promise<unknown>;
}

type Attempt<T> = (provider: KmsProvider, reference: string, call: KmsCall) => Promise<T>;

/** One operation on its way through the replicas. */
interface Operation<T> {
  readonly target: KmsTarget;
  readonly name: KmsOperation;
  readonly context: EncryptionContext | null;
  readonly attempt: Attempt<T>;
  /** Monotonic. */
  readonly endsMs: number;
  /** Whether a KMS was asked in this round, rather than resting or out of turn. */
  wasAsked: boolean;
}

/**
 * Calls to the customers' KMSs. The nearest replica is asked first; one that failed rests, and is tried again behind
 * the callers' backs. Each operation ends by its deadline, and {@link CallGuard} keeps the accounts from harming one
 * another. A call is nobody's in particular: its result may serve several callers, so no caller's cancellation ends it.
 */
export class KmsCalls {
  readonly #options: KmsCallsOptions;
  readonly #guard: CallGuard;
  readonly #breakers: Breakers;
  readonly #jitter: () => number;
  readonly #pause: (ms: number) => Promise<unknown>;
  readonly #closing = new AbortController();

  constructor(options: KmsCallsOptions) {
    const { clock, settings, observer } = options;
    this.#options = options;
    const onRefused = observer.kmsGuarded.bind(observer);
    this.#guard = new CallGuard({ clock, settings, onRefused });
    this.#breakers = new Breakers(clock);
    this.#jitter = options.jitter ?? Math.random;
    this.#pause = options.pause ?? setTimeout;
  }

  /** @throws KmsError */
  async generate(
    target: KmsTarget,
    context: EncryptionContext,
  ): Promise<KmsSuccess & { dataKey: DataKey; wrapped: Uint8Array }> {
    const { result, ...success } = await this.#run(target, 'generate', context, (provider, reference, call) =>
      provider.generate(reference, context, call),
    );
    return { ...success, ...result };
  }

  /** @throws KmsError */
  async wrap(
    target: KmsTarget,
    dataKey: DataKey,
    context: EncryptionContext,
  ): Promise<KmsSuccess & { wrapped: Uint8Array }> {
    const { result, ...success } = await this.#run(target, 'wrap', context, (provider, reference, call) =>
      provider.wrap(reference, dataKey, context, call),
    );
    return { ...success, wrapped: result };
  }

  /** @throws KmsError */
  async unwrap(
    target: KmsTarget,
    wrapped: Uint8Array,
    context: EncryptionContext,
  ): Promise<KmsSuccess & { dataKey: DataKey }> {
    const { result, ...success } = await this.#run(target, 'unwrap', context, (provider, reference, call) =>
      provider.unwrap(reference, wrapped, context, call),
    );
    return { ...success, dataKey: result };
  }

  /** @throws KmsError */
  async describe(target: KmsTarget): Promise<KeyDescription> {
    const { result } = await this.#run(target, 'describe', null, (provider, reference, call) =>
      provider.describe(reference, call),
    );
    return result;
  }

  advice(provider: ProviderName): KmsAdvice {
    return this.#options.providers[provider].advice;
  }

  /** @throws CmkError INVALID_ARGUMENT, also for a provider whose keys are not reached through roles */
  parseRole(provider: ProviderName, text: string, references: readonly string[]): string {
    const role = this.#options.providers[provider].parseRole?.(text, references);
    if (role === undefined) throw withoutRoles(provider);
    return role;
  }

  /** Proves that the target's role demands its external id. @throws KmsError; CmkError INVALID_ARGUMENT if not */
  async checkRole(target: Pick<KmsTarget, 'provider' | 'references' | 'role'>): Promise<void> {
    const { provider, references, role } = target;
    const { providers, settings } = this.#options;
    if (!role) return;
    const call = { timeoutMs: settings.kmsTimeoutMs };
    const checked = providers[provider].checkRole?.(role, references[0], call);
    if (!checked) throw withoutRoles(provider);
    await checked;
  }

  /** @throws CmkError INVALID_ARGUMENT */
  parseReference(provider: ProviderName, text: string): string {
    return this.#options.providers[provider].parseReference(text);
  }

  /** What the provider counts a use of a key against; null: it publishes none. */
  quotaOf(provider: ProviderName, reference: string): KmsQuota | null {
    return this.#options.providers[provider].quotaOf(reference, 'unwrap');
  }

  identityOf(provider: ProviderName, reference: string): string {
    return this.#options.providers[provider].identityOf(reference);
  }

  /** Ends what runs behind the callers' backs. */
  close(): void {
    this.#closing.abort();
  }

  /** Tries the replicas in turn, and all of them again while a retry may help and can be afforded. */
  async #run<T>(
    target: KmsTarget,
    name: KmsOperation,
    context: EncryptionContext | null,
    attempt: Attempt<T>,
  ): Promise<KmsSuccess & { result: T }> {
    const { clock, observer, settings } = this.#options;
    const endsMs = clock.monotonicMs() + settings.kmsTimeoutMs;
    const operation: Operation<T> = { target, name, context, attempt, endsMs, wasAsked: false };
    const budget = this.#guard.retryBudget({ account: payerOf(operation), provider: target.provider });
    budget.earn();
    for (let retries = 0; ; retries++) {
      const outcome = await this.#tryReplicas(operation);
      if (!(outcome instanceof KmsError)) return outcome;
      const pauseMs = this.#pauseMs(retries, outcome);
      const inTime = clock.monotonicMs() + pauseMs + MIN_ATTEMPT_MS < endsMs;
      const helps = operation.wasAsked && outcome.retryable && retries < MAX_RETRIES;
      if (!helps || !inTime || !budget.spend()) throw outcome;
      observer.kmsGuarded(target.provider, 'RETRY');
      await this.#pause(pauseMs);
    }
  }

  #pauseMs(retries: number, { retryAfterMs }: KmsError): number {
    const pauseMs = FIRST_PAUSE_MS * 2 ** retries * (0.5 + this.#jitter());
    return Math.max(retryAfterMs ?? 0, pauseMs);
  }

  async #tryReplicas<T>(operation: Operation<T>): Promise<(KmsSuccess & { result: T }) | KmsError> {
    const { clock, observer } = this.#options;
    const { target, endsMs } = operation;
    const references = this.#inOrder(target);
    const failures: ReferenceFailure[] = [];
    operation.wasAsked = false;
    for (const [index, reference] of references.entries()) {
      const leftMs = endsMs - clock.monotonicMs();
      if (leftMs < MIN_ATTEMPT_MS) break;
      try {
        this.#refuseWhileOpen(operation, reference);
        if (index > 0) observer.kmsGuarded(target.provider, 'FAILOVER');
        const shareMs = this.#shareMs(target, references.slice(index), leftMs);
        return await this.#call(operation, reference, shareMs);
      } catch (error) {
        const failure = asKmsError(error);
        const { isGone } = this.#breakers.get(target.provider, reference);
        failures.push({ error: failure, isGone });
      }
    }
    return tellingFailure(failures, references.length);
  }

  #refuseWhileOpen({ target, name, context }: ObservedCall['operation'], reference: string): void {
    const { provider } = target;
    const remembered = this.#breakers.get(provider, reference).refusal();
    if (!remembered) return;
    const { clock, observer, onOutcome } = this.#options;
    observer.kmsGuarded(provider, 'RESTING');
    onOutcome?.({
      target,
      reference,
      operation: name,
      context,
      startedAt: clock.wallMs(),
      error: remembered,
    });
    throw remembered;
  }

  /** The nearest first, else as given; what failed of late comes last: its deadline would be everybody's delay. */
  #inOrder(target: KmsTarget): string[] {
    const { providers, settings } = this.#options;
    const { provider, references } = target;
    if (references.length === 1) return [...references];
    const facts = references.map((reference) => {
      const nearest = (settings.kmsNearest ?? []).indexOf(providers[provider].regionOf(reference) ?? '');
      const isResting = this.#breakers.get(provider, reference).isResting;
      return { reference, isResting, distance: nearest === -1 ? Infinity : nearest };
    });
    const byDistance = (a: number, b: number) => (a === b ? 0 : a - b);
    facts.sort((a, b) => Number(a.isResting) - Number(b.isResting) || byDistance(a.distance, b.distance));
    if (facts[0]?.isResting === false) {
      for (const { reference, isResting } of facts) if (isResting) this.#tryBehind(target, reference);
    }
    return facts.map(({ reference }) => reference);
  }

  /** Replicas in good health share the time; those that rest get what the others leave. */
  #shareMs({ provider }: KmsTarget, remaining: readonly string[], leftMs: number): number {
    const healthy = remaining.filter((reference) => !this.#breakers.get(provider, reference).isResting);
    const parts = healthy.length === 0 ? remaining.length : healthy.length;
    const least = this.#options.settings.kmsTimeoutMs * MIN_SHARE;
    return Math.min(leftMs, Math.max(least, leftMs / parts));
  }

  /** Unwraps the canary with a replica that rests, when it is time: if that works, it rests no longer. */
  #tryBehind(target: KmsTarget, reference: string): void {
    const { clock, settings } = this.#options;
    const { canary } = target;
    if (!canary || !this.#breakers.get(target.provider, reference).takeTrial()) return;
    const attempt: Attempt<void> = async (provider, _, call) => {
      const { wrapped, context } = canary;
      const signal = this.#closing.signal;
      (await provider.unwrap(reference, wrapped, context, { ...call, signal }))[Symbol.dispose]();
    };
    const endsMs = clock.monotonicMs() + settings.kmsTimeoutMs;
    const { context } = canary;
    const trial: Operation<void> = { target, name: 'unwrap', context, attempt, endsMs, wasAsked: false };
    // The breaker has the outcome, and the metrics.
    this.#call(trial, reference, settings.kmsTimeoutMs).catch(() => undefined);
  }

  async #call<T>(
    operation: Operation<T>,
    reference: string,
    timeoutMs: number,
  ): Promise<KmsSuccess & { result: T }> {
    const { target, attempt, endsMs } = operation;
    const { clock, providers } = this.#options;
    const provider = providers[target.provider];
    const guarded = {
      account: payerOf(operation),
      provider: target.provider,
      place: provider.placeOf(reference),
      quota: provider.quotaOf(reference, operation.name),
      maxWaitMs: timeoutMs,
    };
    const progress = { hasLeft: false };
    const work = async () => {
      progress.hasLeft = true;
      // Others may have found out meanwhile.
      this.#refuseWhileOpen(operation, reference);
      this.#breakers.get(target.provider, reference).begin();
      operation.wasAsked = true;
      const startedAtMs = clock.monotonicMs();
      const leftMs = Math.max(MIN_ATTEMPT_MS, Math.min(timeoutMs, endsMs - startedAtMs));
      const result = await this.#observed({ operation, reference, startedAtMs }, () =>
        attempt(provider, reference, { timeoutMs: leftMs, ...(target.role && { role: target.role }) }),
      );
      return { result, reference, startedAtMs };
    };
    try {
      return await this.#guard.run(guarded, work);
    } catch (error) {
      if (!progress.hasLeft) this.#count({ operation, reference }, 'LIMITED');
      throw error;
    }
  }

  #count({ operation, reference }: Omit<ObservedCall, 'startedAtMs'>, result: KmsResult): void {
    const { target, name, context } = operation;
    this.#options.count?.({ target, reference, operation: name, context }, result);
  }

  async #observed<T>(call: ObservedCall, work: () => Promise<T>): Promise<T> {
    const { operation, reference, startedAtMs } = call;
    const { target, name, context } = operation;
    const { clock, observer, onOutcome } = this.#options;
    const startedAt = clock.wallMs();
    const breaker = this.#breakers.get(target.provider, reference);
    const observe = (error: KmsError | null) => {
      const durationMs = clock.monotonicMs() - startedAtMs;
      observer.kmsCalled(target.provider, name, error?.kmsCause ?? 'OK', durationMs);
      this.#count(call, error?.kmsCause ?? 'OK');
      // What was cut off tells nothing about the KMS.
      if (!this.#closing.signal.aborted)
        onOutcome?.({ target, reference, operation: name, context, startedAt, error });
    };
    try {
      const result = await work();
      breaker.succeeded();
      observe(null);
      return result;
    } catch (error) {
      const failure = asKmsError(error);
      if (MAY_CONCERN_ONE_CONTEXT.has(failure.kmsCause)) breaker.succeeded();
      else breaker.failed(failure);
      observe(failure);
      throw failure;
    }
  }
}

interface ObservedCall {
  readonly operation: Pick<Operation<unknown>, 'target' | 'name' | 'context'>;
  readonly reference: string;
  readonly startedAtMs: number;
}

/** The KMS answered, and may answer otherwise about another asset: no reason to rest. */
const MAY_CONCERN_ONE_CONTEXT: ReadonlySet<string> = new Set(['PERMISSION_REVOKED', 'CONTEXT_MISMATCH']);

function withoutRoles(provider: ProviderName): CmkError {
  return new CmkError('INVALID_ARGUMENT', `role: expected none for provider ${provider}, got one`, {
    metadata: { field: 'role' },
  });
}

/** Whose share of the limits a call is: under the platform key, that of the account whose asset it is for. */
function payerOf({ target, context }: Pick<Operation<unknown>, 'target' | 'context'>): string | null {
  return target.account ?? context?.['acct'] ?? null;
}

/** Providers promise to throw nothing else; a defect there must not look like a customer's decision. */
function asKmsError(error: unknown): KmsError {
  return error instanceof KmsError
    ? error
    : new KmsError('INVALID_RESPONSE', 'the provider failed in an unforeseen way', { cause: error });
}
