import test from 'ava';
import { unknownStatus, type KeyStatusRecord } from '../../../broker/model/key-status.ts';
import {
  DEGRADED_AFTER_MS,
  FAILED_AFTER_MS,
  isChange,
  isTold,
  nextStatus,
  type KmsFact,
} from '../../../broker/policy/key-status.ts';

const PLACE = { kekId: 'k', reference: 'r', use: 'DECRYPT' } as const;
const SECOND = 1_000;
const ok = (at: number): KmsFact => ({ at, failure: null });
const throttled = (at: number): KmsFact => ({ at, failure: { code: 'KMS_THROTTLED', kind: 'OUTAGE' } });
const dead = (at: number): KmsFact => ({ at, failure: { code: 'KMS_UNREACHABLE', kind: 'OUTAGE' } });
const disabled = (at: number): KmsFact => ({ at, failure: { code: 'KEY_DISABLED', kind: 'DECIDED' } });
const denied = (at: number): KmsFact => ({
  at,
  failure: { code: 'KEY_PERMISSION_REVOKED', kind: 'SUSPECTED' },
});
/** Each ten seconds up to and at a time. */
const deadUntil = (end: number, from = 10 * SECOND): KmsFact[] =>
  Array.from({ length: Math.floor((end - from) / 10_000) + 1 }, (_, index) => dead(from + index * 10_000));

type Row = readonly [facts: readonly KmsFact[], status: KeyStatusRecord['status'], cause: string | null];

const ROWS: Record<string, Row> = {
  'nothing is known at first': [[], 'UNKNOWN', null],
  'a success is OK': [[ok(1)], 'OK', null],
  'a single throttle changes nothing': [[ok(1), throttled(2)], 'OK', 'KMS_THROTTLED'],
  'nor does it tell anything of a key that nobody used': [[throttled(1)], 'UNKNOWN', 'KMS_THROTTLED'],
  'nor does a burst of them': [
    [ok(1), ...Array.from({ length: 99 }, (_, i) => throttled(i + 2))],
    'OK',
    'KMS_THROTTLED',
  ],
  'nor do many with successes between them': [
    Array.from({ length: 99 }, (_, index) => (index % 2 ? ok(index * SECOND) : throttled(index * SECOND))),
    'OK',
    'KMS_THROTTLED',
  ],
  'failures for a while degrade': [
    [ok(1), dead(2), dead(2 + DEGRADED_AFTER_MS)],
    'DEGRADED',
    'KMS_UNREACHABLE',
  ],
  'just before that they do not': [[ok(1), dead(2), dead(1 + DEGRADED_AFTER_MS)], 'OK', 'KMS_UNREACHABLE'],
  'a success mends': [[dead(1), dead(20_000), ok(20_001)], 'OK', null],
  'an outage that lasts fails': [
    [ok(1), ...deadUntil(10_000 + FAILED_AFTER_MS)],
    'FAILED',
    'KMS_UNREACHABLE',
  ],
  'just before that it is degraded': [
    [ok(1), ...deadUntil(9_999 + FAILED_AFTER_MS)],
    'DEGRADED',
    'KMS_UNREACHABLE',
  ],
  'a throttle an hour after another is not an outage of an hour': [
    [ok(1), throttled(2), throttled(3_600_000)],
    'OK',
    'KMS_THROTTLED',
  ],
  'the customer’s decision fails at once': [[ok(1), disabled(2)], 'FAILED', 'KEY_DISABLED'],
  'an outage after it does not hide it': [[disabled(1), dead(2)], 'FAILED', 'KEY_DISABLED'],
  'another decision does': [
    [disabled(1), { at: 2, failure: { code: 'KEY_PENDING_DELETION', kind: 'DECIDED' } }],
    'FAILED',
    'KEY_PENDING_DELETION',
  ],
  'a decision explains an outage that failed': [
    [...deadUntil(20_000 + FAILED_AFTER_MS), disabled(FAILED_AFTER_MS + 30_000)],
    'FAILED',
    'KEY_DISABLED',
  ],
  'what may be about one asset alone changes nothing, however long': [
    [ok(1), ...deadUntil(60_000).map(({ at }) => denied(at))],
    'OK',
    'KEY_PERMISSION_REVOKED',
  ],
  'the later fact wins: a success from before a failure': [[disabled(5), ok(4)], 'FAILED', 'KEY_DISABLED'],
  'the later fact wins: a failure from before a success': [[ok(5), disabled(4)], 'OK', null],
};

for (const [name, [facts, status, cause]] of Object.entries(ROWS)) {
  test(name, (t) => {
    const record = facts.reduce(nextStatus, unknownStatus(PLACE));
    t.is(record.status, status);
    t.is(record.cause, cause as typeof record.cause);
    const times = (fails: boolean) =>
      facts.filter(({ failure }) => (failure !== null) === fails).map(({ at }) => at);
    t.is(record.lastSuccessAt, times(false).length === 0 ? null : Math.max(...times(false)));
    t.is(record.lastFailureAt, times(true).length === 0 ? null : Math.max(...times(true)));
    t.is(record.failingSince === null, cause === null);
  });
}

test('what is told, and what is written down at once', (t) => {
  const unknown = unknownStatus(PLACE);
  const good = nextStatus(unknown, ok(1));
  const rows: [string, KeyStatusRecord, KeyStatusRecord, boolean, boolean][] = [
    ['the first use of a key that works', unknown, good, false, true],
    ['the next', good, nextStatus(good, ok(2)), false, false],
    ['a first failure', good, nextStatus(good, throttled(2)), false, true],
    [
      'the next',
      nextStatus(good, throttled(2)),
      nextStatus(nextStatus(good, throttled(2)), dead(3)),
      false,
      false,
    ],
    ['a decision', good, nextStatus(good, disabled(2)), true, true],
    [
      'again',
      nextStatus(good, disabled(2)),
      nextStatus(nextStatus(good, disabled(2)), disabled(3)),
      false,
      false,
    ],
    ['a key that is dead from the first', unknown, nextStatus(unknown, disabled(2)), true, true],
    [
      'a recovery',
      nextStatus(good, disabled(2)),
      nextStatus(nextStatus(good, disabled(2)), ok(3)),
      true,
      true,
    ],
    [
      'a recovery from what nobody was told of',
      nextStatus(good, throttled(2)),
      nextStatus(good, ok(3)),
      false,
      true,
    ],
  ];
  for (const [name, before, after, told, change] of rows) {
    t.is(isTold(before, after), told, name);
    t.is(isChange(before, after), change, name);
  }
});
