import type { LRUCache } from 'lru-cache';
import type { DataKey } from '../core/data-key.ts';
import { CmkError } from '../core/errors.ts';
import { boundedMap } from './bounded-map.ts';
import type { Clock } from './clock.ts';
import { ProcessKey, SealedKey } from './sealed-key.ts';
import { SingleFlight } from './single-flight.ts';

const SWEEP_INTERVAL_MS = 5_000;
/** A load whose key was revoked while it was on its way is repeated this often in all. */
const MAX_LOADS = 2;

/** A data key and how long it may be used. */
export interface LoadedKey<M> {
  /** The cache takes it over and disposes of it. */
  readonly dataKey: DataKey;
  /** The lease's end on the monotonic clock. */
  readonly expiresAtMs: number;
  readonly meta: M;
}

/** A data key handed out: the caller's own copy, to be disposed of by the caller, not to be used past the lease. */
export interface LeasedKey<M> extends LoadedKey<M> {
  readonly source: 'cache' | 'load';
}

/** `miss` starts a load, `coalesced` joins one, `evicted` is an entry that left, for whatever cause. */
export type CacheEvent = 'hit' | 'miss' | 'coalesced' | 'evicted';

interface Entry<M> {
  readonly cacheKey: string;
  readonly key: SealedKey;
  readonly expiresAtMs: number;
  readonly meta: M;
  usesLeft: number;
}

type Predicate<M> = (meta: M) => boolean;

/**
 * Data keys for as long as their leases, sealed with AES-256-GCM under a key that this process makes for itself and
 * renews, so that a dump or an over-read of the cache's memory shows no data key. Not an HSM: the process key is in
 * the same process.
 *
 * A lease never slides: an entry leaves at the time its load said, however often it is used. Failures are not kept.
 */
export class SealedKeyCache<M> {
  readonly #clock: Clock;
  readonly #maxUses: number;
  readonly #onEvent: (event: CacheEvent) => void;
  readonly #entries: LRUCache<string, Entry<M>>;
  readonly #flights = new SingleFlight<Entry<M>>();
  /** For each load under way, the evictions since it began: they are held against its result. */
  readonly #loads = new Set<{ evictions: Predicate<M>[] }>();
  /** Just loaded, and still to be given to those who waited: only a revocation may take them away from these. */
  readonly #fresh = new Set<Entry<M>>();
  readonly #processKey: ProcessKey;
  #isSweeping = false;

  /**
   * @param options.maxEntries the least recently used entry makes room for a new one
   * @param options.maxUses how often one loaded key is handed out before it is loaded again; callers that waited for
   *   the same load share it even if they are more
   */
  constructor(options: {
    clock: Clock;
    maxEntries: number;
    maxUses: number;
    onEvent?: (event: CacheEvent) => void;
  }) {
    this.#clock = options.clock;
    this.#processKey = new ProcessKey(options.clock);
    this.#maxUses = options.maxUses;
    this.#onEvent = options.onEvent ?? (() => undefined);
    this.#entries = boundedMap(options.maxEntries, (entry) => this.#left(entry));
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * The key in the cache, or what `load` gives; calls for one cache key share one load, which no caller's `signal`
   * ends for the others.
   * @throws {CmkError} CANCELLED when `signal` aborts; KMS_UNREACHABLE when every load was overtaken by an eviction
   *   or by the end of its lease; else whatever `load` throws
   */
  async getOrLoad(
    cacheKey: string,
    load: () => Promise<LoadedKey<M>>,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<LeasedKey<M>> {
    const cached = this.#live(cacheKey);
    if (cached) {
      this.#onEvent('hit');
      return this.#lease(cached, 'cache');
    }
    for (let attempt = 1; attempt <= MAX_LOADS; attempt++) {
      this.#onEvent(this.#flights.has(cacheKey) ? 'coalesced' : 'miss');
      const entry = await this.#flights.run(cacheKey, () => this.#load(cacheKey, load), options);
      if (!entry.key.isWiped && this.#clock.monotonicMs() < entry.expiresAtMs)
        return this.#lease(entry, 'load');
    }
    throw new CmkError('KMS_UNREACHABLE', 'the data key was taken away each time while it was being fetched');
  }

  /** Drops every key whose meta matches, and those being loaded now if their meta turns out to match. */
  evict(predicate: Predicate<M>): number {
    for (const load of this.#loads) load.evictions.push(predicate);
    for (const entry of this.#fresh) if (predicate(entry.meta)) entry.key.wipe();
    const matching = [...this.#entries.values()].filter((entry) => predicate(entry.meta));
    for (const entry of matching) this.#entries.delete(entry.cacheKey);
    return matching.length;
  }

  /** Drops one key. A load of it that is under way goes on. */
  drop(cacheKey: string): void {
    this.#entries.delete(cacheKey);
  }

  clear(): void {
    this.evict(() => true);
  }

  #live(cacheKey: string): Entry<M> | null {
    const entry = this.#entries.get(cacheKey);
    if (!entry) return null;
    if (this.#isUsable(entry)) return entry;
    this.#entries.delete(cacheKey);
    return null;
  }

  #isUsable(entry: Entry<M>): boolean {
    return entry.usesLeft > 0 && this.#clock.monotonicMs() < entry.expiresAtMs;
  }

  async #load(cacheKey: string, load: () => Promise<LoadedKey<M>>): Promise<Entry<M>> {
    const underWay = { evictions: [] };
    this.#loads.add(underWay);
    try {
      return this.#keep(cacheKey, await load(), underWay.evictions);
    } finally {
      this.#loads.delete(underWay);
    }
  }

  #keep(
    cacheKey: string,
    { dataKey, expiresAtMs, meta }: LoadedKey<M>,
    evictions: readonly Predicate<M>[],
  ): Entry<M> {
    const key = new SealedKey(this.#processKey.current(), cacheKey, dataKey);
    const entry = { cacheKey, key, expiresAtMs, meta, usesLeft: this.#maxUses };
    if (evictions.some((matches) => matches(entry.meta)) || !this.#isUsable(entry)) {
      entry.key.wipe();
    } else {
      this.#fresh.add(entry);
      setImmediate(() => this.#served(entry));
      this.#entries.set(cacheKey, entry);
      this.#sweepLater();
    }
    return entry;
  }

  #lease(entry: Entry<M>, source: 'cache' | 'load'): LeasedKey<M> {
    // Counted down below zero when more callers waited for one load than it has uses.
    entry.usesLeft--;
    return { dataKey: entry.key.open(), expiresAtMs: entry.expiresAtMs, meta: entry.meta, source };
  }

  /** Entries that nobody asks for any more must not outlive their leases in memory either. */
  #sweepLater(): void {
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    this.#clock.schedule(SWEEP_INTERVAL_MS, () => {
      this.#isSweeping = false;
      for (const entry of [...this.#entries.values()]) {
        if (!this.#isUsable(entry)) this.#entries.delete(entry.cacheKey);
      }
      if (this.#entries.size > 0) this.#sweepLater();
    });
  }

  #left(entry: Entry<M>): void {
    if (!this.#fresh.has(entry)) entry.key.wipe();
    this.#onEvent('evicted');
  }

  /** By now all who waited for the load have their copies: they continue in microtasks of the load's end. */
  #served(entry: Entry<M>): void {
    this.#fresh.delete(entry);
    if (this.#entries.peek(entry.cacheKey) !== entry) entry.key.wipe();
  }
}
