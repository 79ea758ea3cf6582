import test from 'ava';
import { Allowance } from '../../../broker/keys/allowance.ts';
import { Ledger } from '../../../broker/keys/ledger.ts';
import type { AuditEvent } from '../../../broker/model/types.ts';
import { DrivenClock } from '../../support/driven-clock.ts';
import { Recorder } from '../../support/key-world.ts';

test('a burst, then so many a second, and a count of what was left out', (t) => {
  const clock = new DrivenClock();
  const allowance = new Allowance({ clock, perSecond: 2, burst: 3 });
  const take = (times: number) => Array.from({ length: times }, () => allowance.take());
  t.deepEqual(take(5), [0, 0, 0, null, null]);
  clock.advance(500);
  t.deepEqual(take(2), [2, null]);
  clock.advance(3_600_000);
  t.deepEqual(take(4), [1, 0, 0, null]);
});

test('strangers cannot fill the database: every refusal is counted, not every one is written', async (t) => {
  const clock = new DrivenClock();
  const observer = new Recorder();
  const written: AuditEvent[] = [];
  const record = (event: AuditEvent) => Promise.resolve(void written.push(event));
  const ledger = new Ledger({ writer: { record }, clock, observer });
  const attempt = {
    action: 'ISSUE',
    actor: 'unknown peer',
    asset: null,
    reason: null,
    dataKeyId: null,
  } as const;
  const refuse = () => ledger.refuseStranger(attempt, 'NO_CERTIFICATE', 'none');
  for (let count = 0; count < 1000; count++) t.is((await refuse()).code, 'NOT_AUTHORIZED');
  t.is(observer.denials.length, 1000);
  t.is(written.length, 200);
  clock.advance(1000);
  await refuse();
  t.is(written.at(-1)?.detail, 'NO_CERTIFICATE: none (after 800 left out)');
});
