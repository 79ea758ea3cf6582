import { AsyncLocalStorage } from 'node:async_hooks';
import test from 'ava';
import { AuditWriter } from '../../../broker/audit/audit-writer.ts';
import type { AuditEvent } from '../../../broker/model/types.ts';
import { CmkError } from '../../../core/errors.ts';
import { anAuditEvent } from '../../support/stored-facts.ts';

/** A store whose commits end when the test says so. */
class HeldStore {
  readonly batches: (readonly AuditEvent[])[] = [];
  readonly #commits: { resolve: () => void; reject: (error: unknown) => void }[] = [];

  appendAudit(events: readonly AuditEvent[]): Promise<void> {
    this.batches.push(events);
    return new Promise((resolve, reject) => this.#commits.push({ resolve, reject }));
  }

  async commit(): Promise<void> {
    await settle();
    this.#commits.shift()?.resolve();
    await settle();
  }

  async fail(code: 'STORE_UNAVAILABLE' | 'CONFLICT'): Promise<void> {
    await settle();
    this.#commits.shift()?.reject(new CmkError(code, 'as the test wishes'));
    await settle();
  }
}

/** Lets every promise that can go on do so. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function states(promises: readonly Promise<void>[]): string[] {
  const found = promises.map(() => 'pending');
  promises.forEach((promise, index) => {
    promise.then(
      () => (found[index] = 'stored'),
      (error: unknown) => (found[index] = error instanceof CmkError ? error.code : 'another error'),
    );
  });
  return found;
}

test('a write is nobody’s call: that of the first would hold those of all that follow', async (t) => {
  const calls = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const store = {
    appendAudit() {
      seen.push(calls.getStore());
      return Promise.resolve();
    },
  };
  const writer = new AuditWriter({ store });
  await calls.run('a call', async () => {
    await writer.record(anAuditEvent());
    t.is(calls.getStore(), 'a call');
  });
  t.deepEqual(seen, [undefined]);
});

test('an event is recorded no sooner than its commit, and those that came meanwhile share the next', async (t) => {
  const store = new HeldStore();
  const writer = new AuditWriter({ store });
  const early = Array.from({ length: 3 }, () => anAuditEvent());
  const late = Array.from({ length: 50 }, () => anAuditEvent());

  const first = states(early.map((event) => writer.record(event)));
  await settle();
  const second = states(late.map((event) => writer.record(event)));
  await settle();
  t.deepEqual(store.batches, [early]);
  t.deepEqual([...new Set([...first, ...second])], ['pending']);

  await store.commit();
  t.deepEqual([...new Set(first)], ['stored']);
  t.deepEqual([...new Set(second)], ['pending']);
  t.deepEqual(store.batches, [early, late]);
  await store.commit();
  t.deepEqual([...new Set(second)], ['stored']);
  t.is(writer.pending, 0);
});

test('a batch is bounded', async (t) => {
  const store = new HeldStore();
  const writer = new AuditWriter({ store });
  const recorded = states(Array.from({ length: 1_000 }, () => writer.record(anAuditEvent())));
  for (let batch = 0; batch < 3; batch++) await store.commit();
  t.deepEqual(
    store.batches.map(({ length }) => length),
    [400, 400, 200],
  );
  t.deepEqual([...new Set(recorded)], ['stored']);
});

test('when the store fails all of the batch learn it, and the next is tried anew', async (t) => {
  const store = new HeldStore();
  const failures: string[] = [];
  const writer = new AuditWriter({ store, onFailure: ({ code }) => failures.push(code) });
  const lost = states([writer.record(anAuditEvent()), writer.record(anAuditEvent())]);
  await settle();
  const next = states([writer.record(anAuditEvent())]);
  await store.fail('STORE_UNAVAILABLE');
  t.deepEqual(lost, ['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE']);
  t.deepEqual(failures, ['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE']);
  t.is(writer.pending, 1);
  await store.commit();
  t.deepEqual(next, ['stored']);
});

test('an event that cannot be stored does not take its neighbours along', async (t) => {
  const store = new HeldStore();
  const failures: string[] = [];
  const writer = new AuditWriter({ store, onFailure: ({ code }) => failures.push(code) });
  const recorded = states(Array.from({ length: 3 }, () => writer.record(anAuditEvent())));
  await store.fail('CONFLICT');
  await store.commit();
  await store.fail('CONFLICT');
  await store.commit();
  t.deepEqual(recorded, ['stored', 'CONFLICT', 'stored']);
  t.deepEqual(failures, ['CONFLICT']);
  t.deepEqual(
    store.batches.map(({ length }) => length),
    [3, 1, 1, 1],
  );
});

test('over its bound it refuses at once, and takes events again when some are stored', async (t) => {
  const store = new HeldStore();
  const failures: string[] = [];
  const writer = new AuditWriter({ store, maxPending: 2, onFailure: ({ code }) => failures.push(code) });
  const taken = states([writer.record(anAuditEvent()), writer.record(anAuditEvent())]);
  await t.throwsAsync(writer.record(anAuditEvent()), {
    code: 'STORE_UNAVAILABLE',
    message: /2 audit events wait/,
  });
  t.deepEqual(failures, ['STORE_UNAVAILABLE']);
  await store.commit();
  t.deepEqual(taken, ['stored', 'stored']);
  const again = states([writer.record(anAuditEvent())]);
  await store.commit();
  t.deepEqual(again, ['stored']);
});

test('closing waits for what was taken, and takes nothing more', async (t) => {
  const store = new HeldStore();
  const writer = new AuditWriter({ store });
  const taken = states([writer.record(anAuditEvent())]);
  let closed = false;
  const closing = writer.close().then(() => (closed = true));
  await t.throwsAsync(writer.record(anAuditEvent()), { code: 'STORE_UNAVAILABLE' });
  await settle();
  t.false(closed);
  await store.commit();
  await closing;
  t.deepEqual(taken, ['stored']);
});
