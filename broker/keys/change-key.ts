import { CmkError, toCmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import { KmsError } from '../kms/provider.ts';
import type { AuditEvent, Canary, Kek, KeyLifecycle } from '../model/types.ts';
import type { Precondition, Store, Versioned } from '../store/store.ts';
import { failureIn, parseReferences, type Trial } from './enrol-key.ts';
import { findListedKek, findOwnKek, wrongState } from './key-life.ts';
import type { KeyStatuses } from './key-statuses.ts';
import type { KmsCalls } from './kms-calls.ts';
import type { Ledger } from './ledger.ts';
import { verifyKey, type Onlooker, type Verification, type VerificationStep } from './verify-key.ts';

const IN_USE: readonly KeyLifecycle[] = ['PENDING', 'STANDBY', 'ACTIVE', 'DECRYPT_ONLY'];

/** A change of references: what is stored then, or what the verification found. */
export type ReferenceTrial =
  | (Extract<Trial, { ok: true }> & { readonly stored: Versioned<readonly string[]> })
  | Extract<Trial, { ok: false }>;

/** Verifies stored keys again, and changes where they are found. Whatever is new must open what the key wrapped before. */
export class ChangeKey {
  readonly #options: ChangeKeyOptions;

  constructor(options: ChangeKeyOptions) {
    this.#options = options;
  }

  /**
   * Verifies a key as when it was enrolled; when it passes, its canary is a new one.
   * @throws CmkError NOT_FOUND, STORE_UNAVAILABLE; what the verification found is in the result
   */
  async verify(actor: string, account: string, kekId: string, onlooker?: Onlooker): Promise<Trial> {
    const { store, ledger, statuses } = this.#options;
    const kek = await findOwnKek(store, account, kekId);
    const [reference] = kek.references;
    const verification = await this.#try(kek, kek.references, onlooker);
    const { steps } = verification;
    if (!verification.ok) {
      const detail = `verify key ${reference}: ${failureIn(verification)}`;
      await ledger.record({ ...this.#entry(actor, kek), outcome: 'FAILED', detail });
      return { ok: false, steps, error: verification.error };
    }
    const audit = this.#event(actor, kek, `verify key ${reference}: it passes`);
    await store.keyLife.replaceCanary(kekId, verification.canary, audit);
    statuses.verified(kek, kek.references);
    return { ok: true, steps };
  }

  /** In the order of preference. @throws CmkError NOT_FOUND, STORE_UNAVAILABLE */
  async references(account: string, kekId: string): Promise<Versioned<readonly string[]>> {
    const { store } = this.#options;
    await findListedKek(store, account, kekId);
    const references = await store.keyLife.references(kekId);
    if (references) return references;
    throw new CmkError('INTERNAL', `key ${kekId} is stored without references`);
  }

  /**
   * Sets a key's references, in the order of preference. Those that are new are verified first.
   * @param precondition throws when they must not be written on what is stored; asked before the verification, and again
   *   when they are written
   * @throws CmkError NOT_FOUND, INVALID_ARGUMENT, CONFLICT, STORE_UNAVAILABLE; what the precondition throws; what the
   *   verification found is in the result
   */
  async setReferences(
    actor: string,
    account: string,
    kekId: string,
    wanted: readonly string[],
    precondition?: Precondition<Versioned<readonly string[]>>,
    onlooker?: Onlooker,
  ): Promise<ReferenceTrial> {
    const { store, ledger, statuses, kms } = this.#options;
    const kek = await findOwnKek(store, account, kekId);
    precondition?.(await store.keyLife.references(kekId));
    if (!IN_USE.includes(kek.lifecycle)) throw wrongState(kek.lifecycle, IN_USE, 'change its references');
    const to = parseReferences(kms, { provider: kek.provider, references: wanted });
    if (kek.role) kms.parseRole(kek.provider, kek.role.arn, to);
    const added = to.filter((reference) => !kek.references.includes(reference));
    const what = `set references of key ${kek.references[0]}: ${to.join(', ')}`;
    const verification = await this.#try(kek, added, onlooker);
    const { steps } = verification;
    if (!verification.ok) {
      const detail = `${what}: ${failureIn(verification)}`;
      await ledger.record({ ...this.#entry(actor, kek), outcome: 'FAILED', detail });
      return { ok: false, steps, error: verification.error };
    }
    const identities = to.map((reference) => kms.identityOf(kek.provider, reference));
    const change = { kekId, from: kek.references, to, identities };
    const audit = this.#event(actor, kek, what);
    const stored = await store.keyLife.replaceReferences(change, audit, precondition);
    if (!stored) {
      throw new CmkError('CONFLICT', 'expected the references as they were read, others were set meanwhile');
    }
    statuses.verified(kek, added);
    return { ok: true, steps, stored };
  }

  async #try(kek: Kek, references: readonly string[], onlooker?: Onlooker): Promise<Verification> {
    const { clock } = this.#options;
    const { id: kekId, provider, account, role, canary } = kek;
    const [first, ...others] = references;
    if (!canary) throw new CmkError('INTERNAL', `key ${kekId} is stored without a canary`);
    if (first === undefined) return { ok: true, steps: [], canary };
    const candidate = { kekId, provider, account, role, references: [first, ...others] } as const;
    const verification = await verifyKey(this.#options, candidate, clock.wallMs(), onlooker);
    if (!verification.ok) return verification;
    const failure = await this.#findWhatOpensNothing(kek, references, canary);
    if (!failure) return verification;
    onlooker?.onStep?.(failure.step);
    return { ok: false, steps: [...verification.steps, failure.step], error: failure.error };
  }

  /** Another key under the same name, or of another customer, passes every other step. */
  async #findWhatOpensNothing(
    kek: Kek,
    references: readonly string[],
    { wrapped, context }: Canary,
  ): Promise<{ step: VerificationStep; error: CmkError } | null> {
    const { kms } = this.#options;
    for (const reference of references) {
      const { id: _id, ...facts } = kek;
      try {
        const { dataKey } = await kms.unwrap({ ...facts, references: [reference] }, wrapped, context);
        dataKey[Symbol.dispose]();
      } catch (thrown) {
        const error = toCmkError(thrown);
        const cause = error instanceof KmsError ? error.kmsCause : error.code;
        const detail = `${error.code}: it does not open what the key wrapped before: ${error.message}`;
        const advice =
          error instanceof KmsError ? (error.advice ?? kms.advice(kek.provider)[error.kmsCause]) : null;
        return { step: { step: 'UNWRAP', reference, outcome: 'FAILED', cause, detail, advice }, error };
      }
    }
    return null;
  }

  #entry(actor: string, { id: kekId, account }: Kek) {
    return { action: 'ADMINISTER', actor, account, kekId } as const;
  }

  #event(actor: string, kek: Kek, detail: string): AuditEvent {
    return this.#options.ledger.event({ ...this.#entry(actor, kek), outcome: 'ALLOWED', detail });
  }
}

interface ChangeKeyOptions {
  readonly store: Pick<Store, 'findKek' | 'listAnyKeks' | 'ownerOfKey' | 'keyLife'>;
  readonly kms: KmsCalls;
  readonly statuses: Pick<KeyStatuses, 'verified'>;
  readonly ledger: Ledger;
  readonly clock: Clock;
}
