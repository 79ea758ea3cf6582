import { isDeepStrictEqual } from 'node:util';
import { assetKey, type Asset } from '../core/asset.ts';
import { DataKey } from '../core/data-key.ts';
import type { EncryptionContext } from '../core/encryption-context.ts';
import { CmkError, toCmkError } from '../core/errors.ts';
import { findBrokerDataKey } from '../core/reference.ts';
import type { DataKeyGrant__Output } from '../proto/types/cmk/v1/DataKeyGrant.ts';
import type { Reason__Output } from '../proto/types/cmk/v1/Reason.ts';
import type { ResolveDataKeyRequest } from '../proto/types/cmk/v1/ResolveDataKeyRequest.ts';
import type { Clock } from '../runtime/clock.ts';
import { SealedKeyCache, type LeasedKey, type LoadedKey } from '../runtime/sealed-cache.ts';
import type { Broker } from './broker-client.ts';
import type { KeyFacts, KeyLease } from './key-lease.ts';
import type { SidecarMetrics } from './metrics.ts';
import { Revocations, type Revoked } from './revocations.ts';

/** No grant is good for longer, whatever it says. */
const MAX_LEASE_MS = 300_000;
const DATA_KEY_BYTES = 32;
/** A grant older than a revocation is asked for once more: another broker may know better. */
const MAX_GRANTS = 2;

/** A data key that a sealed header names. */
export interface NamedKey {
  readonly dataKeyId: string;
  readonly reference: Uint8Array;
  readonly context: EncryptionContext;
}

/** The data keys that this process may use now: asked for at the broker, kept while their leases last. */
export class DataKeys {
  readonly #broker: Broker;
  readonly #clock: Clock;
  readonly #metrics: SidecarMetrics;
  readonly #cache: SealedKeyCache<KeyFacts>;
  readonly #leases = new Set<Lease>();
  readonly #revocations: Revocations;

  constructor(options: {
    broker: Broker;
    clock: Clock;
    metrics: SidecarMetrics;
    maxEntries: number;
    maxUses: number;
  }) {
    const { broker, clock, metrics, maxEntries, maxUses } = options;
    this.#broker = broker;
    this.#clock = clock;
    this.#metrics = metrics;
    this.#revocations = new Revocations(clock);
    this.#cache = new SealedKeyCache({
      clock,
      maxEntries,
      maxUses,
      onEvent: (event) => metrics.cached(event),
    });
    metrics.watchCacheSize(() => this.#cache.size);
  }

  /**
   * The asset's data key, for sealing.
   * @throws CmkError the broker's refusal, BROKER_UNREACHABLE, or CANCELLED when `signal` aborts
   */
  async issue(
    request: { asset: Asset; owner: string; reason: Reason__Output },
    signal: AbortSignal,
  ): Promise<KeyLease> {
    const load = () =>
      this.#granted(async () => {
        const { grant, encryptedDataKeys } = await this.#broker.issueDataKey(request);
        return { grant, encryptedDataKeys };
      });
    const key = await this.#cache.getOrLoad(`issue ${assetKey(request.asset)}`, load, { signal });
    // Renewed by name: the asset may have another data key by then, but this file has this one.
    return this.#lease(key, (renewal) => {
      const named = { ...findBrokerDataKey(key.meta), context: key.meta.encryptionContext };
      return this.#resolve(request.asset, request.reason, named, renewal);
    });
  }

  /**
   * The data key that a sealed header names, for opening. The header's context must be the asset's.
   * @throws CmkError as {@link issue}
   */
  async resolve(
    asset: Asset,
    reason: Reason__Output,
    named: NamedKey,
    signal: AbortSignal,
  ): Promise<KeyLease> {
    const renew = (renewal: AbortSignal) => this.#resolve(asset, reason, named, renewal);
    return this.#lease(await renew(signal), renew);
  }

  /**
   * Asks the broker past the cache for what must be refused, so that the attempt stands in the customer's audit
   * events. Whatever it answers is not used.
   * @throws CmkError as {@link issue}
   */
  async askToBeRefused(asset: Asset, reason: Reason__Output, named: NamedKey): Promise<void> {
    const { grant } = await this.#broker.resolveDataKey(resolveRequest(asset, reason, named));
    grant?.plaintextKey.fill(0);
  }

  /** Drops a key-encryption key's data keys at once; running streams must ask again before their next use. */
  revoke(revoked: Revoked): void {
    this.#revocations.add(revoked);
    this.#cache.evict((facts) => this.#revocations.overrules(facts));
    for (const lease of this.#leases) if (this.#revocations.overrules(lease.facts)) lease.revoked = true;
  }

  /** Drops every data key: revocations may have been missed. Positions seen so far mean nothing any more. */
  clear(): void {
    this.#revocations.clear();
    this.#cache.clear();
    for (const lease of this.#leases) lease.revoked = true;
  }

  #resolve(
    asset: Asset,
    reason: Reason__Output,
    named: NamedKey,
    signal: AbortSignal,
  ): Promise<LeasedKey<KeyFacts>> {
    const { dataKeyId, reference, context } = named;
    // The whole question is in the cache's key: an answer, or a refusal, is shared only by those who ask the same.
    const question = JSON.stringify([
      dataKeyId,
      Buffer.from(reference).toString('hex'),
      context['timestamp'],
    ]);
    const load = () =>
      this.#granted(async () => {
        const { grant } = await this.#broker.resolveDataKey(resolveRequest(asset, reason, named));
        if (
          grant &&
          (grant.dataKeyId !== dataKeyId ||
            !isDeepStrictEqual({ ...grant.encryptionContext }, { ...context }))
        ) {
          grant.plaintextKey.fill(0);
          throw new CmkError('INTERNAL', 'the broker granted another data key than it was asked for');
        }
        return { grant, encryptedDataKeys: [] };
      });
    return this.#cache.getOrLoad(`open ${assetKey(asset)} ${question}`, load, { signal });
  }

  async #granted(
    ask: () => Promise<{
      grant: DataKeyGrant__Output | null;
      encryptedDataKeys: KeyFacts['encryptedDataKeys'];
    }>,
  ): Promise<LoadedKey<KeyFacts>> {
    for (let attempt = 1; ; attempt++) {
      // The lease counts from before the question: how long the answer was under way is unknown.
      const askedAtMs = this.#clock.monotonicMs();
      const { grant, encryptedDataKeys } = await ask();
      const loaded = loadedKey(grant, encryptedDataKeys, askedAtMs);
      const revoked = this.#revocations.refusal(loaded.meta);
      if (!revoked) return loaded;
      loaded.dataKey[Symbol.dispose]();
      if (attempt === MAX_GRANTS) throw revoked;
    }
  }

  #lease(key: LeasedKey<KeyFacts>, renew: (signal: AbortSignal) => Promise<LeasedKey<KeyFacts>>): KeyLease {
    const lease = new Lease(key, {
      nowMs: () => this.#clock.monotonicMs(),
      renew: async (signal) => {
        try {
          const renewed = await renew(signal);
          this.#metrics.leaseRenewed('renewed');
          return renewed;
        } catch (error) {
          this.#metrics.leaseRenewed(toCmkError(error).code);
          throw error;
        }
      },
      isRevoked: (facts) => this.#revocations.overrules(facts),
      disposed: () => this.#leases.delete(lease),
    });
    this.#leases.add(lease);
    return lease;
  }
}

/** The parts of {@link DataKeys} that a lease needs. */
interface LeaseHolder {
  nowMs(): number;
  renew(signal: AbortSignal): Promise<LeasedKey<KeyFacts>>;
  isRevoked(facts: KeyFacts): boolean;
  disposed(): void;
}

class Lease implements KeyLease {
  readonly dataKey: DataKey;
  readonly source: 'cache' | 'load';
  facts: KeyFacts;
  revoked: boolean;
  #expiresAtMs: number;
  readonly #holder: LeaseHolder;

  constructor(key: LeasedKey<KeyFacts>, holder: LeaseHolder) {
    this.dataKey = key.dataKey;
    this.source = key.source;
    this.facts = key.meta;
    this.#expiresAtMs = key.expiresAtMs;
    this.#holder = holder;
    this.revoked = holder.isRevoked(key.meta);
  }

  isCurrent(): boolean {
    return !this.revoked && this.#holder.nowMs() < this.#expiresAtMs;
  }

  async renew(signal: AbortSignal): Promise<void> {
    const renewed = await this.#holder.renew(signal);
    try {
      // `equals` compares in constant time.
      if (
        renewed.meta.dataKeyId !== this.facts.dataKeyId ||
        !renewed.dataKey.keyObject.equals(this.dataKey.keyObject)
      ) {
        throw new CmkError('INTERNAL', 'the broker renewed the lease with another data key');
      }
    } finally {
      renewed.dataKey[Symbol.dispose]();
    }
    this.facts = renewed.meta;
    this.#expiresAtMs = renewed.expiresAtMs;
    this.revoked = this.#holder.isRevoked(renewed.meta);
  }

  [Symbol.dispose](): void {
    this.dataKey[Symbol.dispose]();
    this.#holder.disposed();
  }
}

function resolveRequest(asset: Asset, reason: Reason__Output, named: NamedKey): ResolveDataKeyRequest {
  const { dataKeyId, reference, context: encryptionContext } = named;
  return { asset, reason, dataKeyId, reference: Buffer.from(reference), encryptionContext };
}

function loadedKey(
  grant: DataKeyGrant__Output | null,
  encryptedDataKeys: KeyFacts['encryptedDataKeys'],
  askedAtMs: number,
): LoadedKey<KeyFacts> {
  if (grant?.plaintextKey.length !== DATA_KEY_BYTES) {
    throw new CmkError(
      'INTERNAL',
      `the broker granted a data key of ${grant?.plaintextKey.length ?? 0} bytes`,
    );
  }
  const { dataKeyId, protection, keyId, keyInUse, encryptionContext, position } = grant;
  return {
    dataKey: DataKey.take(grant.plaintextKey),
    expiresAtMs: askedAtMs + Math.min(grant.leaseMs, MAX_LEASE_MS),
    meta: { dataKeyId, protection, keyId, keyInUse, encryptionContext, encryptedDataKeys, position },
  };
}
