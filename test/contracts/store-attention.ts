import { uuidv7 } from '../../broker/model/uuid.ts';
import type { AttemptEnd } from '../../broker/store/alert-store.ts';
import type { Store } from '../../broker/store/store.ts';
import { markForReencryption } from '../support/mark-for-reencryption.ts';
import {
  aDataKey,
  aKek,
  anAlert,
  anAsset,
  anAuditEvent,
  aWebhook,
  withAccount,
  withKek,
} from '../support/stored-facts.ts';
import type { StoreCase } from './store.ts';

const NOW = 1_700_000_000_000;
const HOUR = 3_600_000;
const THIS_HOUR = () => Math.floor(Date.now() / HOUR);

async function factsOf(store: Store, account: string) {
  return (await store.attention.facts(['globex', account], THIS_HOUR() - 1)).get(account);
}

async function failing(store: Store, kekId: string, reference: string): Promise<void> {
  await store.keyStatuses.apply([{ kekId, reference, use: 'DECRYPT' }], (stored) => ({
    record: { ...stored, status: 'FAILED', cause: 'KEY_DISABLED', failingSince: NOW },
    audit: null,
    alerts: [],
  }));
}

/** What concerns somebody who watches accounts, and which processes there are. */
export const attentionCases: Record<string, StoreCase> = {
  'an account without anything': async (t, store) => {
    await withAccount(store);
    t.deepEqual(await factsOf(store, 'acme'), {
      licence: 'ACCOUNT',
      enrolments: 0,
      recipients: 0,
      untold: 0,
      keks: [],
      troubles: [],
      fallback: { mode: 'OFF', maxHours: null, maxAssets: null },
      episode: null,
      moves: [],
      backlog: null,
      refusals: 0,
      gaps: 0,
    });
    t.is(await factsOf(store, 'nobody'), undefined);
  },

  'what of an account may need attention': async (t, store) => {
    const kek = await withKek(store);
    const old = aKek({ lifecycle: 'RETIRED', createdAt: kek.createdAt - 1 });
    await store.insertKek({ ...old, lifecycle: 'STANDBY' }, old.references, anAuditEvent());
    const record = aDataKey(old);
    await store.insertDataKey(record, anAuditEvent());
    await store.insertDataKey(aDataKey(kek, { asset: anAsset({ id: 'other' }) }), anAuditEvent());
    await markForReencryption(store, [record], NOW);
    await store.moveKek(old.id, ['DECRYPT_ONLY'], 'RETIRED', anAuditEvent());
    await failing(store, kek.id, kek.references[0]);
    await store.setEnrolment('acme', '0001', 'Clip', true, anAuditEvent());
    await store.alerts.setContacts('acme', ['a@acme.test'], anAuditEvent());
    await store.alerts.insertWebhook(aWebhook(), 5, anAuditEvent());
    const plan = {
      account: 'acme',
      kind: 'ROTATE',
      selection: { kekIds: [old.id] },
      target: kek.id,
    } as const;
    const id = uuidv7(NOW);
    await store.moves.start({ ...plan, id, startedAt: NOW }, () => anAuditEvent());
    const change = { from: ['RUNNING'], to: 'PAUSED', nowMs: NOW } as const;
    await store.moves.setState('acme', id, change, () => ({ audit: anAuditEvent(), alerts: [] }));
    await store.appendAudit([
      anAuditEvent({ action: 'RESOLVE', outcome: 'REFUSED' }),
      anAuditEvent({ action: 'GAP', outcome: 'FAILED' }),
    ]);
    await store.tallies.count('acme');

    t.deepEqual(await factsOf(store, 'acme'), {
      licence: 'ACCOUNT',
      enrolments: 1,
      recipients: 2,
      untold: 0,
      keks: [
        { id: kek.id, lifecycle: 'ACTIVE', reference: kek.references[0], protects: false },
        { id: old.id, lifecycle: 'RETIRED', reference: old.references[0], protects: true },
      ],
      troubles: [
        {
          kekId: kek.id,
          reference: kek.references[0],
          use: 'DECRYPT',
          status: 'FAILED',
          cause: 'KEY_DISABLED',
          since: NOW,
        },
      ],
      fallback: { mode: 'OFF', maxHours: null, maxAssets: null },
      episode: null,
      moves: [{ id, kind: 'ROTATE', isPaused: true, problem: null, left: 1, failed: 0 }],
      backlog: { dataKeys: 1, oldestSince: NOW },
      refusals: 1,
      gaps: 1,
    });
  },

  'who did not get the newest message is untold, while they are to get any': async (t, store) => {
    const [one, two] = ['a@acme.test', 'b@acme.test'];
    await withAccount(store);
    await store.alerts.setContacts('acme', [one, two], anAuditEvent());
    const untold = async (sinceMs = NOW) =>
      (await store.attention.facts(['acme'], Math.floor(sinceMs / HOUR))).get('acme')?.untold;
    /** Raises an alert of a topic of its own, and ends its messages. */
    const deliver = async (atMs: number, endOf: (recipient: string) => AttemptEnd) => {
      await store.alerts.raise([anAlert({}, { at: atMs, facts: { kind: 'TEST' } })]);
      const times = { nowMs: atMs, settleMs: 0, windowMs: 0, untilMs: atMs + 1 };
      for (const each of await store.alerts.claim({ channel: 'MAIL', limit: 9, ...times })) {
        await store.alerts.finish(each.id, each.claim, endOf(each.recipient));
      }
    };
    const failed = { state: 'FAILED', problem: 'no such mailbox' } as const;
    await deliver(NOW, () => ({ state: 'DELIVERED' }));
    t.is(await untold(), 0);
    await deliver(NOW + 1, (to) => (to === one ? failed : { state: 'DELIVERED' }));
    await deliver(NOW + 2, (to) => (to === one ? failed : { state: 'NOT_CONFIGURED' }));
    t.is(await untold(), 2, 'each once');
    t.is(await untold(NOW + 2 * HOUR), 0, 'what is older counts no more');
    await deliver(NOW + 3, (to) => (to === two ? { state: 'DELIVERED' } : failed));
    t.is(await untold(), 1, 'a later message got through');
    await store.alerts.setContacts('acme', [two], anAuditEvent());
    t.is(await untold(), 0, 'who is no contact any more');
    await deliver(NOW + 4, () => ({ state: 'PENDING', problem: 'busy', dueMs: NOW + 9 }));
    t.is(await untold(), 1, 'tried in vain so far');
    await store.alerts.raise([anAlert({}, { at: NOW + 5, facts: { kind: 'TEST' } })]);
    t.is(await untold(), 1, 'not tried yet');
  },

  'what is unfinished is counted over all accounts': async (t, store) => {
    const leftToMove = { RUNNING: 0, WAITING: 0, PAUSED: 0 };
    t.deepEqual(await store.attention.unfinished(), { fallbacks: 0, leftToMove });
    for (const [account, state] of [
      ['acme', 'RUNNING'],
      ['globex', 'PAUSED'],
    ] as const) {
      const kek = await withKek(store, { account });
      const old = await withKek(store, { account });
      await store.insertDataKey(aDataKey(old, { asset: anAsset({ account }) }), anAuditEvent());
      const plan = { account, kind: 'ROTATE', selection: { kekIds: [old.id] }, target: kek.id } as const;
      const id = uuidv7(NOW);
      await store.moves.start({ ...plan, id, startedAt: NOW }, () => anAuditEvent());
      const change = { from: ['RUNNING'], to: state, nowMs: NOW } as const;
      if (state === 'PAUSED')
        await store.moves.setState(account, id, change, () => ({ audit: anAuditEvent(), alerts: [] }));
    }
    const left = async () => (await store.attention.unfinished()).leftToMove;
    t.deepEqual(await left(), { RUNNING: 1, WAITING: 0, PAUSED: 1 });
    const turn = await store.moves.claim(NOW, NOW + 60_000);
    if (!turn) return t.fail();
    const problem = { code: 'KEY_DISABLED', detail: 'the key is disabled' } as const;
    await store.moves.release({ id: turn.move.id, claim: turn.claim }, { dueMs: NOW, problem, tries: 1 });
    t.deepEqual(await left(), { RUNNING: 0, WAITING: 1, PAUSED: 1 });
    const kek = await withKek(store, { createdAt: NOW });
    const check = () => undefined;
    const start = { kekId: kek.id, cause: 'KEY_DISABLED', at: NOW, nextProbeAt: NOW + 1, check };
    const record = aDataKey(kek, { asset: anAsset({ id: 'other' }) });
    await store.fallbacks.insertDataKey(record, anAuditEvent(), start, anAlert());
    t.is((await store.attention.unfinished()).fallbacks, 1);
    const [episode] = await store.fallbacks.listEpisodes('acme', 1);
    await store.fallbacks.endEpisode(episode?.id ?? '', NOW + 2, anAuditEvent(), anAlert());
    t.is((await store.attention.unfinished()).fallbacks, 0);
  },

  'a pulse changes with what it is of, and with nothing else': async (t, store) => {
    const kek = await withKek(store);
    const theirs = await withKek(store, { account: 'globex' });
    const pulse = async () => {
      const { ledger, ...texts } = (await store.attention.pulses(['acme', 'globex'])).get('acme') ?? {};
      return { ledger: ledger ?? 0, ...texts };
    };
    let before = await pulse();
    const changes = async () => {
      const after = await pulse();
      const names = Object.keys(after) as (keyof typeof after)[];
      const changed = names.filter((name) => after[name] !== before[name]);
      before = after;
      return changed;
    };
    await failing(store, theirs.id, theirs.references[0]);
    await store.appendAudit([anAuditEvent({ account: 'globex' })]);
    t.deepEqual(await changes(), [], 'another account’s');
    await store.appendAudit([anAuditEvent()]);
    t.deepEqual(await changes(), ['ledger']);
    await failing(store, kek.id, kek.references[0]);
    t.deepEqual(await changes(), ['keys']);
    await store.moveKek(kek.id, ['STANDBY'], 'DECRYPT_ONLY', anAuditEvent());
    t.deepEqual(await changes(), ['ledger', 'keys']);
    const plan = {
      account: 'acme',
      kind: 'ROTATE',
      selection: { kekIds: [kek.id] },
      target: kek.id,
    } as const;
    const id = uuidv7(NOW);
    const next = await withKek(store, { createdAt: kek.createdAt + 1 });
    await changes();
    await store.moves.start({ ...plan, target: next.id, id, startedAt: NOW }, () => anAuditEvent());
    t.deepEqual(await changes(), ['ledger', 'moves']);
    const check = () => undefined;
    const start = { kekId: kek.id, cause: 'KEY_DISABLED', at: NOW, nextProbeAt: NOW + 1, check };
    await store.fallbacks.insertDataKey(aDataKey(next), anAuditEvent(), start, anAlert());
    t.true((await changes()).includes('fallback'));
    t.truthy((await factsOf(store, 'acme'))?.episode);
  },

  'brokers are known while they are heard of': async (t, store) => {
    const broker = { id: 'b1', host: 'pod-1', version: '1.0.0', startedAt: NOW, heardAt: NOW };
    const second = { ...broker, id: 'b2', startedAt: NOW + 1 };
    await store.processes.beat(broker, 0);
    await store.processes.beat(second, 0);
    await store.processes.beat({ ...broker, heardAt: NOW + 10 }, 0);
    t.deepEqual(await store.processes.brokers(), [{ ...broker, heardAt: NOW + 10 }, second]);
    await store.processes.beat({ ...broker, heardAt: NOW + 20 }, NOW + 5);
    t.deepEqual(await store.processes.brokers(), [{ ...broker, heardAt: NOW + 20 }]);
    await store.processes.ended('b1');
    t.deepEqual(await store.processes.brokers(), []);
  },

  'sidecars are listed with what they hold': async (t, store) => {
    const holder = { spiffeId: 'spiffe://cmk.test/s', heardAt: NOW, patienceMs: 60_000 };
    for (const [instance, account, srvId] of [
      ['i1', 'acme', '0001'],
      ['i1', 'globex', '0001'],
      ['i1', 'acme', '0002'],
      ['i2', 'acme', '0001'],
    ] as const) {
      await store.noteLease({ ...holder, instance }, { account, srvId, until: NOW + 1 });
    }
    const facts = { ...holder, state: 'LIVE', coveredUntil: NOW } as const;
    const first = { ...facts, instance: 'i1', accounts: 2, services: ['0001', '0002'] };
    const second = { ...facts, instance: 'i2', accounts: 1, services: ['0001'] };
    t.deepEqual(await store.processes.sidecars(null, 10), [first, second]);
    t.deepEqual(await store.processes.sidecars(null, 1), [first]);
    t.deepEqual(await store.processes.sidecars('i1', 10), [second]);
    t.deepEqual(await store.processes.countSidecars(), [
      { srvId: '0001', state: 'LIVE', count: 2 },
      { srvId: '0002', state: 'LIVE', count: 1 },
    ]);
  },
};
