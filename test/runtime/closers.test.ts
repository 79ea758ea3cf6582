import test from 'ava';
import { Closers } from '../../runtime/closers.ts';
import { DrivenClock } from '../support/driven-clock.ts';

test('what was made last is let go of first, and all share one grace period', async (t) => {
  const clock = new DrivenClock();
  const closers = new Closers(clock);
  const graces: [string, number][] = [];
  const takes = (name: string, ms: number) =>
    closers.add((graceMs) => {
      graces.push([name, graceMs]);
      clock.advance(ms);
    });
  takes('store', 0);
  takes('admin', 9_000);
  takes('calls', 20_000);
  await closers.close(25_000);
  t.deepEqual(graces, [
    ['calls', 25_000],
    ['admin', 5_000],
    ['store', 0],
  ]);
  await closers.close(25_000);
  t.is(graces.length, 3);
});

test('one that fails keeps none from being tried', async (t) => {
  const closers = new Closers(new DrivenClock());
  let isClosed = false;
  closers.add(() => void (isClosed = true));
  closers.add(() => Promise.reject(new Error('stuck')));
  const error = await t.throwsAsync<AggregateError>(closers.close(0), { instanceOf: AggregateError });
  t.deepEqual(
    error.errors.map((each) => (each as Error).message),
    ['stuck'],
  );
  t.true(isClosed);
});
