import type { DataKey } from '../../core/data-key.ts';
import { CmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import { SealedKeyCache, type LoadedKey } from '../../runtime/sealed-cache.ts';
import { MAX_LEASE_SECONDS } from '../model/leases.ts';
import type { DataKeyRecord } from '../model/types.ts';
import type { Store } from '../store/store.ts';
import type { KeyHealth } from './key-health.ts';
import type { KmsCalls, KmsSuccess } from './kms-calls.ts';
import type { Observer } from './observer.ts';
import type { Revocations } from './revocations.ts';

/** The longest that any configuration may lend a data key for. */
export const MAX_LEASE_MS = MAX_LEASE_SECONDS * 1_000;

/** A lease shorter than this would be over before the sidecar could use it. */
const MIN_LEASE_MS = 20;
/** What ends sooner is not lent from the cache: the audit event has to be durable before the answer leaves. */
const ENDING_MS = 1_000;

/** A plaintext data key on loan. The borrower disposes of it. */
export interface LeasedKey {
  readonly dataKey: DataKey;
  readonly dataKeyId: string;
  readonly kekId: string;
  /** As its KMS names the key or replica that unwrapped it. */
  readonly keyInUse: string;
  /** On the monotonic clock. */
  readonly leaseEndsMs: number;
  /** The newest revocation known before the KMS allowed this use. */
  readonly position: number;
  readonly source: 'KMS' | 'CACHE';
  /** How often the key had been revoked when this was lent. */
  readonly revocations: number;
}

/** See {@link LeasedKeys.mark}. */
export interface Mark {
  readonly position: number;
  readonly revocations: number;
}

interface Meta {
  readonly dataKeyId: string;
  readonly kekId: string;
  readonly keyInUse: string;
  readonly position: number;
}

/**
 * Opens stored data keys and lends them: from the KMS, or from the sealed cache for as long as the lease of the KMS
 * call that put it there. An account may want shorter leases for an asset type: they bound the cache as well.
 */
export class LeasedKeys {
  readonly #options: LeasedKeysOptions;
  readonly #cache: SealedKeyCache<Meta>;
  /** When the last lease under a key ends. */
  readonly #leasedUntilMs = new Map<string, number>();
  readonly #revocations = new Map<string, number>();

  constructor(options: LeasedKeysOptions) {
    this.#options = options;
    this.#cache = new SealedKeyCache({
      clock: options.clock,
      maxEntries: options.maxEntries,
      // The lease is the bound here: each use is an audit event of its own.
      maxUses: Number.MAX_SAFE_INTEGER,
      onEvent: (event) => options.observer.cached(event),
    });
    options.revocations.onRevoked((kekId) => this.#drop(kekId));
    options.revocations.onLost(() => this.kekIds().forEach((kekId) => this.#drop(kekId)));
  }

  /** Data keys in the cache. */
  get size(): number {
    return this.#cache.size;
  }

  /** Keys under which some lease still runs. */
  kekIds(): string[] {
    const nowMs = this.#options.clock.monotonicMs();
    for (const [kekId, untilMs] of this.#leasedUntilMs) {
      if (untilMs <= nowMs) this.#leasedUntilMs.delete(kekId);
    }
    return [...this.#leasedUntilMs.keys()];
  }

  /** How long the last lease under a key still runs; null: none does. */
  leasesEndInMs(kekId: string): number | null {
    const endsInMs = (this.#leasedUntilMs.get(kekId) ?? 0) - this.#options.clock.monotonicMs();
    return endsInMs > 0 ? endsInMs : null;
  }

  /**
   * Lends a stored data key.
   * @throws KmsError; CmkError KEY_RETIRED, STORE_UNAVAILABLE, CANCELLED
   */
  lend(record: DataKeyRecord, signal?: AbortSignal): Promise<LeasedKey> {
    return this.#lend(record, signal);
  }

  /** What is known before a KMS call, so that a revocation which comes while the KMS works overrules its answer. */
  mark(kekId: string): Mark {
    return { position: this.#options.revocations.position, revocations: this.#revoked(kekId) };
  }

  /**
   * Takes in a data key that the KMS has just made, so that its first users need no second KMS call.
   * @param generated its data key is disposed of
   * @param mark from before the call
   * @throws CmkError STORE_UNAVAILABLE, CANCELLED; KmsError
   */
  async keep(
    record: DataKeyRecord,
    { dataKey, ...success }: KmsSuccess & { dataKey: DataKey },
    mark: Mark,
  ): Promise<void> {
    try {
      const leaseMs = await this.#leaseMsOf(record);
      if (this.#revoked(record.kekId) !== mark.revocations) return;
      let generated: LoadedKey<Meta> | null = this.#loaded(record, dataKey, { success, mark, leaseMs });
      const { dataKey: copy } = await this.#cache.getOrLoad(record.id, () => {
        const first = generated;
        // Asked again, because a revocation overtook the first answer: only the KMS can tell now.
        generated = null;
        return first ? Promise.resolve(first) : this.#unwrap(record);
      });
      copy[Symbol.dispose]();
    } finally {
      dataKey[Symbol.dispose]();
    }
  }

  /**
   * How long a borrowed key may still be used, at the moment of handing it out.
   * @returns null: its lease ran out while the answer was prepared
   * @throws CmkError KMS_UNREACHABLE when the key was revoked meanwhile
   */
  remainingMs(leased: LeasedKey): number | null {
    const remainingMs = Math.floor(leased.leaseEndsMs - this.#options.clock.monotonicMs());
    if (this.#revoked(leased.kekId) !== leased.revocations)
      throw new CmkError('KMS_UNREACHABLE', 'the key was revoked while the answer was being prepared');
    return remainingMs >= MIN_LEASE_MS ? remainingMs : null;
  }

  /** Forgets every data key. */
  clear(): void {
    this.#cache.clear();
  }

  async #lend(record: DataKeyRecord, signal: AbortSignal | undefined): Promise<LeasedKey> {
    const load = () => this.#unwrap(record);
    let entry = await this.#cache.getOrLoad(record.id, load, { signal });
    const isEnding = entry.expiresAtMs - this.#options.clock.monotonicMs() < ENDING_MS;
    // After a move only the key that the data key is under now may say whether it is lent.
    const isMoved = entry.meta.kekId !== record.kekId;
    if (entry.source === 'cache' && (isEnding || isMoved)) {
      entry.dataKey[Symbol.dispose]();
      this.#cache.drop(record.id);
      entry = await this.#cache.getOrLoad(record.id, load, { signal });
    }
    const { dataKey, expiresAtMs, meta, source } = entry;
    const { kekId } = meta;
    this.#leasedUntilMs.set(kekId, Math.max(this.#leasedUntilMs.get(kekId) ?? 0, expiresAtMs));
    return {
      dataKey,
      ...meta,
      leaseEndsMs: expiresAtMs,
      source: source === 'cache' ? 'CACHE' : 'KMS',
      revocations: this.#revoked(kekId),
    };
  }

  async #unwrap(record: DataKeyRecord): Promise<LoadedKey<Meta>> {
    const { kms, store, health } = this.#options;
    const [kek, leaseMs] = await Promise.all([store.findKek(record.kekId), this.#leaseMsOf(record)]);
    if (!kek)
      throw new CmkError('INTERNAL', `data key ${record.id} is wrapped under a key that is not stored`);
    if (kek.lifecycle === 'RETIRED') {
      throw new CmkError('KEY_RETIRED', 'the key that wrapped the data key is retired');
    }
    const mark = this.mark(kek.id);
    try {
      const unwrapping = () => kms.unwrap(kek, record.wrapped, record.context);
      const { dataKey, ...success } = await health.observe(kek, unwrapping);
      return this.#loaded(record, dataKey, { success, mark, leaseMs });
    } catch (error) {
      // A failed load leaves nothing of this data key here; whether the others go too is for its key's health.
      // Its old key may be gone by now, and rightly so.
      const moved = await store.findDataKey(record.asset, record.id);
      if (moved && moved.kekId !== record.kekId) return this.#unwrap(moved);
      throw error;
    }
  }

  #loaded(
    record: DataKeyRecord,
    dataKey: DataKey,
    { success, mark: { position }, leaseMs }: { success: KmsSuccess; mark: Mark; leaseMs: number },
  ): LoadedKey<Meta> {
    const { reference, startedAtMs } = success;
    const meta = { dataKeyId: record.id, kekId: record.kekId, keyInUse: reference, position };
    return { dataKey, expiresAtMs: startedAtMs + leaseMs, meta };
  }

  /** What the account wants for the asset's type, and never more than the configuration has. */
  async #leaseMsOf({ asset: { account, srvId, type } }: DataKeyRecord): Promise<number> {
    const { store, leaseMs } = this.#options;
    const lease = await store.leases.find(account, srvId, type);
    return lease ? Math.min(lease.value.seconds * 1_000, leaseMs) : leaseMs;
  }

  #drop(kekId: string): void {
    this.#revocations.set(kekId, this.#revoked(kekId) + 1);
    this.#cache.evict((meta) => meta.kekId === kekId);
  }

  #revoked(kekId: string): number {
    return this.#revocations.get(kekId) ?? 0;
  }
}

interface LeasedKeysOptions {
  readonly kms: KmsCalls;
  readonly store: Pick<Store, 'findDataKey' | 'findKek' | 'leases'>;
  readonly health: KeyHealth;
  readonly revocations: Revocations;
  readonly clock: Clock;
  readonly observer: Observer;
  /** At most {@link MAX_LEASE_MS}. */
  readonly leaseMs: number;
  /** Data keys in the cache. */
  readonly maxEntries: number;
}
