import type { Session } from '../../broker/model/sessions.ts';
import type { Store } from '../../broker/store/store.ts';
import { anAuditEvent, withAccount } from '../support/stored-facts.ts';
import type { StoreCase } from './store.ts';

const START_MS = 1_700_000_000_000;
const BOUNDS = { most: 10, nowMs: START_MS, idleMs: 1_800_000 };

function aSession(idHash: string, facts: Partial<Session> = {}): Session {
  return {
    idHash,
    person: 'alice',
    name: 'alice@acme.example',
    role: 'ADMINISTRATOR',
    account: 'acme',
    createdAt: START_MS,
    seenAt: START_MS,
    endsAt: START_MS + 28_800_000,
    sealedIdToken: null,
    ...facts,
  };
}

async function begin(store: Store, session: Session, bounds = BOUNDS): Promise<void> {
  await store.sessions.begin(session, null, bounds, anAuditEvent({ account: session.account }));
}

async function stored(store: Store, ...idHashes: string[]): Promise<string[]> {
  const found = await Promise.all(idHashes.map((idHash) => store.sessions.find(idHash)));
  return idHashes.filter((_, index) => found[index] !== null);
}

/** Who is signed in. */
export const sessionCases: Record<string, StoreCase> = {
  'sessions come back as they were begun, with and without an account': async (t, store) => {
    await withAccount(store);
    const ofAccount = aSession('one', { sealedIdToken: 'sealed' });
    const ofAll = aSession('two', { person: 'ops', role: 'OPERATOR', account: null });
    for (const session of [ofAccount, ofAll]) {
      await begin(store, session);
      t.deepEqual(await store.sessions.find(session.idHash), session);
    }
    t.is(await store.sessions.find('three'), null);
    await t.throwsAsync(begin(store, ofAccount), { code: 'CONFLICT' });
    await t.throwsAsync(begin(store, aSession('four', { account: 'nobody' })), { code: 'CONFLICT' });
    t.is(await store.sessions.find('four'), null);
  },

  'a session that replaces another ends it, and the event is written with it': async (t, store) => {
    await withAccount(store);
    await begin(store, aSession('before'));
    const audit = anAuditEvent({ action: 'SIGN_IN', detail: 'the new one' });
    await store.sessions.begin(aSession('after'), 'before', BOUNDS, audit);
    t.deepEqual(await stored(store, 'before', 'after'), ['after']);
    t.deepEqual(await store.listAudit('acme', 1), [audit]);
  },

  'of one person’s sessions the oldest end; other people’s do not': async (t, store) => {
    await withAccount(store);
    await begin(store, aSession('theirs', { person: 'bob', createdAt: START_MS - 9 }));
    for (const [index, idHash] of ['a', 'b', 'c'].entries()) {
      await begin(store, aSession(idHash, { createdAt: START_MS + index }), { ...BOUNDS, most: 2 });
    }
    t.deepEqual(await stored(store, 'theirs', 'a', 'b', 'c'), ['theirs', 'b', 'c']);
  },

  'what is over is forgotten when somebody signs in': async (t, store) => {
    await withAccount(store);
    const nowMs = START_MS + 10_000_000;
    await begin(store, aSession('ended', { person: '1', endsAt: nowMs, seenAt: nowMs }));
    await begin(store, aSession('idle', { person: '2', seenAt: nowMs - BOUNDS.idleMs }));
    await begin(
      store,
      aSession('lasts', { person: '3', endsAt: nowMs + 1, seenAt: nowMs - BOUNDS.idleMs + 1 }),
    );
    await begin(store, aSession('new', { person: '4', seenAt: nowMs }), { ...BOUNDS, nowMs });
    t.deepEqual(await stored(store, 'ended', 'idle', 'lasts', 'new'), ['lasts', 'new']);
  },

  'a use is noted, and never goes back': async (t, store) => {
    await withAccount(store);
    await begin(store, aSession('one'));
    for (const at of [5_000, 4_000]) await store.sessions.seen('one', START_MS + at);
    await store.sessions.seen('nobody', START_MS);
    t.is((await store.sessions.find('one'))?.seenAt, START_MS + 5_000);
  },

  'a session ends once, with its event': async (t, store) => {
    await withAccount(store);
    await begin(store, aSession('one'));
    const audit = anAuditEvent({ action: 'SIGN_OUT' });
    t.true(await store.sessions.end('one', audit));
    t.false(await store.sessions.end('one', anAuditEvent({ action: 'SIGN_OUT' })));
    t.is(await store.sessions.find('one'), null);
    const outs = (await store.listAudit('acme', 100)).filter(({ action }) => action === 'SIGN_OUT');
    t.deepEqual(outs, [audit]);
  },
};
