import { mock } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { DataKey } from '../../core/data-key.ts';
import { CmkError } from '../../core/errors.ts';
import {
  SealedKeyCache,
  type CacheEvent,
  type LeasedKey,
  type LoadedKey,
} from '../../runtime/sealed-cache.ts';
import { SealedKey } from '../../runtime/sealed-key.ts';
import { DrivenClock } from '../support/driven-clock.ts';

interface Meta {
  kekId: string;
}

const LEASE_MS = 300_000;

function setUp(options: { maxEntries?: number; maxUses?: number } = {}) {
  const clock = new DrivenClock();
  const events: CacheEvent[] = [];
  const cache = new SealedKeyCache<Meta>({
    clock,
    maxEntries: options.maxEntries ?? 100,
    maxUses: options.maxUses ?? 1_000,
    onEvent: (event) => events.push(event),
  });
  let loads = 0;
  /** A load that gives a new key each time, with a whole lease from now. */
  const load = (kekId = 'kek-1', leaseMs = LEASE_MS) => {
    loads++;
    const dataKey = DataKey.generate();
    return Promise.resolve({ dataKey, expiresAtMs: clock.monotonicMs() + leaseMs, meta: { kekId } });
  };
  return { clock, cache, events, load, loads: () => loads };
}

/** A load whose end the test decides. */
function pendingLoad() {
  let resolve!: (loaded: LoadedKey<Meta>) => void;
  const promise = new Promise<LoadedKey<Meta>>((settle) => (resolve = settle));
  return { load: () => promise, resolve };
}

function bytesOf(leased: LeasedKey<Meta>): string {
  try {
    return [...leased.dataKey.copyBytes()].join();
  } finally {
    leased.dataKey[Symbol.dispose]();
  }
}

function count(events: readonly CacheEvent[], event: CacheEvent): number {
  return events.filter((each) => each === event).length;
}

test('the first call loads, the next is served from the cache with the same key, lease and meta', async (t) => {
  const { cache, load, loads, events } = setUp();
  const first = await cache.getOrLoad('a', load);
  const second = await cache.getOrLoad('a', load);
  t.is(first.source, 'load');
  t.is(second.source, 'cache');
  t.is(second.expiresAtMs, first.expiresAtMs);
  t.deepEqual(second.meta, { kekId: 'kek-1' });
  t.is(bytesOf(second), bytesOf(first));
  t.is(loads(), 1);
  t.deepEqual(events, ['miss', 'hit']);
});

test('every caller owns its key: disposing of one leaves the others usable', async (t) => {
  const { cache, load } = setUp();
  const [first, second] = await Promise.all([cache.getOrLoad('a', load), cache.getOrLoad('a', load)]);
  first.dataKey[Symbol.dispose]();
  t.notThrows(() => second.dataKey.copyBytes());
  t.notThrows(async () => (await cache.getOrLoad('a', load)).dataKey.copyBytes());
});

test('the cache disposes of the loaded key', async (t) => {
  const { cache, clock } = setUp();
  const dataKey = DataKey.generate();
  const load = () => Promise.resolve({ dataKey, expiresAtMs: clock.monotonicMs() + 1, meta: { kekId: 'k' } });
  await cache.getOrLoad('a', load);
  t.throws(() => dataKey.copyBytes(), { code: 'INTERNAL' });
});

test('a lease never slides: it ends when its load said, however often it is used', async (t) => {
  const { cache, load, loads, clock } = setUp();
  const { expiresAtMs } = await cache.getOrLoad('a', load);
  for (let second = 1; second < 300; second++) {
    clock.advance(1_000);
    const leased = await cache.getOrLoad('a', load);
    t.is(leased.expiresAtMs, expiresAtMs);
  }
  clock.advance(999);
  t.is((await cache.getOrLoad('a', load)).source, 'cache');
  t.is(loads(), 1);
  clock.advance(1);
  t.is((await cache.getOrLoad('a', load)).source, 'load');
  t.is(loads(), 2);
});

test('turning the wall clock changes nothing', async (t) => {
  const { cache, load, clock } = setUp();
  await cache.getOrLoad('a', load);
  clock.turnWallClock(3_600_000);
  t.is((await cache.getOrLoad('a', load)).source, 'cache');
  clock.turnWallClock(-7_200_000);
  clock.advance(LEASE_MS);
  t.is((await cache.getOrLoad('a', load)).source, 'load');
});

test('a key is loaded again once its uses are spent', async (t) => {
  const { cache, load } = setUp({ maxUses: 3 });
  const sources = [];
  for (let use = 0; use < 7; use++) sources.push((await cache.getOrLoad('a', load)).source);
  t.deepEqual(sources, ['load', 'cache', 'cache', 'load', 'cache', 'cache', 'load']);
});

test('entries are bounded: the least recently used one makes room', async (t) => {
  const { cache, load, events } = setUp({ maxEntries: 2 });
  await cache.getOrLoad('a', load);
  await cache.getOrLoad('b', load);
  await cache.getOrLoad('a', load);
  await cache.getOrLoad('c', load);
  t.is(cache.size, 2);
  t.is((await cache.getOrLoad('a', load)).source, 'cache');
  t.is((await cache.getOrLoad('b', load)).source, 'load');
  t.is(count(events, 'evicted'), 2);
});

test('1,000 callers at once share one load', async (t) => {
  const { cache, load, loads, events } = setUp();
  const leased = await Promise.all(Array.from({ length: 1_000 }, () => cache.getOrLoad('a', load)));
  t.is(loads(), 1);
  t.is(new Set(leased.map(bytesOf)).size, 1);
  t.is(count(events, 'miss'), 1);
  t.is(count(events, 'coalesced'), 999);
});

test('callers that waited for one load share it even if they are more than its uses', async (t) => {
  const { cache, load, loads } = setUp({ maxUses: 10 });
  const leased = await Promise.all(Array.from({ length: 1_000 }, () => cache.getOrLoad('a', load)));
  t.is(new Set(leased.map(bytesOf)).size, 1);
  t.is(loads(), 1);
  t.is((await cache.getOrLoad('a', load)).source, 'load');
});

test('1,000 keys loaded at once through a cache of one entry all reach their callers', async (t) => {
  const { cache, load, loads } = setUp({ maxEntries: 1 });
  const keys = Array.from({ length: 1_000 }, (_, index) => `key-${index}`);
  const leased = await Promise.all(keys.map((key) => cache.getOrLoad(key, load)));
  t.is(new Set(leased.map(bytesOf)).size, 1_000);
  t.is(loads(), 1_000);
  t.is(cache.size, 1);
});

test('a caller that cancels stops waiting; the load goes on for the others and for the cache', async (t) => {
  const { cache, clock } = setUp();
  const { load, resolve } = pendingLoad();
  const cancelled = new AbortController();
  const first = cache.getOrLoad('a', load, { signal: cancelled.signal });
  const second = cache.getOrLoad('a', load, { signal: new AbortController().signal });
  cancelled.abort();
  await t.throwsAsync(first, { instanceOf: CmkError, code: 'CANCELLED' });
  resolve({ dataKey: DataKey.generate(), expiresAtMs: clock.monotonicMs() + LEASE_MS, meta: { kekId: 'k' } });
  t.is((await second).source, 'load');
  t.is((await cache.getOrLoad('a', load)).source, 'cache');
});

test('a caller that had cancelled before it asked waits for nothing', async (t) => {
  const { cache, load } = setUp();
  await t.throwsAsync(cache.getOrLoad('a', load, { signal: AbortSignal.abort() }), { code: 'CANCELLED' });
});

test('a failure reaches everyone who waited, and is not kept', async (t) => {
  const { cache, load } = setUp();
  const failing = () => Promise.reject(new CmkError('KEY_DISABLED', 'disabled'));
  const calls = Array.from({ length: 10 }, () => cache.getOrLoad('a', failing));
  for (const outcome of await Promise.allSettled(calls)) {
    t.is(outcome.status === 'rejected' && (outcome.reason as CmkError).code, 'KEY_DISABLED');
  }
  t.is(cache.size, 0);
  t.is((await cache.getOrLoad('a', load)).source, 'load');
});

test('a load that throws at once counts as a failed one', async (t) => {
  const { cache } = setUp();
  const throwing = () => {
    throw new Error('thrown, not rejected');
  };
  await t.throwsAsync(cache.getOrLoad('a', throwing), { message: 'thrown, not rejected' });
});

test('evict drops what matches and nothing else', async (t) => {
  const { cache, load, events } = setUp();
  await cache.getOrLoad('a', () => load('kek-1'));
  await cache.getOrLoad('b', () => load('kek-2'));
  t.is(
    cache.evict((meta) => meta.kekId === 'kek-1'),
    1,
  );
  t.is(count(events, 'evicted'), 1);
  t.is((await cache.getOrLoad('a', () => load('kek-1'))).source, 'load');
  t.is((await cache.getOrLoad('b', () => load('kek-2'))).source, 'cache');
});

test('clear drops everything', async (t) => {
  const { cache, load } = setUp();
  await cache.getOrLoad('a', load);
  cache.clear();
  t.is(cache.size, 0);
});

test('an eviction during a load holds for its result: loaded again, and the first one reaches nobody', async (t) => {
  const { cache, clock, load } = setUp();
  const first = pendingLoad();
  let calls = 0;
  const revoked = DataKey.generate();
  const revokedBytes = [...revoked.copyBytes()].join();
  const loadTwice = () => (calls++ === 0 ? first.load() : load());
  const waiters = Array.from({ length: 100 }, () => cache.getOrLoad('a', loadTwice));
  cache.evict((meta) => meta.kekId === 'kek-1');
  first.resolve({ dataKey: revoked, expiresAtMs: clock.monotonicMs() + LEASE_MS, meta: { kekId: 'kek-1' } });

  const keys = (await Promise.all(waiters)).map(bytesOf);
  t.is(calls, 2);
  t.is(new Set(keys).size, 1);
  t.not(keys[0], revokedBytes);
});

test('an eviction during a load that does not match its result leaves it alone', async (t) => {
  const { cache, clock } = setUp();
  const { load, resolve } = pendingLoad();
  const waiter = cache.getOrLoad('a', load);
  cache.evict((meta) => meta.kekId === 'kek-2');
  resolve({
    dataKey: DataKey.generate(),
    expiresAtMs: clock.monotonicMs() + LEASE_MS,
    meta: { kekId: 'kek-1' },
  });
  t.is((await waiter).source, 'load');
  t.is(cache.size, 1);
});

test('a second load that is refused after the eviction is what the caller sees', async (t) => {
  const { cache, clock } = setUp();
  const first = pendingLoad();
  let calls = 0;
  const waiter = cache.getOrLoad('a', () =>
    calls++ === 0 ? first.load() : Promise.reject(new CmkError('KEY_DISABLED', 'disabled')),
  );
  cache.clear();
  first.resolve({
    dataKey: DataKey.generate(),
    expiresAtMs: clock.monotonicMs() + 1,
    meta: { kekId: 'kek-1' },
  });
  await t.throwsAsync(waiter, { code: 'KEY_DISABLED' });
});

test('a key that is evicted during every load is given up', async (t) => {
  const { cache, load, loads } = setUp();
  const overtaken = () => {
    const loaded = load();
    cache.clear();
    return loaded;
  };
  await t.throwsAsync(cache.getOrLoad('a', overtaken), { instanceOf: CmkError, code: 'KMS_UNREACHABLE' });
  t.is(loads(), 2);
  t.is(cache.size, 0);
});

test('a lease that is over when it arrives is never handed out', async (t) => {
  const { cache, load, loads } = setUp();
  await t.throwsAsync(
    cache.getOrLoad('a', () => load('kek-1', 0)),
    { code: 'KMS_UNREACHABLE' },
  );
  t.is(loads(), 2);
  t.is(cache.size, 0);
});

test('an entry that nobody asks for leaves memory soon after its lease', async (t) => {
  const { cache, load, clock } = setUp();
  await cache.getOrLoad('a', load);
  clock.advance(60_000);
  await cache.getOrLoad('b', load);
  clock.advance(LEASE_MS - 60_000 + 5_000);
  t.is(cache.size, 1);
  clock.advance(60_000);
  t.is(cache.size, 0);
});

test('an eviction between the end of a load and its callers still reaches them', async (t) => {
  const { cache, load, loads } = setUp();
  const waiter = cache.getOrLoad('a', load, { signal: new AbortController().signal });
  while (cache.size === 0) await Promise.resolve();
  cache.clear();
  await waiter;
  t.is(loads(), 2);
});

test('an entry outlives the renewal of the process key', async (t) => {
  const { cache, load, clock } = setUp();
  await cache.getOrLoad('first', load);
  clock.advance(250_000);
  const before = bytesOf(await cache.getOrLoad('a', load));
  clock.advance(250_000);
  await cache.getOrLoad('b', load);
  const after = await cache.getOrLoad('a', load);
  t.is(after.source, 'cache');
  t.is(bytesOf(after), before);
});

const departures: [name: string, (up: ReturnType<typeof setUp>) => unknown][] = [
  ['by eviction', ({ cache }) => cache.evict((meta) => meta.kekId === 'kek-1')],
  ['by clearing', ({ cache }) => cache.clear()],
  ['by the end of its lease', ({ clock }) => clock.advance(LEASE_MS + 5_000)],
  ['for want of room', ({ cache, load }) => cache.getOrLoad('b', load)],
];

for (const [name, depart] of departures) {
  test.serial(`an entry that leaves ${name} is overwritten with zeros`, async (t) => {
    const open = mock.method(SealedKey.prototype, 'open');
    t.teardown(() => open.mock.restore());
    const up = setUp({ maxEntries: 1 });
    await up.cache.getOrLoad('a', up.load);
    const key = open.mock.calls[0]?.this as SealedKey | undefined;
    // Until then those who waited for the load may still be waiting for their copies.
    await setImmediate();

    t.false(key?.sealed.every((byte) => byte === 0));
    await depart(up);
    t.true(key?.sealed.every((byte) => byte === 0));
  });
}
