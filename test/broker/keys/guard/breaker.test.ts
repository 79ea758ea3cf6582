import test from 'ava';
import { Breaker } from '../../../../broker/keys/guard/breaker.ts';
import { RetryBudget } from '../../../../broker/keys/guard/retry-budget.ts';
import { KmsError } from '../../../../broker/kms/provider.ts';
import { DrivenClock } from '../../../support/driven-clock.ts';

const DEAD = new KmsError('UNREACHABLE', 'dead');

function broken(failures: number) {
  const clock = new DrivenClock();
  const breaker = new Breaker(clock);
  for (let count = 0; count < failures; count++) breaker.failed(DEAD);
  return { clock, breaker };
}

test('a single failure lets it rest, and refuses nobody', (t) => {
  const { breaker } = broken(1);
  t.true(breaker.isResting);
  t.is(breaker.refusal(), null);
  breaker.succeeded();
  t.false(breaker.isResting);
});

test('after five in a row the last failure is the answer, and one call a second finds out more', (t) => {
  const { breaker, clock } = broken(4);
  t.is(breaker.refusal(), null);
  breaker.failed(DEAD);
  t.is(breaker.refusal(), DEAD);
  clock.advance(999);
  t.is(breaker.refusal(), DEAD);
  clock.advance(1);
  t.is(breaker.refusal(), null);
  breaker.begin();
  t.is(breaker.refusal(), DEAD);
  // Also while that one is still under way: no failure is older than a second without a question after it.
  clock.advance(1_000);
  t.is(breaker.refusal(), null);
  breaker.begin();
  t.is(breaker.refusal(), DEAD);
  breaker.succeeded();
  t.is(breaker.refusal(), null);
});

test('trials behind the callers’ backs come after 1, 2, 4, 8 and then every 10 seconds, one each', (t) => {
  const { breaker, clock } = broken(1);
  const at: number[] = [];
  for (let second = 0; second <= 36; second++) {
    if (breaker.takeTrial()) {
      at.push(second);
      t.false(breaker.takeTrial());
      breaker.failed(DEAD);
    }
    clock.advance(1_000);
  }
  t.deepEqual(at, [1, 2, 4, 8, 16, 26, 36]);
});

test('a new failure after a recovery begins with short rests again', (t) => {
  const { breaker, clock } = broken(1);
  for (const restMs of [1_000, 1_000, 2_000]) {
    clock.advance(restMs);
    t.true(breaker.takeTrial());
  }
  breaker.succeeded();
  t.false(breaker.takeTrial());
  breaker.failed(DEAD);
  clock.advance(1_000);
  t.true(breaker.takeTrial());
});

test('retries are a tenth of the calls, and ten in advance', (t) => {
  const budget = new RetryBudget();
  const affordable = () => {
    let count = 0;
    while (budget.spend()) count++;
    return count;
  };
  t.is(affordable(), 10);
  for (let calls = 0; calls < 55; calls++) budget.earn();
  t.is(affordable(), 5);
  for (let calls = 0; calls < 1_000; calls++) budget.earn();
  t.is(affordable(), 10);
});
