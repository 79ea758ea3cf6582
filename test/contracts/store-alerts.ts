import type { Alert, AlertFacts, Delivery } from '../../broker/model/alerts.ts';
import { openStore } from '../../broker/store/open-store.ts';
import type { ClaimRequest } from '../../broker/store/alert-store.ts';
import type { Store } from '../../broker/store/store.ts';
import { CmkError } from '../../core/errors.ts';
import { anAlert, anAuditEvent, aWebhook, withAccount } from '../support/stored-facts.ts';
import { onceAvailable } from './store-events.ts';
import type { StoreCase } from './store.ts';

const START_MS = 1_700_000_000_000;
const WINDOW_MS = 900_000;
const MAX = 5;

/** A claim at so many milliseconds after the start. */
function at(ms: number, facts: Partial<ClaimRequest> = {}): ClaimRequest {
  return {
    channel: 'MAIL',
    nowMs: START_MS + ms,
    limit: 100,
    settleMs: 1_000,
    windowMs: WINDOW_MS,
    untilMs: START_MS + ms + 60_000,
    ...facts,
  };
}

/** An alert raised so many milliseconds after the start. */
function raisedAt(ms: number, facts: Parameters<typeof anAlert>[0] = {}): Alert {
  return anAlert(facts, { at: START_MS + ms });
}

async function withContacts(store: Store, ...emails: string[]): Promise<void> {
  await withAccount(store);
  await store.alerts.setContacts('acme', emails, anAuditEvent());
}

function idsOf(deliveries: readonly Delivery[]): string[][] {
  return deliveries.map(({ alerts }) => alerts.map(({ id }) => id));
}

const EVERY_KIND: readonly AlertFacts[] = [
  { kind: 'KEY_STATUS', reference: `it's "ключ"`, use: 'ENCRYPT', from: 'FAILED', to: 'OK', cause: null },
  { kind: 'FALLBACK_STARTED', reference: 'r', cause: 'KMS_UNREACHABLE' },
  { kind: 'FALLBACK_ENDED', reference: 'r', dataKeys: 7 },
  { kind: 'MOVE_ENDED', from: 'r', to: null, outcome: 'FAILED', moved: 3, left: 4 },
  { kind: 'KEY_LIFECYCLE', reference: 'r', from: 'ACTIVE', to: 'DECRYPT_ONLY' },
  { kind: 'TEST' },
];

/** Alerts, recipients and the outbox. */
export const alertCases: Record<string, StoreCase> = {
  'contacts and webhooks come back as they were put': async (t, store) => {
    await withAccount(store, 'globex');
    await withContacts(store, 'b@acme.test', 'a@acme.test', 'a@acme.test');
    const two = { value: ['a@acme.test', 'b@acme.test'], version: 2 };
    t.deepEqual(await store.alerts.contacts('acme'), two);
    t.deepEqual(await store.alerts.contacts('globex'), { value: [], version: 1 });
    t.is(await store.alerts.contacts('nobody'), null);
    const refuse = () => {
      throw new CmkError('STALE_VERSION', 'no');
    };
    const refused = store.alerts.setContacts('acme', [], anAuditEvent({ detail: 'refused' }), refuse);
    await t.throwsAsync(refused, { code: 'STALE_VERSION' });
    t.deepEqual(await store.alerts.contacts('acme'), two);
    const none = await store.alerts.setContacts('acme', [], anAuditEvent(), (stored) =>
      t.deepEqual(stored, two),
    );
    t.deepEqual(none, { value: [], version: 3 });
    t.deepEqual(await store.alerts.contacts('acme'), none);

    const webhooks = [aWebhook(), aWebhook()];
    for (const webhook of webhooks) t.true(await store.alerts.insertWebhook(webhook, 2, anAuditEvent()));
    t.false(await store.alerts.insertWebhook(aWebhook(), 2, anAuditEvent({ detail: 'one too many' })));
    t.deepEqual(await store.alerts.webhooks('acme'), webhooks);
    const [first] = webhooks;
    t.false(await store.alerts.deleteWebhook('globex', first?.id ?? '', anAuditEvent()));
    t.true(await store.alerts.deleteWebhook('acme', first?.id ?? '', anAuditEvent({ detail: 'deleted' })));
    t.deepEqual(await store.alerts.webhooks('acme'), webhooks.slice(1));
    const audited = (await store.listAudit('acme', 100)).map(({ detail }) => detail);
    t.true(audited.includes('deleted'));
    t.false(audited.includes('one too many'));
    t.false(audited.includes('refused'));
  },

  'recipients of an account that is not there are a conflict': async (t, store) => {
    const conflict = { code: 'CONFLICT' };
    await t.throwsAsync(store.alerts.setContacts('nobody', ['a@b.test'], anAuditEvent()), conflict);
    await t.throwsAsync(
      store.alerts.insertWebhook(aWebhook({ account: 'nobody' }), MAX, anAuditEvent()),
      conflict,
    );
    await t.throwsAsync(store.alerts.raise([anAlert({}, { account: 'nobody' })]), conflict);
  },

  'alerts of every kind come back whole, the newest first, without recipients too': async (t, store) => {
    await withAccount(store);
    const alerts = EVERY_KIND.map((facts, index) => anAlert({}, { facts, kekId: index === 0 ? 'k' : null }));
    await store.alerts.raise(alerts);
    const listed = alerts.toReversed().map((alert) => ({ ...alert, deliveries: [] }));
    t.deepEqual(await store.alerts.list('acme', 10), listed);
    t.deepEqual(await store.alerts.list('acme', 2), listed.slice(0, 2));
    t.deepEqual(await store.alerts.list('globex', 10), []);
    t.deepEqual(await store.alerts.claim(at(1e12)), []);
  },

  'alerts are raised together with their cause or not at all': async (t, store) => {
    await withContacts(store, 'a@acme.test');
    const [alert, audit] = [raisedAt(0), anAuditEvent()];
    const event = { kekId: 'k', reason: 'KEY_DISABLED', at: 1 };
    await store.appendKeyEvent(event, audit, [alert]);
    await t.throwsAsync(store.appendKeyEvent(event, audit, [raisedAt(0)]), { code: 'CONFLICT' });
    await t.throwsAsync(store.appendKeyEvent(event, anAuditEvent(), [alert]), { code: 'CONFLICT' });
    t.is(await store.newestKeyPosition(), 1);
    t.is((await store.alerts.list('acme', 10)).length, 1);
    t.deepEqual(idsOf(await store.alerts.claim(at(2_000))), [[alert.id]]);
  },

  'a mail waits until it is settled, then collects until its window has passed': async (t, store) => {
    await withContacts(store, 'a@acme.test');
    const first = [raisedAt(0), raisedAt(500, { use: 'ENCRYPT' })];
    for (const alert of first) await store.alerts.raise([alert]);
    t.deepEqual(await store.alerts.claim(at(999)), []);
    const [mail, ...others] = await store.alerts.claim(at(1_000));
    t.deepEqual(others, []);
    t.like(mail, {
      channel: 'MAIL',
      account: 'acme',
      recipient: 'a@acme.test',
      url: null,
      createdAt: START_MS,
      frozenAt: START_MS + 1_000,
      attempts: 1,
      alerts: first,
    });
    t.true(await store.alerts.finish(mail?.id ?? '', mail?.claim ?? '', { state: 'DELIVERED' }));

    const later = [raisedAt(10_000), raisedAt(20_000)];
    for (const alert of later) await store.alerts.raise([alert]);
    const other = raisedAt(20_000, { reference: 'another' });
    await store.alerts.raise([other]);
    const [another] = await store.alerts.claim(at(30_000));
    t.deepEqual(another?.alerts, [other], 'another topic does not wait');
    t.true(await store.alerts.finish(another?.id ?? '', another?.claim ?? '', { state: 'DELIVERED' }));
    t.deepEqual(await store.alerts.claim(at(999 + WINDOW_MS)), []);
    t.deepEqual(idsOf(await store.alerts.claim(at(1_000 + WINDOW_MS))), [later.map(({ id }) => id)]);
  },

  'a claim keeps others out until it ends, and then its holder': async (t, store) => {
    await withContacts(store, 'a@acme.test');
    await store.alerts.raise([raisedAt(0)]);
    const [first] = await store.alerts.claim(at(2_000));
    t.deepEqual(await store.alerts.claim(at(61_999)), []);
    const [second] = await store.alerts.claim(at(62_000));
    t.like(second, {
      id: first?.id ?? '',
      frozenAt: START_MS + 2_000,
      attempts: 2,
      alerts: first?.alerts ?? [],
    });
    t.false(await store.alerts.finish(first?.id ?? '', first?.claim ?? '', { state: 'DELIVERED' }));
    const again = { state: 'PENDING', problem: 'busy', dueMs: START_MS + 70_000 } as const;
    t.true(await store.alerts.finish(second?.id ?? '', second?.claim ?? '', again));
    const [told] = (await store.alerts.list('acme', 1))[0]?.deliveries ?? [];
    t.like(told, { state: 'PENDING', attempts: 2, problem: 'busy', nextTryAt: START_MS + 70_000 });
    t.deepEqual(await store.alerts.claim(at(69_999)), []);
    const [third] = await store.alerts.claim(at(70_000));
    t.is(third?.attempts, 3);
    const end = { state: 'FAILED', problem: 'no such mailbox' } as const;
    t.true(await store.alerts.finish(third?.id ?? '', third?.claim ?? '', end));
    t.deepEqual(await store.alerts.claim(at(1e9)), []);
    t.deepEqual((await store.alerts.list('acme', 1))[0]?.deliveries, [
      { channel: 'MAIL', recipient: 'a@acme.test', attempts: 3, ...end, nextTryAt: null },
    ]);
  },

  'a test alert is told at once, to somebody, once in a while': async (t, store) => {
    const test = (ms: number) => anAlert({}, { at: START_MS + ms, facts: { kind: 'TEST' } });
    const raise = (ms: number, detail: string) =>
      store.alerts.raiseTest(test(ms), 30_000, anAuditEvent({ detail }));
    await withAccount(store, 'globex');
    await withAccount(store);
    t.is(await raise(0, 'nobody'), 'NOBODY');
    await store.alerts.setContacts('acme', ['a@acme.test'], anAuditEvent());
    t.is(await raise(0, 'first'), 'RAISED');
    t.is(await raise(29_999, 'too soon'), 'TOO_SOON');
    t.is((await store.alerts.claim(at(1_000))).length, 1);
    t.is(await raise(30_000, 'second'), 'RAISED');
    t.is((await store.alerts.claim(at(31_000))).length, 1, 'it waits for no window');
    await store.alerts.setContacts('globex', ['a@globex.test'], anAuditEvent());
    const theirs = { ...test(1), account: 'globex' };
    t.is(await store.alerts.raiseTest(theirs, 30_000, anAuditEvent({ account: 'globex' })), 'RAISED');
    const details = (await store.listAudit('acme', 100)).map(({ detail }) => detail);
    t.deepEqual(
      ['first', 'second', 'too soon', 'nobody'].map((each) => details.includes(each)),
      [true, true, false, false],
    );
    await t.throwsAsync(
      store.alerts.raiseTest({ ...test(0), account: 'nobody' }, 1, anAuditEvent({ account: null })),
      { code: 'CONFLICT' },
    );
  },

  'a webhook gets each alert by itself, one at a time, in order': async (t, store) => {
    await withAccount(store);
    const webhooks = [aWebhook(), aWebhook()] as const;
    for (const webhook of webhooks) await store.alerts.insertWebhook(webhook, MAX, anAuditEvent());
    const alerts = [raisedAt(0), raisedAt(1)] as const;
    await store.alerts.raise(alerts);
    const claim = () => store.alerts.claim(at(10, { channel: 'WEBHOOK' }));
    const first = await claim();
    t.deepEqual(idsOf(first), [[alerts[0].id], [alerts[0].id]]);
    t.deepEqual(new Set(first.map(({ url }) => url)), new Set(webhooks.map(({ url }) => url)));
    t.deepEqual(await claim(), []);
    const [one, two] = first;
    await store.alerts.finish(one?.id ?? '', one?.claim ?? '', { state: 'DELIVERED' });
    t.deepEqual(idsOf(await claim()), [[alerts[1].id]], 'the other webhook’s first is still under way');
    await store.alerts.deleteWebhook('acme', two?.recipient ?? '', anAuditEvent());
    t.deepEqual(await store.alerts.claim(at(1e9, { channel: 'WEBHOOK', limit: 9 })).then(idsOf), [
      [alerts[1].id],
    ]);
    t.false(await store.alerts.finish(two?.id ?? '', two?.claim ?? '', { state: 'DELIVERED' }));
  },

  'who is no contact any more gets nothing that was still waiting': async (t, store) => {
    await withContacts(store, 'a@acme.test', 'b@acme.test');
    await store.alerts.raise([raisedAt(0)]);
    await store.alerts.setContacts('acme', ['b@acme.test'], anAuditEvent());
    t.deepEqual(
      (await store.alerts.claim(at(2_000))).map(({ recipient }) => recipient),
      ['b@acme.test'],
    );
  },

  'alerts of kinds that a newer release writes wait for it, and hold up no others': async (
    t,
    store,
    { harness, location },
  ) => {
    await withContacts(store, 'a@acme.test');
    await store.alerts.insertWebhook(aWebhook(), MAX, anAuditEvent());
    const [newer, known] = [raisedAt(0, { reference: 'a' }), raisedAt(1, { reference: 'b' })];
    await store.alerts.raise([newer, known]);
    const write = (facts: string) =>
      harness.execute(location, `UPDATE alerts SET facts = '${facts}' WHERE id = '${newer.id}'`);
    await write('{"kind":"KEY_RENAMED","reference":"a","text":"\\"kind\\":\\"TEST\\""}');
    t.deepEqual(
      (await store.alerts.list('acme', 1)).map(({ id }) => id),
      [known.id],
    );
    for (const channel of ['MAIL', 'WEBHOOK'] as const) {
      const [claimed, ...others] = await store.alerts.claim(at(5_000, { channel }));
      t.deepEqual(idsOf(claimed ? [claimed] : []), [[known.id]], channel);
      t.deepEqual(others, []);
      await store.alerts.finish(claimed?.id ?? '', claimed?.claim ?? '', { state: 'DELIVERED' });
      t.deepEqual(await store.alerts.claim(at(5_000, { channel })), [], channel);
    }
    // The newer release knows it.
    await write(JSON.stringify(newer.facts));
    for (const channel of ['MAIL', 'WEBHOOK'] as const) {
      const [claimed] = await store.alerts.claim(at(5_000, { channel }));
      t.like(claimed, { attempts: 1, alerts: [newer] }, channel);
    }
  },

  'an alert that makes no sense is an internal error': async (t, store, { harness, location }) => {
    await withAccount(store);
    await store.alerts.raise([anAlert()]);
    for (const facts of ['{}', '[1]', '{"kind":"KEY_STATUS"}', '{"kind":7}', 'no JSON']) {
      await harness.execute(location, `UPDATE alerts SET facts = '${facts}'`);
      await t.throwsAsync(store.alerts.list('acme', 1), { code: 'INTERNAL', message: /alerts\.facts/ });
    }
  },
};

/** What several brokers do at once. */
export const alertRaces: Record<string, StoreCase> = {
  'brokers that raise and claim at once lose no alert and take none twice': async (
    t,
    store,
    { location },
  ) => {
    await withContacts(store, 'a@acme.test', 'b@acme.test');
    const other = await openStore(location);
    t.teardown(() => other.close());
    const claimed: Delivery[] = [];
    const state = { raising: true };
    const claim = async (each: Store) => {
      const some = await onceAvailable(() => each.alerts.claim(at(2_000, { windowMs: 0, limit: 2 })));
      claimed.push(...some);
      return some.length;
    };
    const claimAll = async (each: Store) => {
      while (state.raising) await claim(each);
    };
    const raised: Alert[] = [];
    const raise = async (each: Store) => {
      for (let count = 0; count < 10; count++) {
        const alert = raisedAt(0, { reference: `key ${count % 3}` });
        await onceAvailable(() => each.alerts.raise([alert]));
        raised.push(alert);
      }
    };
    const raising = Promise.all([raise(store), raise(other)]).finally(() => (state.raising = false));
    await Promise.all([raising, claimAll(store), claimAll(other)]);
    while ((await claim(store)) > 0);
    for (const recipient of ['a@acme.test', 'b@acme.test']) {
      const told = claimed.filter((each) => each.recipient === recipient).flatMap((each) => each.alerts);
      t.deepEqual(told.map(({ id }) => id).toSorted(), raised.map(({ id }) => id).toSorted(), recipient);
    }
    t.is(new Set(claimed.map(({ id }) => id)).size, claimed.length);
  },
};
