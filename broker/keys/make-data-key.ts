import type { Asset } from '../../core/asset.ts';
import { assetContext } from '../../core/encryption-context.ts';
import { CmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import { KmsError } from '../kms/provider.ts';
import { newAlert, type Alert } from '../model/alerts.ts';
import type { Coverage, DataKeyRecord, Kek, Protection } from '../model/types.ts';
import { uuidv7 } from '../model/uuid.ts';
import { unknownAccount } from '../model/unknown-account.ts';
import { isWithinLimits, nextStep, NOTHING_FAILED, type Failed } from '../policy/decide-fallback.ts';
import { decideNextKey, isToGiveWay, type KeyDecision } from '../policy/decide-key.ts';
import type { FallbackStart, Store } from '../store/store.ts';
import type { Admitted } from './access.ts';
import { probePauseMs } from './fallback.ts';
import type { KeyHealth } from './key-health.ts';
import type { KmsCalls } from './kms-calls.ts';
import type { LeasedKeys } from './leased-keys.ts';
import type { Ledger } from './ledger.ts';
import type { Observer } from './observer.ts';

/** An asset's data key, newly made or found. */
export interface Made {
  readonly record: DataKeyRecord;
  /** Whose audit event was stored together with it; null when another broker was first. */
  readonly recordedFor: Admitted | null;
}

/** Under which key a data key is made. */
interface Choice {
  readonly kek: Kek;
  readonly protection: Protection;
  readonly reason: string;
  readonly owner: string | null;
  readonly generation: number;
  readonly fallback: { readonly start: FallbackStart; readonly began: Alert } | null;
}

/** Makes an asset's data key: the first, or the next generation of one that is to give way. */
export class MakeDataKey {
  readonly #options: MakeDataKeyOptions;

  constructor(options: MakeDataKeyOptions) {
    this.#options = options;
  }

  /**
   * Stored before it is handed out, whoever is first.
   * @param owner null: the asset's files are being sealed again
   * @throws CmkError ASSET_NOT_FOUND, CONFLICT, ACCOUNT_UNKNOWN, STORE_UNAVAILABLE; when no key could wrap it, that
   *   of the customer's key, with what the account wants in its metadata: `on_failure`, and why there was no `fallback`
   */
  async run(attempt: Admitted, owner: string | null): Promise<Made> {
    const { asset } = attempt;
    // Whoever looked just before an earlier flight landed would have the KMS make a second key.
    const stored = await this.#options.store.findNewestDataKey(asset);
    if (!stored) return this.#makeFirst(attempt, owner);
    const next = isToGiveWay(stored) ? await this.#decideNext(asset, owner) : null;
    if (!next) return { record: stored, recordedFor: null };
    const generation = stored.generation + 1;
    // Never under the platform key in its place: to be rid of that is what it is made for.
    return this.#makeUnder(attempt, { ...next, owner: stored.owner ?? owner, generation, fallback: null });
  }

  async #makeFirst(attempt: Admitted, owner: string | null): Promise<Made> {
    if (owner === null) throw new CmkError('ASSET_NOT_FOUND', 'nothing was ever sealed for this asset');
    const coverage = await this.#coverage(attempt.asset, owner);
    let failed: Failed & { readonly chosen: KmsError | null } = NOTHING_FAILED;
    for (;;) {
      const { chosen } = failed;
      const step = nextStep(coverage, this.#options.platformKek, failed);
      if (step.kind === 'NOT_STORED') throw notStored(chosen, step.metadata);
      try {
        const fallback = step.inPlaceOf && chosen ? this.#startOf(step.inPlaceOf, coverage, chosen) : null;
        const made = await this.#makeUnder(attempt, { ...step, owner, generation: 1, fallback });
        if (chosen) this.#options.observer.fellBack(chosen.kmsCause);
        return made;
      } catch (error) {
        if (error instanceof LimitsReached) failed = { ...failed, standIn: 'LIMITS_REACHED' };
        else if (!(error instanceof KmsError)) throw error;
        else if (chosen) failed = { chosen, standIn: 'PLATFORM_KEY_FAILED' };
        else failed = { chosen: error, standIn: null };
      }
    }
  }

  /** Null: the data key stays, for now. */
  async #decideNext(asset: Asset, owner: string | null): Promise<KeyDecision | null> {
    const decision = decideNextKey(await this.#coverage(asset, owner ?? ''));
    if (decision || owner !== null) return decision;
    throw new CmkError(
      'CONFLICT',
      'the account has no key in use under which a newer data key could be made',
    );
  }

  #startOf(kek: Kek, { account, fallback: policy }: Coverage, { code: cause }: KmsError): Choice['fallback'] {
    const at = Math.trunc(this.#options.clock.wallMs());
    const facts = { kind: 'FALLBACK_STARTED', reference: kek.references[0], cause } as const;
    const check: FallbackStart['check'] = (episode) => {
      if (!isWithinLimits(policy, episode, at)) throw new LimitsReached();
    };
    return {
      start: { kekId: kek.id, cause, at, nextProbeAt: at + probePauseMs(0), check },
      began: newAlert(at, { account: account.id, kekId: kek.id }, facts),
    };
  }

  async #makeUnder(attempt: Admitted, choice: Choice): Promise<Made> {
    const { store, clock, leasedKeys, ledger, kms, health } = this.#options;
    const { asset } = attempt;
    const { kek, protection, reason: detail, generation, owner, fallback } = choice;
    const mark = leasedKeys.mark(kek.id);
    const nowMs = clock.wallMs();
    const createdAt = Math.floor(nowMs / 1000);
    const context = assetContext(asset, createdAt);
    const generated = await health.observe(kek, () => kms.generate(kek, context));
    try {
      const id = uuidv7(nowMs);
      const kekId = kek.id;
      const { wrapped } = generated;
      const unchanged = { reencryptSince: null, destroyedAt: null };
      const key = { asset, id, generation, kekId, protection, wrapped, context, createdAt, owner };
      const record: DataKeyRecord = { ...key, ...unchanged };
      const use = { dataKeyId: id, kekId, source: 'KMS', detail } as const;
      const event = ledger.event({ ...attempt, ...use, outcome: 'ALLOWED' });
      const first = fallback
        ? await store.fallbacks.insertDataKey(record, event, fallback.start, fallback.began)
        : await store.insertDataKey(record, event);
      // When another broker was first, its key is the asset's, and this one was never used.
      if (first.id !== id) return { record: first, recordedFor: null };
      await leasedKeys.keep(record, generated, mark);
      return { record, recordedFor: attempt };
    } finally {
      generated.dataKey[Symbol.dispose]();
    }
  }

  async #coverage(asset: Asset, owner: string): Promise<Coverage> {
    const coverage = await this.#options.store.coverage(asset.account, owner, asset.srvId, asset.type);
    if (coverage) return coverage;
    throw unknownAccount(asset.account);
  }
}

/** The account's episode of fallback takes no more assets. */
class LimitsReached extends CmkError {
  constructor() {
    super('CONFLICT', 'the limits of the account’s fallback are reached');
  }
}

/** The failure of the key that was chosen, with what else the service is told. */
function notStored(failure: KmsError | null, metadata: Readonly<Record<string, string>>): CmkError {
  if (!failure) return new CmkError('INTERNAL', 'a data key was given up before any key was tried');
  if (Object.keys(metadata).length === 0) return failure;
  return new CmkError(failure.code, failure.message, { cause: failure, metadata });
}

interface MakeDataKeyOptions {
  readonly store: Pick<Store, 'coverage' | 'findNewestDataKey' | 'insertDataKey' | 'fallbacks'>;
  readonly kms: KmsCalls;
  readonly health: KeyHealth;
  readonly leasedKeys: LeasedKeys;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly platformKek: Kek;
}
