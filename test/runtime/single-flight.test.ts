import { getEventListeners } from 'node:events';
import test from 'ava';
import { CmkError } from '../../core/errors.ts';
import { abortable, SingleFlight } from '../../runtime/single-flight.ts';

/** Work whose end the test decides, and which counts its beginnings. */
function heldWork() {
  let begun = 0;
  let finish!: (value: string) => void;
  const promise = new Promise<string>((resolve) => (finish = resolve));
  return { work: () => (begun++, promise), finish, begun: () => begun };
}

test('1,000 calls for one key do the work once', async (t) => {
  const flights = new SingleFlight<string>();
  const { work, finish, begun } = heldWork();
  const calls = Array.from({ length: 1_000 }, () => flights.run('a', work));
  t.true(flights.has('a'));
  finish('done');
  t.deepEqual(new Set(await Promise.all(calls)), new Set(['done']));
  t.is(begun(), 1);
});

test('keys do not wait for one another', async (t) => {
  const flights = new SingleFlight<string>();
  const held = heldWork();
  const slow = flights.run('slow', held.work);
  t.is(await flights.run('quick', () => Promise.resolve('quick')), 'quick');
  t.is(flights.size, 1);
  held.finish('slow');
  t.is(await slow, 'slow');
});

test('once done, the next call does the work anew, after a failure too', async (t) => {
  const flights = new SingleFlight<string>();
  await t.throwsAsync(
    flights.run('a', () => Promise.reject(new Error('first'))),
    { message: 'first' },
  );
  t.is(flights.size, 0);
  t.is(await flights.run('a', () => Promise.resolve('second')), 'second');
});

test('a caller that cancels leaves the work to the others', async (t) => {
  const flights = new SingleFlight<string>();
  const { work, finish, begun } = heldWork();
  const controller = new AbortController();
  const first = flights.run('a', work, { signal: controller.signal });
  const second = flights.run('a', work);
  controller.abort(new Error('the caller hung up'));
  const error = await t.throwsAsync(first, { instanceOf: CmkError, code: 'CANCELLED' });
  t.is((error.cause as Error).message, 'the caller hung up');
  finish('done');
  t.is(await second, 'done');
  t.is(begun(), 1);
});

test('a failure that nobody waits for any more is not an unhandled rejection', async (t) => {
  const flights = new SingleFlight<string>();
  let fail!: (error: Error) => void;
  const failing = new Promise<string>((_, reject) => (fail = reject));
  const signal = AbortSignal.abort();
  await t.throwsAsync(
    flights.run('a', () => failing, { signal }),
    { code: 'CANCELLED' },
  );
  fail(new Error('too late for anybody'));
  // Ava fails the file on an unhandled rejection.
  await new Promise((resolve) => setImmediate(resolve));
  t.is(flights.size, 0);
});

test('waiting leaves no listener on a signal that lives longer', async (t) => {
  const { signal } = new AbortController();
  const waiting = abortable(Promise.resolve(), signal);
  t.is(getEventListeners(signal, 'abort').length, 1);
  await waiting;
  await new Promise((resolve) => setImmediate(resolve));
  t.is(getEventListeners(signal, 'abort').length, 0);
});
