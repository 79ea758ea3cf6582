import { assetKey, checkIdentifier, type Asset } from '../../core/asset.ts';
import { assetContext } from '../../core/encryption-context.ts';
import { CmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import { SingleFlight } from '../../runtime/single-flight.ts';
import { KmsError } from '../kms/provider.ts';
import type { DataKeyRecord, Kek } from '../model/types.ts';
import { uuidv7 } from '../model/uuid.ts';
import type { Caller } from '../policy/authorize.ts';
import { decideKey, type KeyDecision } from '../policy/decide-key.ts';
import type { Store } from '../store/store.ts';
import { checkReason, type Access, type Admitted, type AssetRequest } from './access.ts';
import { grantDataKey, type Grant } from './grant.ts';
import type { KeyHealth } from './key-health.ts';
import type { KmsCalls } from './kms-calls.ts';
import type { LeasedKeys } from './leased-keys.ts';
import type { Ledger } from './ledger.ts';
import { holderOf, type Holder, type Reporters } from './reporters.ts';

/** Gives an asset's data key for sealing, and makes it when there is none. */
export class IssueDataKey {
  readonly #options: IssueOptions;
  readonly #making = new SingleFlight<Made>();

  constructor(options: IssueOptions) {
    this.#options = options;
  }

  /**
   * @throws CmkError NOT_AUTHORIZED, INVALID_ARGUMENT, ACCOUNT_UNKNOWN, STORE_UNAVAILABLE, CANCELLED; KmsError
   */
  async run(caller: Caller, request: AssetRequest & { owner: string }, signal: AbortSignal): Promise<Grant> {
    const { access, store, ledger } = this.#options;
    const attempt = await access.admit('ISSUE', caller, request);
    checkReason(request.reason);
    const owner = checkIdentifier('owner', request.owner);
    const holder = holderOf(caller, request);
    try {
      const stored = await store.findNewestDataKey(attempt.asset);
      if (stored) return await grantDataKey(this.#options, attempt, stored, { signal, holder });
      return await this.#issueFirst(attempt, owner, { signal, holder });
    } catch (error) {
      throw await ledger.failed(attempt, null, error);
    }
  }

  /** However many ask at once, one makes the key; the others are given the same, each with an event of its own. */
  async #issueFirst(
    attempt: Admitted,
    owner: string,
    options: { signal: AbortSignal; holder: Holder | null },
  ): Promise<Grant> {
    const { signal } = options;
    const make = () => this.#make(attempt, owner);
    const { record, recordedFor } = await this.#making.run(assetKey(attempt.asset), make, { signal });
    const alreadyRecorded = recordedFor === attempt;
    return grantDataKey(this.#options, attempt, record, { ...options, alreadyRecorded });
  }

  async #make(attempt: Admitted, owner: string): Promise<Made> {
    const { store, clock, leasedKeys, ledger, kms } = this.#options;
    const { asset } = attempt;
    // Whoever looked just before an earlier flight landed would have the KMS make a second key.
    const stored = await store.findNewestDataKey(asset);
    if (stored) return { record: stored, recordedFor: null };
    const { kek, protection, reason: detail } = await this.#decide(asset, owner);

    const mark = leasedKeys.mark(kek.id);
    const nowMs = clock.wallMs();
    const createdAt = Math.floor(nowMs / 1000);
    const context = assetContext(asset, createdAt);
    const generated = await this.#observed(kek, () => kms.generate(kek, context));
    try {
      const id = uuidv7(nowMs);
      const kekId = kek.id;
      const { wrapped } = generated;
      const record = { asset, id, generation: 1, kekId, protection, wrapped, context, createdAt, owner };
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

  async #decide(asset: Asset, owner: string): Promise<KeyDecision> {
    const coverage = await this.#options.store.coverage(asset.account, owner, asset.srvId, asset.type);
    if (coverage) return decideKey(coverage, this.#options.platformKek);
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

interface Made {
  readonly record: DataKeyRecord;
  /** Whose audit event was stored together with it; null when another broker was first. */
  readonly recordedFor: Admitted | null;
}

interface IssueOptions {
  readonly access: Access;
  readonly store: Pick<Store, 'coverage' | 'findNewestDataKey' | 'insertDataKey'>;
  readonly kms: KmsCalls;
  readonly health: KeyHealth;
  readonly leasedKeys: LeasedKeys;
  readonly ledger: Ledger;
  readonly reporters: Reporters;
  readonly clock: Clock;
  readonly platformKek: Kek;
}
