import type { DataKey } from '../../core/data-key.ts';
import { boundedMap } from '../../runtime/bounded-map.ts';
import type { Clock } from '../../runtime/clock.ts';
import { SingleFlight } from '../../runtime/single-flight.ts';
import { KmsError } from '../kms/provider.ts';
import type { Kek } from '../model/types.ts';
import { Allowance } from './allowance.ts';
import type { KmsCalls } from './kms-calls.ts';
import type { Ledger } from './ledger.ts';
import type { Observer } from './observer.ts';
import type { Revocations } from './revocations.ts';

/** A refused context may be one of thousands of calls: the canary is asked at most this often. */
const CHECK_INTERVAL_MS = 1_000;
const MAX_REMEMBERED_CHECKS = 10_000;
/** How often a key that was taken away may be taken for given back. */
const RETURNS = { perSecond: 0.2, burst: 10 };
const MAX_REMEMBERED_RETURNS = 10_000;

/** A use of a key that the KMS allowed. */
interface Use {
  /** Monotonic, when the call began. */
  readonly startedAtMs: number;
  readonly dataKey?: DataKey;
}

/**
 * Turns what KMS calls tell about a key into revocations. When the customer took the whole key away, its data keys
 * are dropped here at once and everybody is told, once until the key works again. When the refusal may concern one
 * encryption context alone, the key's canary decides which it is.
 *
 * A KMS that refuses and allows in turns would have everybody told without end. Its returns are bounded, not its
 * refusals: a key that comes back too often stays closed for a while, so that there is nothing new to take away.
 */
export class KeyHealth {
  readonly #options: {
    kms: KmsCalls;
    revocations: Revocations;
    ledger: Ledger;
    clock: Clock;
    observer: Observer;
  };
  /** Keys whose revocation was or is being published, and why. One small entry for each key in that state. */
  readonly #told = new Map<string, { error: KmsError; atMs: number }>();
  readonly #returns = boundedMap<Allowance>(MAX_REMEMBERED_RETURNS);
  readonly #checkedAtMs = new Map<string, number>();
  readonly #checks = new SingleFlight<void>();
  readonly #publishing = new SingleFlight<void>();
  readonly #background = new Set<Promise<void>>();

  constructor(options: {
    kms: KmsCalls;
    revocations: Revocations;
    ledger: Ledger;
    clock: Clock;
    observer: Observer;
  }) {
    this.#options = options;
  }

  /**
   * Makes a use of the key, and learns from how it went.
   * @throws what the call throws; the KmsError of before for a key that comes and goes too often
   */
  async observe<T extends Use>(kek: Kek, call: () => Promise<T>): Promise<T> {
    const told = this.#told.get(kek.id);
    if (told && this.#returns.get(kek.id)?.isLeft === false) throw this.#stillClosed(kek, told.error);
    const result = await this.#try(kek, call);
    const refusal = this.#succeeded(kek, result.startedAtMs);
    if (!refusal) return result;
    result.dataKey?.[Symbol.dispose]();
    throw this.#stillClosed(kek, refusal);
  }

  /** A use of the key failed. Returns at once; what follows happens behind the caller. */
  failed(kek: Kek, error: KmsError): void {
    const aboutOneContext = error.kmsCause === 'PERMISSION_REVOKED' || error.kmsCause === 'CONTEXT_MISMATCH';
    if (aboutOneContext && kek.canary) {
      const lastMs = this.#checkedAtMs.get(kek.id) ?? -Infinity;
      if (this.#options.clock.monotonicMs() - lastMs >= CHECK_INTERVAL_MS) this.#behind(this.check(kek));
    } else if (error.customerDecision) {
      this.#behind(this.#revoke(kek, error));
    }
  }

  /** Unwraps the key's canary: a proof that the key as a whole still works, or that it was taken away. */
  check(kek: Kek): Promise<void> {
    return this.#checks.run(kek.id, () => this.#checkNow(kek));
  }

  /** Fulfils when everything begun in the background has ended. */
  async settled(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }

  async #try<T>(kek: Kek, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof KmsError) this.failed(kek, error);
      throw error;
    }
  }

  /** The KMS allowed a use. @returns the refusal that holds all the same: the key has come back too often */
  #succeeded({ id }: Kek, startedAtMs: number): KmsError | null {
    const told = this.#told.get(id);
    // A call that was under way when the key was taken away says nothing about the time after.
    if (!told || startedAtMs < told.atMs) return null;
    if (this.#returnsOf(id).take() === null) return told.error;
    this.#told.delete(id);
    return null;
  }

  #returnsOf(kekId: string): Allowance {
    const known = this.#returns.get(kekId);
    if (known) return known;
    const allowance = new Allowance({ clock: this.#options.clock, ...RETURNS });
    this.#returns.set(kekId, allowance);
    return allowance;
  }

  #stillClosed({ provider }: Kek, error: KmsError): KmsError {
    this.#options.observer.kmsGuarded(provider, 'CLOSED');
    const message = `${error.message}; the key comes and goes too often, so that this holds for some seconds`;
    return new KmsError(error.kmsCause, message, { cause: error, advice: error.advice });
  }

  async #checkNow(kek: Kek): Promise<void> {
    if (!kek.canary) return;
    const { kms, clock, observer } = this.#options;
    if (this.#checkedAtMs.size >= MAX_REMEMBERED_CHECKS) this.#checkedAtMs.clear();
    this.#checkedAtMs.set(kek.id, clock.monotonicMs());
    try {
      const { dataKey, startedAtMs } = await kms.unwrap(kek, kek.canary.wrapped, kek.canary.context);
      dataKey[Symbol.dispose]();
      this.#succeeded(kek, startedAtMs);
    } catch (error) {
      if (error instanceof KmsError && error.customerDecision) await this.#revoke(kek, error);
      else observer.backgroundFailed('check a canary', error);
    }
  }

  async #revoke(kek: Kek, error: KmsError): Promise<void> {
    const flight = `${kek.id} ${error.code}`;
    const told = this.#told.get(kek.id);
    if (told && !this.#publishing.has(flight)) {
      // To drop is to go through the whole cache: not once for each of thousands of calls that fail.
      if (told.error.code === error.code) return;
      // Nothing was lent since: it is told for the ledger's sake alone.
      if (this.#returnsOf(kek.id).take() === null) return;
    }
    await this.#publishing.run(flight, () => this.#publish(kek, error));
  }

  async #publish(kek: Kek, error: KmsError): Promise<void> {
    const { revocations, ledger, clock, observer } = this.#options;
    const told = { error, atMs: clock.monotonicMs() };
    // From the beginning: a use that the KMS allows while this is being published is a use after it.
    this.#told.set(kek.id, told);
    const audit = ledger.event({
      action: 'REVOKE',
      outcome: 'ALLOWED',
      actor: 'broker',
      account: kek.account,
      kekId: kek.id,
      detail: `${error.code}: ${error.message}`,
    });
    try {
      await revocations.publish({ kekId: kek.id, reason: error.code, at: clock.wallMs() }, audit);
    } catch (failure) {
      // The next call or probe tries again.
      if (this.#told.get(kek.id) === told) this.#told.delete(kek.id);
      throw failure;
    }
    observer.revoked(error.code);
  }

  #behind(work: Promise<void>): void {
    const task = work
      .catch((error: unknown) => this.#options.observer.backgroundFailed('publish a revocation', error))
      .finally(() => this.#background.delete(task));
    this.#background.add(task);
  }
}
