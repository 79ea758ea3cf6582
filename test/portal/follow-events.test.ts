import test from 'ava';
import { followEvents, type Source } from '../../portal/api/follow-events.ts';

class FakeSource implements Source {
  readyState = 0;
  readonly #listeners: Record<string, () => void> = {};
  addEventListener(type: string, listener: () => void): void {
    this.#listeners[type] = listener;
  }
  close(): void {
    this.readyState = 2;
  }
  say(type: 'open' | 'error' | 'changed'): void {
    this.#listeners[type]?.();
  }
  /** As browsers do when the answer is no stream. */
  refuse(): void {
    this.readyState = 2;
    this.say('error');
  }
}

function world() {
  const sources: FakeSource[] = [];
  const timers: { afterMs: number; run: () => void; off: boolean }[] = [];
  const heard: (boolean | 'changed')[] = [];
  const end = followEvents({
    open: () => {
      const source = new FakeSource();
      sources.push(source);
      return source;
    },
    schedule: (afterMs, run) => {
      const timer = { afterMs, run, off: false };
      timers.push(timer);
      return () => (timer.off = true);
    },
    random: () => 1,
    onChanged: () => heard.push('changed'),
    onLive: (isLive) => heard.push(isLive),
  });
  const last = (): FakeSource => {
    const source = sources.at(-1);
    if (!source) throw new Error('no stream was opened');
    return source;
  };
  /** Runs those that wait as long as the predicate wants, and tells how long. */
  const runNext = (isWanted: (ms: number) => boolean = () => true): number => {
    const timer = timers.find((each) => !each.off && isWanted(each.afterMs));
    if (!timer) return -1;
    timer.off = true;
    timer.run();
    return timer.afterMs;
  };
  return { sources, timers, heard, end, last, runNext };
}

const isDoubt = (ms: number) => ms === 10_000;
const isRetry = (ms: number) => ms !== 10_000;

test('a stream that was refused is opened again, later each time, up to a minute', (t) => {
  const { last, runNext, sources } = world();
  const waits = Array.from({ length: 8 }, () => {
    last().refuse();
    return runNext(isRetry);
  });
  t.deepEqual(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  t.is(sources.length, 9);
});

test('a stream that is opened again has everything looked at, and the waits begin anew', (t) => {
  const { last, runNext, heard } = world();
  last().say('open');
  t.deepEqual(heard, [true], 'the first one missed nothing');
  last().refuse();
  runNext(isRetry);
  last().refuse();
  runNext(isRetry);
  last().say('open');
  t.deepEqual(heard, [true, true, 'changed']);
  t.is(runNext(isDoubt), -1, 'it was back before anybody was told');
  last().refuse();
  t.is(runNext(isRetry), 500);
});

test('after a while it is said that the page is not live', (t) => {
  const { last, runNext, heard } = world();
  last().say('open');
  last().say('error');
  last().say('error');
  t.is(runNext(isDoubt), 10_000);
  t.is(runNext(isDoubt), -1, 'it is said once');
  last().say('open');
  t.deepEqual(heard, [true, false, true]);
});

test('one that ended opens nothing, and is closed', (t) => {
  const { last, runNext, end, sources, heard } = world();
  last().say('open');
  last().refuse();
  end();
  t.is(runNext(), -1);
  last().refuse();
  t.is(runNext(), -1);
  t.is(sources.length, 1);
  t.is(last().readyState, 2);
  t.deepEqual(heard, [true]);
});
