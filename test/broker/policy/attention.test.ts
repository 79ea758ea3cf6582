import test from 'ava';
import type { Attention, AttentionFacts } from '../../../broker/model/attention.ts';
import { NO_FALLBACK, type FallbackEpisode } from '../../../broker/model/types.ts';
import { needsAttention, stateOfEpisode } from '../../../broker/policy/attention.ts';

const NOW = 1_700_000_000_000;
const HOUR = 3_600_000;
const KEY = { id: 'k', lifecycle: 'ACTIVE', reference: 'arn', protects: false } as const;
const WELL: AttentionFacts = {
  licence: 'ACCOUNT',
  enrolments: 1,
  recipients: 1,
  untold: 0,
  keks: [KEY],
  troubles: [],
  fallback: NO_FALLBACK,
  episode: null,
  moves: [],
  backlog: null,
  refusals: 0,
  gaps: 0,
};
const TROUBLE = {
  kekId: 'k',
  reference: 'arn',
  use: 'DECRYPT',
  status: 'FAILED',
  cause: 'KEY_DISABLED',
  since: NOW,
} as const;
const MOVE = { id: 'm', kind: 'ROTATE', isPaused: false, problem: null, left: 3, failed: 0 } as const;
const ANY = { mode: 'ANY', maxHours: 2, maxAssets: 10 } as const;

function episode(facts: Partial<FallbackEpisode> = {}): FallbackEpisode {
  return {
    id: 'e',
    account: 'acme',
    kekId: 'k',
    cause: 'KEY_DISABLED',
    startedAt: NOW - HOUR,
    endedAt: null,
    assets: 4,
    probes: 1,
    nextProbeAt: NOW,
    ...facts,
  };
}

const ROWS: Record<string, [Partial<AttentionFacts>, Attention['code'][]]> = {
  'all is well': [{}, []],
  'no licence, so nothing is to be set up': [{ licence: 'NONE', keks: [], enrolments: 0, recipients: 0 }, []],
  'nothing is set up': [
    { keks: [], enrolments: 0, recipients: 0 },
    ['NO_KEY', 'NOTHING_ENROLLED', 'NO_CONTACTS'],
  ],
  'alerts do not get through': [{ untold: 1 }, ['ALERTS_NOT_DELIVERED']],
  'a key that is not yet used is a key': [{ keks: [{ ...KEY, lifecycle: 'STANDBY' }] }, []],
  'a key that only opens is none': [{ keks: [{ ...KEY, lifecycle: 'DECRYPT_ONLY' }] }, ['NO_KEY']],
  'a key failed': [{ troubles: [TROUBLE] }, ['KEY_FAILED']],
  'a key is degraded': [{ troubles: [{ ...TROUBLE, status: 'DEGRADED' }] }, ['KEY_DEGRADED']],
  'a retired key need not work': [
    { keks: [KEY, { ...KEY, id: 'old', lifecycle: 'RETIRED' }], troubles: [{ ...TROUBLE, kekId: 'old' }] },
    [],
  ],
  'a retired key protects something': [
    { keks: [KEY, { ...KEY, id: 'old', lifecycle: 'RETIRED', protects: true }] },
    ['RETIRED_KEY_PROTECTS'],
  ],
  'the platform key stands in': [{ fallback: ANY, episode: episode() }, ['FALLBACK_ACTIVE']],
  'and may not any more': [{ fallback: ANY, episode: episode({ assets: 10 }) }, ['FALLBACK_EXHAUSTED']],
  'a move waits': [{ moves: [{ ...MOVE, problem: 'KMS_THROTTLED' }] }, ['MOVE_WAITING']],
  'a move is paused, with failures': [
    { moves: [{ ...MOVE, isPaused: true, failed: 1 }] },
    ['MOVE_FAILURES', 'MOVE_PAUSED'],
  ],
  'a move goes on': [{ moves: [MOVE] }, []],
  'the most urgent comes first': [
    { recipients: 0, gaps: 2, refusals: 1, backlog: { dataKeys: 1, oldestSince: NOW }, troubles: [TROUBLE] },
    ['KEY_FAILED', 'REENCRYPTION_BACKLOG', 'CALLS_REFUSED', 'USES_UNKNOWN', 'NO_CONTACTS'],
  ],
};

for (const [name, [facts, expected]] of Object.entries(ROWS)) {
  test(`needs attention: ${name}`, (t) => {
    const codes = needsAttention({ ...WELL, ...facts }, NOW).map(({ code }) => code);
    t.deepEqual(codes, expected);
  });
}

test('a fallback ends with its hours, with its assets, or when it is switched off', (t) => {
  t.is(stateOfEpisode(ANY, episode(), NOW), 'STANDING_IN');
  t.is(stateOfEpisode(ANY, episode(), NOW + HOUR - 1), 'STANDING_IN');
  t.is(stateOfEpisode(ANY, episode(), NOW + HOUR), 'EXHAUSTED');
  t.is(stateOfEpisode(ANY, episode({ assets: 10 }), NOW), 'EXHAUSTED');
  t.is(
    stateOfEpisode({ ...ANY, maxHours: null, maxAssets: null }, episode({ assets: 99 }), NOW),
    'STANDING_IN',
  );
  t.is(stateOfEpisode(NO_FALLBACK, episode(), NOW), 'SWITCHED_OFF');
});
