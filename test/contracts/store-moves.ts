import { newAlert } from '../../broker/model/alerts.ts';
import type { DataKeyPlace, Move, MovePlan, MoveState } from '../../broker/model/moves.ts';
import type { DataKeyRecord, Kek } from '../../broker/model/types.ts';
import { uuidv7 } from '../../broker/model/uuid.ts';
import { openStore } from '../../broker/store/open-store.ts';
import type { ClaimedMove, Store } from '../../broker/store/store.ts';
import { aDataKey, anAsset, anAuditEvent, withAccount, withKek } from '../support/stored-facts.ts';
import type { StoreCase } from './store.ts';

const NOW = 1_700_000_000_000;
const anEvent = () => anAuditEvent({ action: 'MOVE' });
const aRecord =
  (detail: string | null = null) =>
  () => ({ audit: anAuditEvent({ detail }), alerts: [] });

interface World {
  readonly from: Kek;
  readonly to: Kek;
  readonly records: readonly DataKeyRecord[];
}

/** Two keys, and data keys under the first. */
async function world(store: Store, count: number): Promise<World> {
  const from = await withKek(store, { createdAt: 1, lifecycle: 'ACTIVE' });
  const to = await withKek(store, { createdAt: 2 });
  const records: DataKeyRecord[] = [];
  for (let index = 0; index < count; index++) {
    const record = aDataKey(from, { asset: anAsset({ id: `m-${index}` }) });
    records.push(await store.insertDataKey(record, anAuditEvent()));
  }
  return { from, to, records };
}

function aPlan({ from, to }: Pick<World, 'from' | 'to'>, facts: Partial<MovePlan> = {}) {
  const plan = { account: 'acme', kind: 'ROTATE', selection: { kekIds: [from.id] }, target: to.id } as const;
  return { ...plan, id: uuidv7(NOW), startedAt: NOW, ...facts };
}

async function claimed(store: Store, nowMs = NOW): Promise<ClaimedMove> {
  const claim = await store.moves.claim(nowMs, nowMs + 1_000);
  if (!claim) throw new Error('nothing to claim');
  return claim;
}

const held = ({ move, claim }: ClaimedMove) => ({ id: move.id, claim });

function batch(to: Kek, records: readonly DataKeyRecord[], nowMs = NOW) {
  return {
    target: { kekId: to.id, protection: 'CUSTOMER_KEY' },
    rewrapped: records.map((record) => ({ record, wrapped: Uint8Array.from([9, 0, 9]) })),
    failures: [],
    reencrypt: false,
    nowMs,
    untilMs: nowMs + 1_000,
  } as const;
}

const placeOf = ({ asset, generation }: DataKeyRecord): DataKeyPlace => ({
  srvId: asset.srvId,
  type: asset.type,
  assetId: asset.id,
  generation,
});

/** Moves of data keys between keys. */
export const moveCases: Record<string, StoreCase> = {
  'a move is counted when it starts, and comes back as it was stored': async (t, store) => {
    const facts = await world(store, 3);
    const selection = { kekIds: [facts.from.id], srvId: '0001', owners: ['user-1', `it's`] };
    const plan = aPlan(facts, { selection });
    const move = await store.moves.start(plan, (total) => anAuditEvent({ detail: String(total) }));
    const fresh = { state: 'RUNNING', total: 3, left: 3, moved: 0, failed: 0, problem: null, pace: null };
    t.like(move, { ...plan, ...fresh, endedAt: null, progressAt: null, dueAt: NOW });
    t.deepEqual(await store.moves.find('acme', move.id), move);
    t.is((await store.listAudit('acme', 1))[0]?.detail, '3');
    const second = await store.moves.start(aPlan(facts), anEvent);
    t.deepEqual(await store.moves.list('acme', 10), [second, move] as Move[]);
    t.deepEqual(await store.moves.list('acme', 1), [second] as Move[]);
    await withAccount(store, 'other');
    t.is(await store.moves.find('other', move.id), null);
    t.deepEqual(await store.moves.list('other', 10), []);
    await t.throwsAsync(store.moves.start(aPlan(facts, { account: 'nobody' }), anEvent), {
      code: 'CONFLICT',
    });
  },

  'a selection holds what it names and nothing else': async (t, store) => {
    const { from, to } = await world(store, 2);
    await withAccount(store, 'other');
    const put = (facts: Partial<DataKeyRecord>, kek = from) =>
      store.insertDataKey(aDataKey(kek, facts), anAuditEvent());
    await put({ asset: anAsset({ id: 'theirs', account: 'other' }) });
    await put({ asset: anAsset({ id: 'elsewhere' }) }, to);
    await put({ asset: anAsset({ id: 'platform' }), protection: 'PLATFORM_KEY' });
    await put({ asset: anAsset({ id: 'old' }), owner: null });
    await put({ asset: anAsset({ srvId: '0002', type: 'PhoneRecording' }), owner: 'user-2' });
    const recordings = { srvId: '0001', type: 'MeetingWebinarRecording' };
    const phone = { srvId: '0002', type: 'PhoneRecording', count: 1 };
    const kekIds = [from.id];
    const rows: [string, Parameters<Store['moves']['count']>[1], object[]][] = [
      ['all', { kekIds }, [{ ...recordings, count: 4 }, phone]],
      ['of both keys', { kekIds: [from.id, to.id] }, [{ ...recordings, count: 5 }, phone]],
      ['a protection', { kekIds, protections: ['PLATFORM_KEY'] }, [{ ...recordings, count: 1 }]],
      ['a service', { kekIds, srvId: '0002' }, [phone]],
      ['a type', { kekIds, type: 'PhoneRecording' }, [phone]],
      ['owners', { kekIds, owners: ['user-2', 'nobody'] }, [phone]],
      ['no key', { kekIds: ['unknown'] }, []],
    ];
    for (const [name, selection, counts] of rows) {
      t.deepEqual(await store.moves.count('acme', selection), counts as never, name);
    }
  },

  'moves that go round in circles are refused while one has not ended': async (t, store) => {
    const facts = await world(store, 1);
    const { from, to } = facts;
    const back = { selection: { kekIds: [to.id] }, target: from.id };
    const move = await store.moves.start(aPlan(facts), anEvent);
    const audits = await store.listAudit(null, 10);
    await t.throwsAsync(store.moves.start(aPlan(facts, back), anEvent), { code: 'CONFLICT' });
    t.deepEqual(await store.listAudit(null, 10), audits);
    const cancel = { from: ['RUNNING'], to: 'CANCELLED', nowMs: NOW } as const;
    t.true(await store.moves.setState('acme', move.id, cancel, aRecord()));
    await store.moves.start(aPlan(facts, back), anEvent);
  },

  'of two moves in circles that are started at once one is refused': async (t, store, { location }) => {
    const facts = await world(store, 1);
    const second = await openStore(location);
    t.teardown(() => second.close());
    const back = aPlan(facts, { selection: { kekIds: [facts.to.id] }, target: facts.from.id });
    const results = await Promise.allSettled([
      store.moves.start(aPlan(facts), anEvent),
      second.moves.start(back, anEvent),
    ]);
    t.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  },

  'a move of a kind that a newer release adds is left to it': async (t, store, place) => {
    await store.moves.start(aPlan(await world(store, 1)), anEvent);
    await place.harness.execute(place.location, `UPDATE moves SET kind = 'SPLIT'`);
    t.is(await store.moves.claim(NOW, NOW + 1_000), null);
    await place.harness.execute(place.location, `UPDATE moves SET kind = 'ENROL'`);
    t.truthy(await store.moves.claim(NOW, NOW + 1_000));
  },

  'a move is claimed by one at a time, and by another when the claim expires': async (t, store, place) => {
    const facts = await world(store, 1);
    const second = await openStore(place.location);
    t.teardown(() => second.close());
    t.is(await store.moves.claim(NOW, NOW + 1_000), null);
    await store.moves.start(aPlan(facts), anEvent);
    t.is(await store.moves.claim(NOW - 1, NOW + 1_000), null, 'not before it is due');
    const claims = await Promise.all(
      Array.from({ length: 10 }, (_, index) => (index % 2 ? store : second).moves.claim(NOW, NOW + 1_000)),
    );
    const [first, ...others] = claims.filter((claim) => claim !== null);
    if (!first) return t.fail('nobody got it');
    t.is(others.length, 0);
    t.like(first.move, { dueAt: NOW + 1_000, pace: { since: NOW, moved: 0 } });
    t.true(await store.moves.renew(held(first), NOW + 2_000));
    t.is(await store.moves.claim(NOW + 1_999, NOW + 9_000), null);
    const next = await claimed(store, NOW + 2_000);
    t.false(await store.moves.renew(held(first), NOW + 9_000));
    t.is(await store.moves.commit(held(first), batch(facts.to, facts.records), anEvent), null);
    t.is(await store.moves.endRound(held(first), NOW), null);
    t.false(await store.moves.finish(held(first), NOW, aRecord()));
    t.is((await store.findNewestDataKey(anAsset({ id: 'm-0' })))?.kekId, facts.from.id);
    t.is(await store.moves.commit(held(next), batch(facts.to, facts.records), anEvent), 1);
  },

  'pages go through everything under one key, in order': async (t, store) => {
    const { from, records } = await world(store, 7);
    await store.insertDataKey(
      aDataKey(from, { asset: anAsset({ id: 'm-3' }), generation: 2 }),
      anAuditEvent(),
    );
    const request = { account: 'acme', selection: { kekIds: [from.id] }, kekId: from.id, limit: 3 };
    const ids: string[] = [];
    let after: DataKeyPlace | null = null;
    do {
      const page = await store.moves.page({ ...request, after });
      ids.push(...page.records.map(({ asset, generation }) => `${asset.id}/${generation}`));
      after = page.next;
      t.true(page.records.length <= 3);
    } while (after);
    t.deepEqual(ids, [0, 1, 2, 3].map((n) => `m-${n}/1`).concat('m-3/2', ['m-4/1', 'm-5/1', 'm-6/1']));
    const all = await store.moves.page({ ...request, after: null, limit: 1 });
    t.deepEqual(all.records, records.slice(0, 1));
  },

  'a row that makes no sense stands beside the others of its page': async (t, store, place) => {
    const { from, records } = await world(store, 3);
    await place.harness.execute(
      place.location,
      `UPDATE data_keys SET protection = 'LOST' WHERE asset_id = 'm-1'`,
    );
    const request = { account: 'acme', selection: { kekIds: [from.id] }, kekId: from.id, after: null };
    const page = await store.moves.page({ ...request, limit: 10 });
    t.deepEqual(
      page.records.map(({ asset }) => asset.id),
      ['m-0', 'm-2'],
    );
    t.deepEqual(
      page.corrupt,
      records.slice(1, 2).map((record) => placeOf(record)),
    );
  },

  'a batch moves data keys, says so, and changes nothing else of them': async (t, store) => {
    const facts = await world(store, 3);
    await store.moves.start(aPlan(facts), anEvent);
    const claim = await claimed(store);
    const done = batch(facts.to, facts.records.slice(0, 2), NOW + 5);
    t.is(
      await store.moves.commit(held(claim), done, (moved) => anAuditEvent({ detail: `${moved} moved` })),
      2,
    );
    const expected = { kekId: facts.to.id, protection: 'CUSTOMER_KEY', wrapped: Uint8Array.from([9, 0, 9]) };
    for (const record of facts.records.slice(0, 2)) {
      t.deepEqual(await store.findDataKey(record.asset, record.id), { ...record, ...expected } as never);
    }
    t.deepEqual(await store.findNewestDataKey(anAsset({ id: 'm-2' })), facts.records[2] ?? null);
    const move = await store.moves.find('acme', claim.move.id);
    t.like(move, { moved: 2, left: 1, total: 3, progressAt: NOW + 5, dueAt: NOW + 1_005 });
    t.is((await store.listAudit('acme', 1))[0]?.detail, '2 moved');
    t.is((await store.findKek(facts.to.id))?.lifecycle, 'ACTIVE', 'it protects something now');
    t.is((await store.findKek(facts.from.id))?.lifecycle, 'DECRYPT_ONLY', 'a newer key replaced it');
    t.deepEqual(
      (await store.moves.movedSince(NOW + 5)).map(({ id }) => id),
      [claim.move.id],
    );
    t.deepEqual(await store.moves.movedSince(NOW + 6), []);
  },

  'what a recovery moves is marked to be sealed anew': async (t, store, place) => {
    const facts = await world(store, 2);
    await store.moves.start(aPlan(facts), anEvent);
    const claim = await claimed(store);
    const [first, second] = facts.records;
    if (!first || !second) return t.fail();
    await store.moves.commit(held(claim), { ...batch(facts.to, [first], NOW + 7), reencrypt: true }, anEvent);
    await store.moves.commit(held(claim), batch(facts.to, [second]), anEvent);
    const unmarked = `DELETE FROM data_keys WHERE reencrypt_since IS NULL OR reencrypt_since <> ${NOW + 7}`;
    await place.harness.execute(place.location, unmarked);
    t.is((await store.findNewestDataKey(first.asset))?.id, first.id);
    t.is(await store.findNewestDataKey(second.asset), null);
  },

  'a data key that changed since it was read stays as it is': async (t, store) => {
    const facts = await world(store, 3);
    await store.moves.start(aPlan(facts), anEvent);
    const claim = await claimed(store);
    const [first, second, third] = facts.records;
    if (!first || !second || !third) return t.fail();
    const stale = [
      { ...first, wrapped: Uint8Array.from([1]) },
      { ...second, kekId: facts.to.id },
      { ...third, generation: 2 },
    ];
    const audits = await store.listAudit('acme', 10);
    t.is(await store.moves.commit(held(claim), batch(facts.to, stale), anEvent), 0);
    for (const record of facts.records) t.deepEqual(await store.findNewestDataKey(record.asset), record);
    t.deepEqual(await store.listAudit('acme', 10), audits, 'nothing moved, nothing to tell');
    t.like(await store.moves.find('acme', claim.move.id), { moved: 0, left: 3, progressAt: null });
  },

  'failures are listed until a round ends without them': async (t, store) => {
    const facts = await world(store, 2);
    await store.moves.start(aPlan(facts), anEvent);
    const claim = await claimed(store);
    const [first, second] = facts.records.map(placeOf);
    if (!first || !second) return t.fail();
    const fail = (place: DataKeyPlace, nowMs: number) => ({
      ...batch(facts.to, [], nowMs),
      failures: [{ ...place, code: 'KMS_CONTEXT_MISMATCH' as const }],
    });
    t.is(await store.moves.commit(held(claim), fail(first, NOW + 1), anEvent), 0);
    await store.moves.commit(held(claim), fail(second, NOW + 2), anEvent);
    t.is((await store.moves.find('acme', claim.move.id))?.failed, 2);
    await store.moves.commit(held(claim), fail(second, NOW + 10), anEvent);
    t.is(await store.moves.endRound(held(claim), NOW + 5), 2);
    t.deepEqual(await store.moves.failures(claim.move.id, 10), [
      { ...second, code: 'KMS_CONTEXT_MISMATCH', at: NOW + 10 },
    ]);
    t.is((await store.moves.find('acme', claim.move.id))?.failed, 1);
  },

  'a move that has to wait says why, until it goes on': async (t, store) => {
    const facts = await world(store, 1);
    await store.moves.start(aPlan(facts), anEvent);
    const problem = { code: 'KEY_DISABLED', detail: `it's "disabled"` } as const;
    await store.moves.release(held(await claimed(store)), { dueMs: NOW + 700, problem, tries: 3 });
    t.like(await store.moves.find('acme', (await store.moves.list('acme', 1))[0]?.id ?? ''), {
      state: 'RUNNING',
      problem,
      dueAt: NOW + 700,
    });
    t.is(await store.moves.claim(NOW + 699, NOW + 9_000), null);
    const again = await claimed(store, NOW + 700);
    t.is(again.tries, 3);
    await store.moves.commit(held(again), batch(facts.to, facts.records, NOW + 800), anEvent);
    t.is((await store.moves.find('acme', again.move.id))?.problem, null);
  },

  'it is done only when nothing is left, data keys that came late included': async (t, store) => {
    const facts = await world(store, 1);
    await store.moves.start(aPlan(facts), anEvent);
    const claim = await claimed(store);
    await store.moves.commit(held(claim), batch(facts.to, facts.records), anEvent);
    t.is(await store.moves.endRound(held(claim), NOW), 0);
    const late = await store.insertDataKey(
      aDataKey(facts.from, { asset: anAsset({ id: 'late' }) }),
      anAuditEvent(),
    );
    t.false(await store.moves.finish(held(claim), NOW, aRecord()));
    t.is(await store.moves.endRound(held(claim), NOW), 1);
    await store.moves.commit(held(claim), batch(facts.to, [late]), anEvent);
    t.true(
      await store.moves.finish(held(claim), NOW + 9, (move, underSources) => {
        t.like(move, { state: 'DONE', moved: 2, left: 0, endedAt: NOW + 9 });
        const facts = { kind: 'MOVE_ENDED', from: null, to: null, outcome: 'DONE' } as const;
        const about = { account: 'acme', kekId: null };
        const alert = newAlert(NOW, about, { ...facts, moved: 2, left: underSources });
        return { audit: anAuditEvent({ detail: 'done' }), alerts: [alert] };
      }),
    );
    const [alert] = await store.alerts.list('acme', 10);
    t.like(alert?.facts, { kind: 'MOVE_ENDED', left: 0 });
    t.like(await store.moves.find('acme', claim.move.id), {
      state: 'DONE',
      endedAt: NOW + 9,
      moved: 2,
      left: 0,
    });
    t.is((await store.listAudit('acme', 1))[0]?.detail, 'done');
    t.is(await store.moves.claim(NOW + 1e6, NOW + 2e6), null);
  },

  'a move that is paused or cancelled moves nothing more': async (t, store) => {
    const facts = await world(store, 1);
    const { id } = await store.moves.start(aPlan(facts), anEvent);
    const claim = await claimed(store);
    const change = (from: MoveState, to: MoveState, account = 'acme') =>
      store.moves.setState(account, id, { from: [from], to, nowMs: NOW + 5 }, aRecord(to));
    t.false(await change('PAUSED', 'RUNNING'));
    await withAccount(store, 'other');
    t.false(await change('RUNNING', 'PAUSED', 'other'));
    t.true(await change('RUNNING', 'PAUSED'));
    t.is(await store.moves.commit(held(claim), batch(facts.to, facts.records), anEvent), null);
    t.is(await store.moves.claim(NOW + 1e6, NOW + 2e6), null);
    t.true(await change('PAUSED', 'RUNNING'));
    t.is(await store.moves.commit(held(claim), batch(facts.to, facts.records), anEvent), null);
    await claimed(store, NOW + 5);
    t.true(await change('RUNNING', 'CANCELLED'));
    t.like(await store.moves.find('acme', id), { state: 'CANCELLED', endedAt: NOW + 5, left: 1 });
    t.deepEqual(await store.findNewestDataKey(anAsset({ id: 'm-0' })), facts.records[0] ?? null);
    const told = (await store.listAudit('acme', 3)).map(({ detail }) => detail);
    t.deepEqual(told, ['CANCELLED', 'RUNNING', 'PAUSED']);
  },
};
