import { setTimeout as delay } from 'node:timers/promises';
import type { AuditEvent } from '../../broker/model/types.ts';
import { openStore } from '../../broker/store/open-store.ts';
import { toCmkError } from '../../core/errors.ts';
import type { Store } from '../../broker/store/store.ts';
import { anAsset, anAuditEvent } from '../support/stored-facts.ts';
import type { StoreCase } from './store.ts';

/** Audit events and key events. */
export const eventCases: Record<string, StoreCase> = {
  'audit events come back whole, the newest first': async (t, store) => {
    const events: AuditEvent[] = [
      anAuditEvent({
        detail: `it's "?"`,
        source: 'CACHE',
        reason: 'LEGAL',
        dataKeyId: 'd',
        kekId: 'k',
        asset: anAsset(),
      }),
      anAuditEvent({
        account: null,
        actor: 'no certificate',
        outcome: 'REFUSED',
        asset: anAsset({ account: 'claimed' }),
      }),
      anAuditEvent({ account: 'other', outcome: 'FAILED', action: 'RESOLVE' }),
      anAuditEvent({ detail: '' }),
    ];
    await store.appendAudit(events);
    t.deepEqual(await store.listAudit(null, 10), events.toReversed());
    t.deepEqual(await store.listAudit(null, 2), events.toReversed().slice(0, 2));
    t.deepEqual(await store.listAudit('acme', 10), [events[3], events[0]] as AuditEvent[]);
    await store.appendAudit([]);
  },

  'audit events are stored all or not at all': async (t, store) => {
    const many = Array.from({ length: 2_500 }, () => anAuditEvent());
    await t.throwsAsync(store.appendAudit([...many, ...many.slice(0, 1)]), { code: 'CONFLICT' });
    t.is((await store.listAudit(null, 1)).length, 0);
    await store.appendAudit(many);
    t.is((await store.listAudit(null, 3_000)).length, 2_500);
  },

  'key events have positions without gaps, in commit order': async (t, store, { location }) => {
    const writers = [store, await openStore(location), await openStore(location)];
    for (const writer of writers.slice(1)) t.teardown(() => writer.close());
    t.is(await store.newestKeyPosition(), 0);
    const taken = anAuditEvent();
    await store.appendAudit([taken]);

    const append = async (index: number): Promise<number> => {
      // Every seventh fails in the middle: what it took must be given back.
      const audit = index % 7 === 0 ? taken : anAuditEvent();
      const writer = writers[index % writers.length] ?? store;
      const event = { kekId: 'k', reason: 'KEY_DISABLED', at: index };
      // A slow disk may let a writer wait for longer than the store does; then nothing was stored, and it asks again.
      return (await onceAvailable(() => writer.appendKeyEvent(event, audit))).position;
    };
    const writing = Promise.allSettled(Array.from({ length: 35 }, (_, index) => append(index)));
    const watched = await watch(writers[1] ?? store, writing);
    const results = await writing;

    const expected = Array.from({ length: 30 }, (_, index) => index + 1);
    const positions = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    t.deepEqual(
      positions.toSorted((a, b) => a - b),
      expected,
    );
    const failures = results.flatMap((result) =>
      result.status === 'rejected' ? [toCmkError(result.reason).code] : [],
    );
    t.deepEqual(
      failures,
      Array.from({ length: 5 }, () => 'CONFLICT'),
    );
    t.deepEqual(watched, expected, 'a reader who goes on from the last position misses none');
    t.is(await store.newestKeyPosition(), 30);
    t.deepEqual(
      (await store.keyEventsAfter(27, 2)).map(({ position }) => position),
      [28, 29],
    );
    t.deepEqual(await store.keyEventsAfter(30, 10), []);
  },
};

/** Reads as a broker does, on from the last position seen, while others write; and once more when they are done. */
async function watch(store: Store, writing: Promise<unknown>): Promise<number[]> {
  const seen: number[] = [];
  const state = { done: false };
  void writing.then(() => (state.done = true));
  for (;;) {
    const last = state.done;
    for (const { position } of await store.keyEventsAfter(seen.at(-1) ?? 0, 100)) seen.push(position);
    if (last) return seen;
    await delay(2);
  }
}

/** Repeats a call that the store could not serve in time, a bounded number of times. */
export async function onceAvailable<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (attempt === 5 || toCmkError(error).code !== 'STORE_UNAVAILABLE') throw error;
    }
  }
}
