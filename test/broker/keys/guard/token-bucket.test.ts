import test from 'ava';
import { TokenBucket } from '../../../../broker/keys/guard/token-bucket.ts';
import { DrivenClock } from '../../../support/driven-clock.ts';

function turns(bucket: TokenBucket, count: number, maxWaitMs = 0): (number | null)[] {
  return Array.from({ length: count }, () => bucket.take(maxWaitMs));
}

test('a burst of one second’s worth, then the rate', (t) => {
  const clock = new DrivenClock();
  const bucket = new TokenBucket(clock, 10);
  t.deepEqual(turns(bucket, 11), [...Array<number>(10).fill(0), null]);
  clock.advance(100);
  t.deepEqual(turns(bucket, 2), [0, null]);
  clock.advance(60_000);
  t.deepEqual(turns(bucket, 11), [...Array<number>(10).fill(0), null]);
});

test('turns are given in advance, in the order of asking, as long as they come in time', (t) => {
  const bucket = new TokenBucket(new DrivenClock(), 10);
  turns(bucket, 10);
  t.deepEqual(turns(bucket, 4, 300), [100, 200, 300, null]);
});

test('a refused turn costs nothing', (t) => {
  const clock = new DrivenClock();
  const bucket = new TokenBucket(clock, 10);
  turns(bucket, 100);
  clock.advance(100);
  t.deepEqual(turns(bucket, 2), [0, null]);
});

test('throttling slows it down once a second, and it finds back to its rate', (t) => {
  const clock = new DrivenClock();
  const bucket = new TokenBucket(clock, 100);
  for (let calls = 0; calls < 50; calls++) bucket.slowDown();
  t.is(bucket.take(0), null);
  clock.advance(1_000);
  const once = turns(bucket, 200).filter((wait) => wait === 0).length;
  t.true(once >= 70 && once <= 75, `${once} in the second after one slow-down`);
  clock.advance(20_000);
  t.is(turns(bucket, 200).filter((wait) => wait === 0).length, 100);
});

test('it never stops altogether', (t) => {
  const clock = new DrivenClock();
  const bucket = new TokenBucket(clock, 100);
  for (let second = 0; second < 60; second++) {
    bucket.slowDown();
    clock.advance(1_000);
  }
  t.is(bucket.take(1_000), 0);
});
