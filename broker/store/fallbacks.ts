import type { Knex } from 'knex';
import { CmkError } from '../../core/errors.ts';
import type { NewerWord } from '../model/newer-word.ts';
import {
  FAILURE_WISHES,
  FALLBACK_MODES,
  type Coverage,
  type FailureWish,
  type FallbackEpisode,
  type FallbackPolicy,
} from '../model/types.ts';
import { uuidv7 } from '../model/uuid.ts';
import { readRow, readRows } from './database.ts';
import type { Row } from './row.ts';
import type { FallbackStart } from './fallback-store.ts';
import { isSqlite } from './migrations/columns.ts';
import type { Versioned } from './versions.ts';

/** What an account wants for an asset type. */
export interface TypeWish {
  readonly srvId: string;
  readonly type: string;
  readonly wish: FailureWish | NewerWord;
}

export const FALLBACK_COLUMNS = ['a.fallback_mode', 'a.fallback_max_hours', 'a.fallback_max_assets'];

export function toFallback(row: Row): FallbackPolicy {
  return {
    mode: row.word('fallback_mode', FALLBACK_MODES),
    maxHours: row.isNull('fallback_max_hours') ? null : row.integer('fallback_max_hours', 1),
    maxAssets: row.isNull('fallback_max_assets') ? null : row.integer('fallback_max_assets', 1),
  };
}

/** To decide by: of a mode that a newer release added nobody here knows when the platform key may stand in, so never. */
export function toKnownFallback(row: Row): Coverage['fallback'] {
  const policy = toFallback(row);
  return { ...policy, mode: FALLBACK_MODES.find((mode) => mode === policy.mode) ?? 'OFF' };
}

/** @returns the policy as stored @throws CmkError CONFLICT when there is no such account */
export async function setFallback(
  db: Knex,
  account: string,
  policy: FallbackPolicy,
): Promise<Versioned<FallbackPolicy>> {
  await db('accounts')
    .where({ id: account })
    .update({
      fallback_mode: policy.mode,
      fallback_max_hours: policy.maxHours,
      fallback_max_assets: policy.maxAssets,
      fallback_version: db.raw('fallback_version + 1'),
    });
  const stored = await findFallback(db, account);
  if (!stored) throw new CmkError('CONFLICT', 'the account whose fallback was to be set is not stored');
  return stored;
}

export async function findFallback(db: Knex, account: string): Promise<Versioned<FallbackPolicy> | null> {
  const columns = [...FALLBACK_COLUMNS, 'a.fallback_version'];
  const row = await readRow('accounts', db('accounts as a').where({ id: account }).select(columns));
  return row && { value: toFallback(row), version: row.integer('fallback_version', 1) };
}

export async function setFailureWish(
  db: Knex,
  { account, srvId, type, wish }: { account: string; srvId: string; type: string; wish: FailureWish },
): Promise<void> {
  const key = { account, srv_id: srvId, type };
  if (wish === 'FAIL_ASSET') await db('failure_wishes').where(key).delete();
  else {
    await db('failure_wishes')
      .insert({ ...key, wish })
      .onConflict(['account', 'srv_id', 'type'])
      .merge();
  }
}

export async function listFailureWishes(db: Knex, account: string): Promise<TypeWish[]> {
  const query = db('failure_wishes').where({ account }).orderBy(['srv_id', 'type']);
  return (await readRows('failure_wishes', query)).map((row) => ({
    srvId: row.text('srv_id'),
    type: row.text('type'),
    wish: row.word('wish', FAILURE_WISHES),
  }));
}

/**
 * Counts a data key in the account's episode, and begins one when none lasts.
 * @returns whether it is the episode's first
 * @throws what the start's check throws
 */
export async function countFallback(
  db: Knex,
  account: string,
  start: FallbackStart,
): Promise<{ isFirst: boolean }> {
  const { kekId, cause, at, nextProbeAt, check } = start;
  const begun = await db('fallback_episodes')
    .insert({
      id: uuidv7(at),
      account,
      kek_id: kekId,
      cause,
      started_at: at,
      ended_at: null,
      assets: 0,
      probes: 0,
      next_probe_at: nextProbeAt,
    })
    .onConflict()
    .ignore()
    .returning('id');
  // Locked from here on. SQLite has one writer, and no words for this.
  const lasting = db('fallback_episodes').where({ account, ended_at: null });
  const row = await readRow('fallback_episodes', isSqlite(db) ? lasting : lasting.forUpdate());
  if (!row) throw new CmkError('STORE_UNAVAILABLE', 'an episode of fallback was in the way and is gone');
  const episode = toEpisode(row);
  check(episode);
  await db('fallback_episodes')
    .where({ id: episode.id })
    .update({ assets: db.raw('assets + 1'), cause });
  return { isFirst: begun.length > 0 };
}

export async function findEpisode(db: Knex, account: string): Promise<FallbackEpisode | null> {
  const row = await readRow('fallback_episodes', db('fallback_episodes').where({ account, ended_at: null }));
  return row && toEpisode(row);
}

export async function listEpisodes(
  db: Knex,
  account: string,
  limit: number,
  before: string | null,
): Promise<FallbackEpisode[]> {
  const query = db('fallback_episodes').where({ account }).orderBy('id', 'desc').limit(limit);
  if (before !== null) void query.where('id', '<', before);
  return (await readRows('fallback_episodes', query)).map(toEpisode);
}

/** The claim is the time of the next probe itself: whoever dies on the way is followed by another at that time. */
export async function claimEpisodes(
  db: Knex,
  { now, claimedUntil, limit }: { now: number; claimedUntil: number; limit: number },
): Promise<FallbackEpisode[]> {
  const due = db('fallback_episodes')
    .where({ ended_at: null })
    .where('next_probe_at', '<=', now)
    .orderBy('next_probe_at')
    .limit(limit);
  const episodes = (await readRows('fallback_episodes', due)).map(toEpisode);
  const claimed: FallbackEpisode[] = [];
  for (const episode of episodes) {
    const changed = await db('fallback_episodes')
      .where({ id: episode.id, ended_at: null, next_probe_at: episode.nextProbeAt })
      .update({ next_probe_at: claimedUntil });
    if (changed === 1) claimed.push(episode);
  }
  return claimed;
}

export async function probeFailed(
  db: Knex,
  id: string,
  { cause, nextProbeAt }: { cause: string; nextProbeAt: number },
): Promise<void> {
  const facts = { cause, next_probe_at: nextProbeAt, probes: db.raw('probes + 1') };
  await db('fallback_episodes').where({ id, ended_at: null }).update(facts);
}

export async function endEpisode(db: Knex, id: string, endedAt: number): Promise<boolean> {
  return (await db('fallback_episodes').where({ id, ended_at: null }).update({ ended_at: endedAt })) === 1;
}

export function toEpisode(row: Row): FallbackEpisode {
  return {
    id: row.text('id'),
    account: row.text('account'),
    kekId: row.text('kek_id'),
    cause: row.text('cause'),
    startedAt: row.integer('started_at'),
    endedAt: row.isNull('ended_at') ? null : row.integer('ended_at'),
    assets: row.integer('assets'),
    probes: row.integer('probes'),
    nextProbeAt: row.integer('next_probe_at'),
  };
}
