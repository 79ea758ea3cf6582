import { openStore } from '../../broker/store/open-store.ts';
import type { Store } from '../../broker/store/store.ts';
import { anAlert, anAuditEvent, aWebhook, withAccount } from '../support/stored-facts.ts';
import type { StoreCase } from './store.ts';

const START_MS = 1_700_000_000_000;
const DAY_MS = 86_400_000;

/** What became of a mail that was due at that time. */
async function deliver(store: Store, atMs: number, state: 'DELIVERED' | 'NOT_CONFIGURED' | 'PENDING') {
  const times = { nowMs: atMs, settleMs: 0, windowMs: 0, untilMs: atMs };
  for (const { id, claim } of await store.alerts.claim({ channel: 'MAIL', limit: 9, ...times })) {
    const end = state === 'PENDING' ? { state, problem: 'busy', dueMs: atMs } : { state };
    await store.alerts.finish(id, claim, end);
  }
}

async function raise(store: Store, atMs: number, reference = `key at ${atMs}`) {
  const alert = anAlert({ reference }, { at: atMs });
  await store.alerts.raise([alert]);
  return alert;
}

const idsOf = async (store: Store) => (await store.alerts.list('acme', 100)).map(({ id }) => id);

/** Work that keeps the database small. */
export const choreCases: Record<string, StoreCase> = {
  'a chore is claimed by one broker, and by another when it is due again': async (t, store, { location }) => {
    const other = await openStore(location);
    t.teardown(() => other.close());
    const claim = (nowMs: number) =>
      Promise.all([store, other, store].map((each) => each.chores.claim('PRUNE', nowMs, nowMs + 10)));
    const taken = async (nowMs: number) => (await claim(nowMs)).filter(Boolean).length;
    t.is(await taken(START_MS), 1);
    t.is(await taken(START_MS + 9), 0);
    t.is(await taken(START_MS + 10), 1);
  },

  'messages that have ended go when they are old, then their alerts': async (t, store) => {
    await withAccount(store);
    await store.alerts.setContacts('acme', ['a@acme.test'], anAuditEvent());
    const old = await raise(store, START_MS);
    await deliver(store, START_MS, 'DELIVERED');
    const unsent = await raise(store, START_MS + 1);
    await deliver(store, START_MS + 1, 'NOT_CONFIGURED');
    const young = await raise(store, START_MS + DAY_MS);
    await deliver(store, START_MS + DAY_MS, 'DELIVERED');
    const end = START_MS + DAY_MS;

    t.is(await store.chores.pruneAlerts(end, 100), 0, 'not while a message tells of them');
    t.is(await store.chores.pruneDeliveries(START_MS, 100), 0);
    t.deepEqual((await idsOf(store)).toSorted(), [old.id, unsent.id, young.id].toSorted());
    t.is(await store.chores.pruneDeliveries(end, 1), 1, 'no more than asked for');
    t.is(await store.chores.pruneDeliveries(end, 100), 1);
    t.is(await store.chores.pruneDeliveries(end, 100), 0);
    t.is(await store.chores.pruneAlerts(end, 1), 1);
    t.is(await store.chores.pruneAlerts(end, 100), 1);
    const [left, ...others] = await store.alerts.list('acme', 100);
    t.deepEqual(others, []);
    t.is(left?.id, young.id);
    t.is(left?.deliveries[0]?.state, 'DELIVERED');
  },

  'what is still to be delivered stays with its alerts, however old it is': async (t, store) => {
    await withAccount(store);
    await store.alerts.setContacts('acme', ['a@acme.test'], anAuditEvent());
    await store.alerts.insertWebhook(aWebhook(), 5, anAuditEvent());
    const tried = await raise(store, START_MS);
    await deliver(store, START_MS, 'PENDING');
    const untried = await raise(store, START_MS, 'another');
    const far = START_MS + 1_000 * DAY_MS;
    t.is(await store.chores.pruneDeliveries(far, 100), 0);
    t.is(await store.chores.pruneAlerts(far, 100), 0);
    // The mail has ended, the webhook has not: it is the same alert.
    await deliver(store, START_MS, 'DELIVERED');
    t.is(await store.chores.pruneDeliveries(far, 100), 2);
    t.is(await store.chores.pruneAlerts(far, 100), 0);
    const times = { nowMs: far, settleMs: 0, windowMs: 0, untilMs: far + 1 };
    const claimed = await store.alerts.claim({ channel: 'WEBHOOK', limit: 9, ...times });
    t.deepEqual(
      claimed.map(({ alerts }) => alerts[0]),
      [tried],
    );
    t.true((await idsOf(store)).includes(untried.id));
  },

  'alerts that nobody was to be told of go by themselves': async (t, store) => {
    await withAccount(store);
    await raise(store, START_MS);
    const young = await raise(store, START_MS + 1);
    t.is(await store.chores.pruneAlerts(START_MS + 1, 100), 1);
    t.deepEqual(await idsOf(store), [young.id]);
  },

  'revocations go oldest first, positions go on, and the ledger keeps them': async (t, store) => {
    for (const day of [0, 1, 2, 3]) {
      const event = { kekId: 'k', reason: 'KEY_DISABLED', at: START_MS + day * DAY_MS };
      await store.appendKeyEvent(event, anAuditEvent({ action: 'REVOKE' }));
    }
    const positions = async () => (await store.keyEventsAfter(0, 10)).map(({ position }) => position);
    const prune = (days: number, limit = 100) => store.chores.pruneKeyEvents(START_MS + days * DAY_MS, limit);
    t.is(await prune(0), 0);
    t.is(await prune(3, 2), 2);
    t.deepEqual(await positions(), [3, 4]);
    t.is(await prune(3), 1);
    t.is(await prune(3), 0);
    t.deepEqual(await positions(), [4]);
    t.is(await prune(9), 1);
    t.is(await prune(9), 0);
    t.is(await store.newestKeyPosition(), 4);
    const next = { kekId: 'k', reason: 'KEY_DISABLED', at: START_MS };
    t.is((await store.appendKeyEvent(next, anAuditEvent())).position, 5);
    t.is((await store.listAudit('acme', 10)).filter(({ action }) => action === 'REVOKE').length, 4);
  },
};
