import test from 'ava';
import { auditEvent } from '../../../broker/audit/audit-event.ts';
import { DrivenClock } from '../../support/driven-clock.ts';

const FACTS = { action: 'RESOLVE', outcome: 'REFUSED', actor: 'spiffe://example/recorder' } as const;

test('what is not given is null, the time is the clock’s', (t) => {
  const { id, ...event } = auditEvent(new DrivenClock(), FACTS);
  t.regex(id, /^[0-9a-f-]{36}$/);
  t.deepEqual(event, {
    ...FACTS,
    at: Date.UTC(2026, 0, 1),
    account: null,
    asset: null,
    reason: null,
    dataKeyId: null,
    kekId: null,
    source: null,
    operation: null,
    count: null,
    from: null,
    until: null,
    detail: null,
  });
});

test('ids sort as the events happened', (t) => {
  const clock = new DrivenClock();
  const ids = [];
  for (let ms = 0; ms < 20; ms++) {
    for (let count = 0; count < 20; count++) ids.push(auditEvent(clock, FACTS).id);
    clock.advance(1);
  }
  t.deepEqual(ids.toSorted(), ids);
});

for (const [name, text, expected] of [
  ['line breaks', 'a\r\nfake line', 'a\u{fffd}\u{fffd}fake line'],
  ['a NUL, which PostgreSQL cannot store', 'a\0b', 'a\u{fffd}b'],
  ['half a character', 'a\ud800b', 'a\u{fffd}b'],
  ['a character cut in half', `${'x'.repeat(999)}😀`, `${'x'.repeat(999)}\u{fffd}`],
  ['endless text', 'x'.repeat(100_000), 'x'.repeat(1_000)],
  ['ordinary text', 'Zoë’s 😀 "key"', 'Zoë’s 😀 "key"'],
] as const) {
  test(`texts from outside become plain: ${name}`, (t) => {
    const event = auditEvent(new DrivenClock(), { ...FACTS, actor: text, detail: text });
    t.deepEqual([event.actor, event.detail], [expected, expected]);
  });
}
