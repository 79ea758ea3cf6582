import { assetKey, checkIdentifier, type Asset } from '../../core/asset.ts';
import { assetContext } from '../../core/encryption-context.ts';
import { CmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import { SingleFlight } from '../../runtime/single-flight.ts';
import { KmsError } from '../kms/provider.ts';
import type { Coverage, DataKeyRecord, Kek } from '../model/types.ts';
import { uuidv7 } from '../model/uuid.ts';
import type { Caller } from '../policy/authorize.ts';
import { decideKey, decideNextKey, isToGiveWay, type KeyDecision } from '../policy/decide-key.ts';
import type { Store } from '../store/store.ts';
import { checkReason, type Access, type Admitted, type AssetRequest } from './access.ts';
import { grantDataKey, type Grant } from './grant.ts';
import type { KeyHealth } from './key-health.ts';
import type { KmsCalls } from './kms-calls.ts';
import type { LeasedKeys } from './leased-keys.ts';
import type { Ledger } from './ledger.ts';
import { holdForSealing } from './reencryption.ts';
import { holderOf, type Holder, type Reporters } from './reporters.ts';

/** Gives an asset's data key for sealing, and makes it when there is none. */
export class IssueDataKey {
  readonly #options: IssueOptions;
  readonly #making = new SingleFlight<Made>();

  constructor(options: IssueOptions) {
    this.#options = options;
  }

  /**
   * @throws CmkError NOT_AUTHORIZED, INVALID_ARGUMENT, ACCOUNT_UNKNOWN, STORE_UNAVAILABLE, CANCELLED; for a
   * re-encryption also ASSET_NOT_FOUND; KmsError
   */
  async run(caller: Caller, request: IssueRequest, signal: AbortSignal): Promise<Grant> {
    const { access, store, ledger } = this.#options;
    const attempt = await access.admit('ISSUE', caller, request);
    checkReason(request.reason);
    const owner = request.reencryption ? null : checkIdentifier('owner', request.owner);
    const holder = holderOf(caller, request);
    try {
      const stored = await store.findNewestDataKey(attempt.asset);
      if (stored && !isToGiveWay(stored)) {
        return await grantDataKey(this.#options, attempt, stored, { signal, holder });
      }
      return await this.#issueNew(attempt, owner, { signal, holder });
    } catch (error) {
      throw await ledger.failed(attempt, null, error);
    }
  }

  /** However many ask at once, one makes the key; the others are given the same, each with an event of its own. */
  async #issueNew(
    attempt: Admitted,
    owner: string | null,
    options: { signal: AbortSignal; holder: Holder | null },
  ): Promise<Grant> {
    const { signal } = options;
    const make = () => this.#make(attempt, owner);
    // Apart from one another: only one of the two kinds makes an asset's first data key.
    const flight = `${owner === null ? 'again ' : ''}${assetKey(attempt.asset)}`;
    const { record, recordedFor } = await this.#making.run(flight, make, { signal });
    await holdForSealing(this.#options, record);
    const alreadyRecorded = recordedFor === attempt;
    return grantDataKey(this.#options, attempt, record, { ...options, alreadyRecorded });
  }

  async #make(attempt: Admitted, owner: string | null): Promise<Made> {
    const { store, clock, leasedKeys, ledger, kms } = this.#options;
    const { asset } = attempt;
    // Whoever looked just before an earlier flight landed would have the KMS make a second key.
    const stored = await store.findNewestDataKey(asset);
    if (stored && !isToGiveWay(stored)) return { record: stored, recordedFor: null };
    const decision = stored ? await this.#decideAgain(asset, owner) : await this.#decide(asset, owner);
    if (stored && !decision) return { record: stored, recordedFor: null };
    if (!decision) throw new CmkError('INTERNAL', 'a first data key without a decision');
    const { kek, protection, reason: detail } = decision;

    const mark = leasedKeys.mark(kek.id);
    const nowMs = clock.wallMs();
    const createdAt = Math.floor(nowMs / 1000);
    const context = assetContext(asset, createdAt);
    const generated = await this.#observed(kek, () => kms.generate(kek, context));
    try {
      const id = uuidv7(nowMs);
      const kekId = kek.id;
      const { wrapped } = generated;
      const record = {
        asset,
        id,
        generation: (stored?.generation ?? 0) + 1,
        kekId,
        protection,
        wrapped,
        context,
        createdAt,
        owner: stored?.owner ?? owner,
        reencryptSince: null,
        destroyedAt: null,
      };
      const use = { dataKeyId: id, kekId, source: 'KMS', detail } as const;
      const event = ledger.event({ ...attempt, ...use, outcome: 'ALLOWED' });
      const first = await store.insertDataKey(record, event);
      // When another broker was first, its key is the asset's, and this one was never used.
      if (first.id !== id) return { record: first, recordedFor: null };
      await leasedKeys.keep(record, generated, mark);
      return { record, recordedFor: attempt };
    } finally {
      generated.dataKey[Symbol.dispose]();
    }
  }

  async #decide(asset: Asset, owner: string | null): Promise<KeyDecision> {
    if (owner === null) throw new CmkError('ASSET_NOT_FOUND', 'nothing was ever sealed for this asset');
    return decideKey(await this.#coverage(asset, owner), this.#options.platformKek);
  }

  /** Null: the data key stays, for now. */
  async #decideAgain(asset: Asset, owner: string | null): Promise<KeyDecision | null> {
    const decision = decideNextKey(await this.#coverage(asset, owner ?? ''));
    if (decision || owner !== null) return decision;
    throw new CmkError(
      'CONFLICT',
      'the account has no key in use under which a newer data key could be made',
    );
  }

  async #coverage(asset: Asset, owner: string): Promise<Coverage> {
    const coverage = await this.#options.store.coverage(asset.account, owner, asset.srvId, asset.type);
    if (coverage) return coverage;
    throw new CmkError('ACCOUNT_UNKNOWN', `no account ${asset.account}`);
  }

  async #observed<T extends { startedAtMs: number }>(kek: Kek, call: () => Promise<T>): Promise<T> {
    const { health } = this.#options;
    try {
      const result = await call();
      health.succeeded(kek.id, result.startedAtMs);
      return result;
    } catch (error) {
      if (error instanceof KmsError) health.failed(kek, error);
      throw error;
    }
  }
}

/** What is to be sealed. */
export interface IssueRequest extends AssetRequest {
  /** Who owns the asset; not looked at for a re-encryption. */
  readonly owner: string;
  /** The asset's files are being sealed again: it has a data key already. Default false. */
  readonly reencryption?: boolean;
}

interface Made {
  readonly record: DataKeyRecord;
  /** Whose audit event was stored together with it; null when another broker was first. */
  readonly recordedFor: Admitted | null;
}

interface IssueOptions {
  readonly access: Access;
  readonly store: Pick<Store, 'coverage' | 'findNewestDataKey' | 'insertDataKey' | 'reencryption'>;
  readonly kms: KmsCalls;
  readonly health: KeyHealth;
  readonly leasedKeys: LeasedKeys;
  readonly ledger: Ledger;
  readonly reporters: Reporters;
  readonly clock: Clock;
  readonly platformKek: Kek;
}
