import test from 'ava';
import { Pruner } from '../../../broker/keys/pruner.ts';
import { keyWorld, Recorder } from '../../support/key-world.ts';
import { eventually } from '../../support/eventually.ts';
import { anAlert, anAuditEvent } from '../../support/stored-facts.ts';
import { DrivenClock } from '../../support/driven-clock.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

test('a broker forgets alerts after 90 days and revocations after one, and no younger ones', async (t) => {
  const { store, clock, kek } = await keyWorld(t);
  const now = clock.wallMs() + 60_000;
  const alerts = [90 * DAY_MS + 1, 90 * DAY_MS].map((ageMs) => anAlert({}, { at: now - ageMs }));
  await store.alerts.raise(alerts);
  for (const ageMs of [DAY_MS + 1, DAY_MS]) {
    const event = { kekId: kek.id, reason: 'KEY_DISABLED', at: now - ageMs };
    await store.appendKeyEvent(event, anAuditEvent());
  }
  clock.advance(60_000);
  await eventually(async () => (await store.keyEventsAfter(0, 10)).length === 1);
  t.deepEqual(await store.alerts.list('acme', 10).then((all) => all.map(({ id }) => id)), [alerts[1]?.id]);
});

/** Counts what is asked of it; each kind has so many rows to go. */
function chores(rows: number) {
  const calls: string[] = [];
  let dueMs = 0;
  const prune = (name: string) => {
    let left = rows;
    return (_before: number, limit: number) => {
      calls.push(name);
      const gone = Math.min(left, limit);
      left -= gone;
      return Promise.resolve(gone);
    };
  };
  const claim = (_: string, nowMs: number, nextMs: number) => {
    const isDue = dueMs <= nowMs;
    if (isDue) dueMs = nextMs;
    return Promise.resolve(isDue);
  };
  const kinds = {
    pruneDeliveries: prune('deliveries'),
    pruneAlerts: prune('alerts'),
    pruneKeyEvents: prune('events'),
  };
  return { calls, store: { claim, ...kinds } };
}

test('what is there goes in batches, and then nothing is asked for an hour', async (t) => {
  const clock = new DrivenClock();
  const { calls, store } = chores(1_200);
  const pruner = new Pruner({ chores: store, clock, observer: new Recorder() });
  await pruner.runOnce();
  const three = (name: string) => [name, name, name];
  t.deepEqual(calls, ['deliveries', 'alerts', 'events'].flatMap(three));
  clock.advance(HOUR_MS - 1);
  await pruner.runOnce();
  t.is(calls.length, 9);
  clock.advance(1);
  await pruner.runOnce();
  t.is(calls.length, 12);
});

test('a broker that stops begins no further batch', async (t) => {
  const { calls, store } = chores(1_000_000);
  const pruner = new Pruner({ chores: store, clock: new DrivenClock(), observer: new Recorder() });
  await pruner.stop();
  await pruner.runOnce();
  t.deepEqual(calls, []);
});

test('a database that fails is tried again later', async (t) => {
  const observer = new Recorder();
  const { store } = chores(1);
  const broken = { ...store, pruneAlerts: () => Promise.reject(new Error('broken')) };
  const pruner = new Pruner({ chores: broken, clock: new DrivenClock(), observer });
  await t.notThrowsAsync(pruner.runOnce());
  t.is(observer.background.length, 1);
});
