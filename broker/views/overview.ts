import { viewOf, type KeyView } from '../keys/key-life.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Attention } from '../model/attention.ts';
import type { AssetType } from '../model/coverage.ts';
import type { Move } from '../model/moves.ts';
import {
  ACTS_OF_SERVICES,
  type Account,
  type AuditEvent,
  type FallbackEpisode,
  type FallbackPolicy,
} from '../model/types.ts';
import { unknownAccount } from '../model/unknown-account.ts';
import { endOfEpisode, needsAttention, stateOfEpisode, type FallbackState } from '../policy/attention.ts';
import type { ProtectionCount, Store } from '../store/store.ts';
import { HOUR_MS, lastDay } from './hours.ts';
import { ProtectionCounts } from './protection-counts.ts';

/** How much of one type is protected how. */
export type Protected = Omit<ProtectionCount, 'kekId'>;

/** A key, how its uses go, and how much it protects. */
export interface KeyOverview extends KeyView {
  readonly dataKeys: number;
}

/** The fallback that lasts, with its end. */
export interface FallbackOverview extends FallbackEpisode {
  readonly state: FallbackState;
  /** UNIX milliseconds; null: without end. */
  readonly endsAt: number | null;
  /** Until then, from now; null: without end. */
  readonly endsInMs: number | null;
  /** Null: any number. */
  readonly assetsLeft: number | null;
}

/** Why services were refused, or failed. */
export interface RefusalCount {
  readonly outcome: AuditEvent['outcome'];
  /** A denial reason or an error code; null: the events do not say. */
  readonly cause: string | null;
  readonly count: number;
}

/** An account at one glance. Times are UNIX milliseconds. */
export interface Overview {
  readonly at: number;
  readonly account: Account;
  readonly enrolments: readonly AssetType[];
  /** In order of service, type and protection. */
  readonly protection: readonly Protected[];
  /** Newest first. */
  readonly keys: readonly KeyOverview[];
  readonly fallback: { readonly policy: FallbackPolicy; readonly episode: FallbackOverview | null };
  /** Those that have not ended, newest first. */
  readonly moves: readonly Move[];
  readonly reencryption: { readonly dataKeys: number; readonly oldestSince: number | null };
  readonly refusals: { readonly since: number; readonly causes: readonly RefusalCount[] };
  /** The most urgent first. */
  readonly attention: readonly Attention[];
}

const OF_SERVICES: ReadonlySet<string> = new Set(ACTS_OF_SERVICES);
const MAX_MOVES = 100;

/** Tells how an account stands. */
export class Overviews {
  readonly #store: OverviewStore;
  readonly #clock: Clock;
  readonly #counts: ProtectionCounts;

  constructor(options: { store: OverviewStore; clock: Clock }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#counts = new ProtectionCounts(options);
  }

  /** Whether there is such an account. @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE */
  async check(id: string): Promise<void> {
    if (!(await this.#store.findAccount(id))) throw unknownAccount(id);
  }

  /** @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE */
  async one(id: string): Promise<Overview> {
    const store = this.#store;
    const at = Math.trunc(this.#clock.wallMs());
    const account = await store.findAccount(id);
    if (!account) throw unknownAccount(id);
    await store.tallies.count(id);
    const span = lastDay(at);
    const facts = (await store.attention.facts([id], span.fromHour)).get(id);
    if (!facts) throw unknownAccount(id);
    const moves = await store.moves.list(id, MAX_MOVES);
    const counts = await this.#counts.of(id);
    const { backlog, fallback: policy, episode } = facts;
    return {
      at,
      account,
      enrolments: await store.listEnrolments(id),
      protection: byProtection(counts),
      keys: await this.#keys(id, counts),
      fallback: { policy, episode: episode && fallbackOf(policy, episode, at) },
      moves: moves.filter(({ state }) => state === 'RUNNING' || state === 'PAUSED'),
      reencryption: backlog ?? { dataKeys: 0, oldestSince: null },
      refusals: { since: span.fromHour * HOUR_MS, causes: await this.#refusals(id, at) },
      attention: needsAttention(facts, at),
    };
  }

  async #keys(account: string, counts: readonly ProtectionCount[]): Promise<KeyOverview[]> {
    const keks = await this.#store.listAnyKeks(account);
    const statuses = await this.#store.keyStatuses.list(keks.map(({ id }) => id));
    return keks.map((kek) => {
      const under = counts.filter(({ kekId }) => kekId === kek.id);
      return { ...viewOf(kek, statuses), dataKeys: under.reduce((sum, { dataKeys }) => sum + dataKeys, 0) };
    });
  }

  async #refusals(account: string, nowMs: number): Promise<RefusalCount[]> {
    const counts = new Map<string, RefusalCount>();
    for (const tally of await this.#store.tallies.ledger(account, lastDay(nowMs))) {
      const { outcome, cause, events, action } = tally;
      if (outcome === 'ALLOWED' || !OF_SERVICES.has(action)) continue;
      const name = `${outcome} ${cause}`;
      counts.set(name, { outcome, cause, count: (counts.get(name)?.count ?? 0) + events });
    }
    return [...counts.values()].sort((a, b) => b.count - a.count);
  }
}

function byProtection(counts: readonly ProtectionCount[]): Protected[] {
  const sums = new Map<string, Protected>();
  for (const { kekId: _kekId, ...count } of counts) {
    const name = `${count.srvId} ${count.type} ${count.protection}`;
    const { assets, dataKeys } = sums.get(name) ?? { assets: 0, dataKeys: 0 };
    const sum = { assets: assets + count.assets, dataKeys: dataKeys + count.dataKeys };
    sums.set(name, { ...count, ...sum });
  }
  const names = [...sums.keys()].sort();
  return names.flatMap((name) => sums.get(name) ?? []);
}

function fallbackOf(policy: FallbackPolicy, episode: FallbackEpisode, nowMs: number): FallbackOverview {
  const endsAt = endOfEpisode(policy, episode);
  return {
    ...episode,
    state: stateOfEpisode(policy, episode, nowMs),
    endsAt,
    endsInMs: endsAt === null ? null : Math.max(0, endsAt - nowMs),
    assetsLeft: policy.maxAssets === null ? null : Math.max(0, policy.maxAssets - episode.assets),
  };
}

type OverviewStore = Pick<
  Store,
  | 'findAccount'
  | 'listEnrolments'
  | 'listAnyKeks'
  | 'keyStatuses'
  | 'assets'
  | 'attention'
  | 'moves'
  | 'tallies'
>;
