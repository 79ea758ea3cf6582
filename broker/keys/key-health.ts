import type { ErrorCode } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import { SingleFlight } from '../../runtime/single-flight.ts';
import { KmsError } from '../kms/provider.ts';
import type { Kek } from '../model/types.ts';
import type { KmsCalls } from './kms-calls.ts';
import type { Ledger } from './ledger.ts';
import type { Observer } from './observer.ts';
import type { Revocations } from './revocations.ts';

/** A refused context may be one of thousands of calls: the canary is asked at most this often. */
const CHECK_INTERVAL_MS = 1_000;
const MAX_REMEMBERED_CHECKS = 10_000;

/**
 * Turns what KMS calls tell about a key into revocations. When the customer took the whole key away, its data keys
 * are dropped here at once and everybody is told, once until the key works again. When the refusal may concern one
 * encryption context alone, the key's canary decides which it is.
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
  readonly #told = new Map<string, { reason: ErrorCode; atMs: number }>();
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
   * @throws what the call throws
   */
  async observe<T extends { startedAtMs: number }>(kek: Kek, call: () => Promise<T>): Promise<T> {
    try {
      const result = await call();
      this.succeeded(kek.id, result.startedAtMs);
      return result;
    } catch (error) {
      if (error instanceof KmsError) this.failed(kek, error);
      throw error;
    }
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

  /** @param startedAtMs monotonic, when the call that succeeded began */
  succeeded(kekId: string, startedAtMs: number): void {
    const told = this.#told.get(kekId);
    // A call that was under way when the key was taken away says nothing about the time after.
    if (told && startedAtMs >= told.atMs) this.#told.delete(kekId);
  }

  /** Unwraps the key's canary: a proof that the key as a whole still works, or that it was taken away. */
  check(kek: Kek): Promise<void> {
    return this.#checks.run(kek.id, () => this.#checkNow(kek));
  }

  /** Fulfils when everything begun in the background has ended. */
  async settled(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }

  async #checkNow(kek: Kek): Promise<void> {
    if (!kek.canary) return;
    const { kms, clock, observer } = this.#options;
    if (this.#checkedAtMs.size >= MAX_REMEMBERED_CHECKS) this.#checkedAtMs.clear();
    this.#checkedAtMs.set(kek.id, clock.monotonicMs());
    try {
      const { dataKey, startedAtMs } = await kms.unwrap(kek, kek.canary.wrapped, kek.canary.context);
      dataKey[Symbol.dispose]();
      this.succeeded(kek.id, startedAtMs);
    } catch (error) {
      if (error instanceof KmsError && error.customerDecision) await this.#revoke(kek, error);
      else observer.backgroundFailed('check a canary', error);
    }
  }

  async #revoke(kek: Kek, error: KmsError): Promise<void> {
    const flight = `${kek.id} ${error.code}`;
    // To drop is to go through the whole cache: not once for each of thousands of calls that fail.
    if (this.#told.get(kek.id)?.reason === error.code && !this.#publishing.has(flight)) return;
    await this.#publishing.run(flight, () => this.#publish(kek, error));
  }

  async #publish(kek: Kek, error: KmsError): Promise<void> {
    const { revocations, ledger, clock, observer } = this.#options;
    const told = { reason: error.code, atMs: clock.monotonicMs() };
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
