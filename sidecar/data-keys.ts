import { isDeepStrictEqual } from 'node:util';
import { assetKey, type Asset } from '../core/asset.ts';
import { DataKey } from '../core/data-key.ts';
import { isContextOf, type EncryptionContext } from '../core/encryption-context.ts';
import { CmkError, toCmkError } from '../core/errors.ts';
import type { HeaderFields } from '../core/header.ts';
import { BROKER_PROVIDER_ID, findBrokerDataKey } from '../core/reference.ts';
import type { IssueDataKeyResponse__Output } from '../proto/types/cmk/v1/IssueDataKeyResponse.ts';
import type { Reason__Output } from '../proto/types/cmk/v1/Reason.ts';
import type { ResolveDataKeyRequest } from '../proto/types/cmk/v1/ResolveDataKeyRequest.ts';
import type { Clock } from '../runtime/clock.ts';
import { SealedKeyCache, type LeasedKey, type LoadedKey } from '../runtime/sealed-cache.ts';
import type { Broker } from './broker-client.ts';
import { Lease, type KeyFacts, type KeyLease } from './key-lease.ts';
import type { SidecarMetrics } from './metrics.ts';
import { Revocations, type Revoked } from './revocations.ts';
import type { UseReporter } from './use-reporter.ts';

/** No grant is good for longer, whatever it says. */
const MAX_LEASE_MS = 300_000;
const DATA_KEY_BYTES = 32;
/** A grant that a revocation overtook on its way is asked for once more. */
const MAX_GRANTS = 2;

/** A data key that a sealed header names. */
export interface NamedKey {
  readonly dataKeyId: string;
  readonly reference: Uint8Array;
  readonly context: EncryptionContext;
}

/** What is to be sealed. */
export interface IssueRequest {
  readonly asset: Asset;
  readonly owner: string;
  readonly reason: Reason__Output;
  /** The asset has a data key already, and its owner need not be told. Default false. */
  readonly reencryption?: boolean;
}

/** The data keys that this process may use now: asked for at the broker, kept while their leases last. */
export class DataKeys {
  readonly #broker: Broker;
  readonly #clock: Clock;
  readonly #metrics: SidecarMetrics;
  readonly #cache: SealedKeyCache<KeyFacts>;
  readonly #leases = new Set<Lease>();
  readonly #revocations: Revocations;
  readonly #uses: UseReporter;

  constructor(options: {
    broker: Broker;
    uses: UseReporter;
    clock: Clock;
    metrics: SidecarMetrics;
    maxEntries: number;
    maxUses: number;
  }) {
    const { broker, uses, clock, metrics, maxEntries, maxUses } = options;
    this.#broker = broker;
    this.#uses = uses;
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
  async issue(request: IssueRequest, signal: AbortSignal): Promise<KeyLease> {
    return this.#sealingLease(await this.#issue(request, signal), request);
  }

  /**
   * The asset's newest data key, for sealing again what is sealed under this header. The cache may not know yet that
   * there is a newer one: it does not give the header's own.
   * @throws CmkError as {@link issue}; ASSET_NOT_FOUND
   */
  async issueNext(
    { asset, reason }: IssueRequest,
    header: Pick<HeaderFields, 'encryptedDataKeys'>,
    signal: AbortSignal,
  ): Promise<KeyLease> {
    const request = { asset, owner: '', reason, reencryption: true };
    let key = await this.#issue(request, signal);
    if (key.source === 'cache' && key.meta.dataKeyId === findBrokerDataKey(header).dataKeyId) {
      key.dataKey[Symbol.dispose]();
      this.forget(key.meta.dataKeyId);
      key = await this.#issue(request, signal);
    }
    return this.#sealingLease(key, request);
  }

  async #issue(request: IssueRequest, signal: AbortSignal): Promise<LeasedKey<KeyFacts>> {
    const broker = { asked: false };
    const ask = () => {
      broker.asked = true;
      return this.#broker.issueDataKey({ ...request, ...this.#caller() });
    };
    const load = () => this.#granted(ask, (facts) => isFor(request.asset, facts));
    // A request for a re-encryption makes no first data key: who wants one must not share its answer.
    const purpose = request.reencryption ? 'issue again' : 'issue';
    const key = await this.#cache.getOrLoad(`${purpose} ${assetKey(request.asset)}`, load, { signal });
    // What the broker granted to this very call it has written down itself.
    if (!broker.asked) this.#uses.count('SEAL', request, key.meta.dataKeyId);
    return key;
  }

  #sealingLease(key: LeasedKey<KeyFacts>, { asset, reason }: IssueRequest): KeyLease {
    // Renewed by name: the asset may have another data key by then, but this file has this one.
    return this.#lease(key, (renewal) => {
      const named = { ...findBrokerDataKey(key.meta), context: key.meta.encryptionContext };
      return this.#resolve(asset, reason, named, renewal, { sealing: true });
    });
  }

  /** Drops one data key, which the broker has destroyed or put another in the place of. Running streams keep it. */
  forget(dataKeyId: string): void {
    this.#cache.evict((facts) => facts.dataKeyId === dataKeyId);
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
    const broker = { asked: false };
    const asked = () => void (broker.asked = true);
    const key = await this.#resolve(asset, reason, named, signal, { asked });
    if (!broker.asked) this.#uses.count('OPEN', { asset, reason }, named.dataKeyId);
    return this.#lease(key, (renewal) => this.#resolve(asset, reason, named, renewal));
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

  /** Drops every data key: revocations may have been missed. Those that were seen still count. */
  clear(): void {
    this.#cache.clear();
    for (const lease of this.#leases) lease.revoked = true;
  }

  /** What the broker is told about this process. */
  #caller(): { knownPosition: number; instanceId: string } {
    return { knownPosition: this.#revocations.position, instanceId: this.#uses.instanceId() };
  }

  #resolve(
    asset: Asset,
    reason: Reason__Output,
    named: NamedKey,
    signal: AbortSignal,
    { asked = () => undefined, sealing = false }: { asked?: () => void; sealing?: boolean } = {},
  ): Promise<LeasedKey<KeyFacts>> {
    const { dataKeyId, reference, context } = named;
    // The whole question is in the cache's key: an answer, or a refusal, is shared only by those who ask the same.
    const question = JSON.stringify([
      dataKeyId,
      Buffer.from(reference).toString('hex'),
      context['timestamp'],
    ]);
    const ask = async () => {
      asked();
      const request = { ...resolveRequest(asset, reason, named), ...this.#caller(), sealing };
      return { ...(await this.#broker.resolveDataKey(request)), encryptedDataKeys: [] };
    };
    const isAsAsked = (facts: KeyFacts) =>
      facts.dataKeyId === dataKeyId && isDeepStrictEqual({ ...facts.encryptionContext }, { ...context });
    const load = () => this.#granted(ask, isAsAsked);
    // The broker must hear of those who seal: a data key that is to be destroyed is kept for them.
    const purpose = sealing ? 'seal' : 'open';
    return this.#cache.getOrLoad(`${purpose} ${assetKey(asset)} ${question}`, load, { signal });
  }

  async #granted(
    ask: () => Promise<IssueDataKeyResponse__Output>,
    isAsAsked: (facts: KeyFacts) => boolean,
  ): Promise<LoadedKey<KeyFacts>> {
    for (let attempt = 1; ; attempt++) {
      // The lease counts from before the question: how long the answer was under way is unknown.
      const askedAtMs = this.#clock.monotonicMs();
      const loaded = loadedKey(await ask(), askedAtMs);
      const wrong = isAsAsked(loaded.meta)
        ? this.#revocations.refusal(loaded.meta)
        : new CmkError('INTERNAL', 'the broker granted another data key than it was asked for');
      if (!wrong) return loaded;
      loaded.dataKey[Symbol.dispose]();
      if (attempt === MAX_GRANTS || wrong.code === 'INTERNAL') throw wrong;
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

function resolveRequest(asset: Asset, reason: Reason__Output, named: NamedKey): ResolveDataKeyRequest {
  const { dataKeyId, reference, context: encryptionContext } = named;
  return { asset, reason, dataKeyId, reference: Buffer.from(reference), encryptionContext };
}

/** Whether a file that is sealed with this key can be opened again, as this asset's. */
function isFor(asset: Asset, { dataKeyId, encryptionContext, encryptedDataKeys }: KeyFacts): boolean {
  const [own, ...others] = encryptedDataKeys.filter(({ providerId }) => providerId === BROKER_PROVIDER_ID);
  const isNamed =
    own !== undefined && others.length === 0 && Buffer.from(own.providerInfo).toString() === dataKeyId;
  return isNamed && isContextOf(encryptionContext, asset);
}

/** @throws CmkError INTERNAL for an answer without a key */
function loadedKey(
  { grant, encryptedDataKeys }: IssueDataKeyResponse__Output,
  askedAtMs: number,
): LoadedKey<KeyFacts> {
  if (grant?.plaintextKey.length !== DATA_KEY_BYTES) {
    const got = grant?.plaintextKey.length ?? 0;
    throw new CmkError('INTERNAL', `the broker granted a data key of ${got} bytes`);
  }
  const { dataKeyId, protection, keyId, keyInUse, encryptionContext, position } = grant;
  return {
    dataKey: DataKey.take(grant.plaintextKey),
    expiresAtMs: askedAtMs + Math.min(grant.leaseMs, MAX_LEASE_MS),
    meta: { dataKeyId, protection, keyId, keyInUse, encryptionContext, encryptedDataKeys, position },
  };
}
