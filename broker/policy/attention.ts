import {
  ATTENTION_LEVELS,
  type Attention,
  type AttentionFacts,
  type AttentionLevel,
} from '../model/attention.ts';
import type { FallbackEpisode, FallbackPolicy } from '../model/types.ts';

const MS_PER_HOUR = 3_600_000;

/** How a fallback episode stands: the platform key stands in, its limits are reached, or the account switched it off. */
export type FallbackState = 'STANDING_IN' | 'EXHAUSTED' | 'SWITCHED_OFF';

/** When an episode may last no longer, UNIX milliseconds; null: without end. */
export function endOfEpisode({ maxHours }: FallbackPolicy, { startedAt }: FallbackEpisode): number | null {
  return maxHours === null ? null : startedAt + maxHours * MS_PER_HOUR;
}

export function stateOfEpisode(
  policy: FallbackPolicy,
  episode: FallbackEpisode,
  nowMs: number,
): FallbackState {
  if (policy.mode === 'OFF') return 'SWITCHED_OFF';
  const endsAt = endOfEpisode(policy, episode);
  const isOver = endsAt !== null && endsAt <= nowMs;
  const isFull = policy.maxAssets !== null && episode.assets >= policy.maxAssets;
  return isOver || isFull ? 'EXHAUSTED' : 'STANDING_IN';
}

/** What needs somebody's attention, the most urgent first. */
export function needsAttention(facts: AttentionFacts, nowMs: number): Attention[] {
  const all = [
    ...keyTroubles(facts),
    ...retiredKeys(facts),
    ...fallbackTrouble(facts, nowMs),
    ...moveTroubles(facts),
    ...uses(facts),
    ...setUp(facts),
  ];
  const rank = (level: AttentionLevel) => ATTENTION_LEVELS.indexOf(level);
  return all.toSorted((a, b) => rank(a.level) - rank(b.level));
}

/** A key that is retired is not expected to work. */
function keyTroubles({ keks, troubles }: AttentionFacts): Attention[] {
  return troubles.flatMap(({ status, ...facts }): Attention[] => {
    const kek = keks.find(({ id }) => id === facts.kekId);
    if (!kek || kek.lifecycle === 'RETIRED') return [];
    const { lifecycle } = kek;
    return status === 'FAILED'
      ? [{ level: 'URGENT', code: 'KEY_FAILED', lifecycle, ...facts }]
      : [{ level: 'WARNING', code: 'KEY_DEGRADED', lifecycle, ...facts }];
  });
}

function retiredKeys({ keks }: AttentionFacts): Attention[] {
  return keks
    .filter(({ lifecycle, protects }) => lifecycle === 'RETIRED' && protects)
    .map(({ id, reference }) => ({ level: 'URGENT', code: 'RETIRED_KEY_PROTECTS', kekId: id, reference }));
}

function fallbackTrouble({ fallback, episode }: AttentionFacts, nowMs: number): Attention[] {
  if (!episode) return [];
  const isActive = stateOfEpisode(fallback, episode, nowMs) === 'STANDING_IN';
  const { kekId, cause, startedAt, assets } = episode;
  const { maxAssets } = fallback;
  const facts = { kekId, cause, startedAt, endsAt: endOfEpisode(fallback, episode), assets, maxAssets };
  return isActive
    ? [{ level: 'WARNING', code: 'FALLBACK_ACTIVE', ...facts }]
    : [{ level: 'URGENT', code: 'FALLBACK_EXHAUSTED', ...facts }];
}

function moveTroubles({ moves }: AttentionFacts): Attention[] {
  return moves.flatMap(({ id: moveId, kind, isPaused, problem: cause, left, failed }) => {
    const found: Attention[] = [];
    if (cause !== null) found.push({ level: 'WARNING', code: 'MOVE_WAITING', moveId, kind, cause, left });
    if (failed > 0) found.push({ level: 'WARNING', code: 'MOVE_FAILURES', moveId, kind, failed });
    if (isPaused) found.push({ level: 'WARNING', code: 'MOVE_PAUSED', moveId, kind, left });
    return found;
  });
}

function uses({ backlog, refusals, gaps, untold }: AttentionFacts): Attention[] {
  const found: Attention[] = [];
  if (untold > 0) found.push({ level: 'WARNING', code: 'ALERTS_NOT_DELIVERED', recipients: untold });
  if (backlog) found.push({ level: 'WARNING', code: 'REENCRYPTION_BACKLOG', ...backlog });
  if (refusals > 0) found.push({ level: 'WARNING', code: 'CALLS_REFUSED', count: refusals });
  if (gaps > 0) found.push({ level: 'WARNING', code: 'USES_UNKNOWN', gaps });
  return found;
}

/** An account without a licence has nothing to set up yet. */
function setUp({ licence, keks, enrolments, recipients }: AttentionFacts): Attention[] {
  if (licence === 'NONE') return [];
  const found: Attention[] = [];
  const isInUse = keks.some(({ lifecycle }) => lifecycle === 'STANDBY' || lifecycle === 'ACTIVE');
  if (!isInUse) found.push({ level: 'SET_UP', code: 'NO_KEY' });
  if (enrolments === 0) found.push({ level: 'SET_UP', code: 'NOTHING_ENROLLED' });
  if (recipients === 0) found.push({ level: 'SET_UP', code: 'NO_CONTACTS' });
  return found;
}
