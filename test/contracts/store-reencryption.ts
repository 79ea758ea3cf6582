import type { DataKeyRecord, Kek } from '../../broker/model/types.ts';
import { openStore } from '../../broker/store/open-store.ts';
import type { ReencryptionPlace, Store } from '../../broker/store/store.ts';
import { markForReencryption } from '../support/mark-for-reencryption.ts';
import { aDataKey, anAsset, anAuditEvent, withKek } from '../support/stored-facts.ts';
import type { StoreCase } from './store.ts';

const NOW = 1_700_000_000_000;
const done = () => anAuditEvent({ action: 'REENCRYPT', detail: 'destroyed' });
/** Long after everything. */
const LATER = { nowMs: NOW + 9_000, unusedSinceMs: NOW + 8_000 };

/** An asset whose data key is marked, and the newer one if it has one. */
async function marked(
  store: Store,
  kek: Kek,
  facts: { id?: string; srvId?: string; at?: number; newer?: boolean; protection?: 'PLATFORM_KEY' } = {},
): Promise<DataKeyRecord> {
  const { id = 'meeting-1', srvId = '0001', at = NOW, newer = true } = facts;
  const asset = anAsset({ id, srvId });
  const record = aDataKey(kek, { asset });
  await store.insertDataKey(record, anAuditEvent());
  await markForReencryption(store, [record], at);
  const { protection = 'CUSTOMER_KEY' } = facts;
  if (newer) await store.insertDataKey(aDataKey(kek, { asset, generation: 2, protection }), anAuditEvent());
  return record;
}

const ids = (list: readonly { record: DataKeyRecord }[]) => list.map(({ record }) => record.asset.id);

function placeOf({ asset, reencryptSince, generation }: DataKeyRecord): ReencryptionPlace {
  const { account, type, id: assetId } = asset;
  return { since: reencryptSince ?? 0, account, type, assetId, generation };
}

/** Data keys that give way to newer ones. */
export const reencryptionCases: Record<string, StoreCase> = {
  'a mark is stored with the data key': async (t, store) => {
    const record = await marked(store, await withKek(store), { newer: false });
    const expected = { ...record, reencryptSince: NOW };
    t.deepEqual(await store.findNewestDataKey(record.asset), expected);
    t.deepEqual(await store.findDataKey(record.asset, record.id), expected);
  },

  'marked data keys are listed by service, those that were marked first before the others': async (
    t,
    store,
  ) => {
    const kek = await withKek(store);
    await marked(store, kek, { id: 'm-2', at: NOW + 2 });
    await marked(store, kek, { id: 'm-1', at: NOW + 2, newer: false });
    await marked(store, kek, { id: 'm-3', at: NOW + 1 });
    await marked(store, kek, { id: 'phone', srvId: '0002' });
    await store.insertDataKey(aDataKey(kek, { asset: anAsset({ id: 'sound' }) }), anAuditEvent());
    const all = await store.reencryption.list('0001', null, 10);
    t.deepEqual(ids(all), ['m-3', 'm-1', 'm-2']);
    t.deepEqual(
      all.map(({ record, sealingAt }) => [record.generation, sealingAt]),
      [
        [1, NOW + 1],
        [1, NOW + 2],
        [1, NOW + 2],
      ],
    );
    t.deepEqual(ids(await store.reencryption.list('0002', null, 10)), ['phone']);
    t.deepEqual(await store.reencryption.list('0003', null, 10), []);
    // A page at a time, with ties in time across the edge.
    const seen: string[] = [];
    let after: ReencryptionPlace | null = null;
    for (;;) {
      const page: Awaited<ReturnType<Store['reencryption']['list']>> = await store.reencryption.list(
        '0001',
        after,
        1,
      );
      const [first] = page;
      if (!first) break;
      seen.push(...ids(page));
      after = placeOf(first.record);
    }
    t.deepEqual(seen, ['m-3', 'm-1', 'm-2']);
  },

  'what the platform key wraps again is not listed, and not destroyed': async (t, store, place) => {
    const record = await marked(store, await withKek(store));
    await place.harness.execute(place.location, `UPDATE data_keys SET protection = 'PLATFORM_KEY'`);
    t.deepEqual(await store.reencryption.list('0001', null, 10), []);
    t.is(await store.reencryption.destroy(record.asset, record.id, LATER, done()), 'NOT_MARKED');
  },

  'a destroyed data key keeps its row and nothing to unwrap, and that survives': async (t, store, place) => {
    const record = await marked(store, await withKek(store));
    const newest = await store.findNewestDataKey(record.asset);
    t.is(await store.reencryption.destroy(record.asset, record.id, LATER, done()), 'DONE');
    const second = await openStore(place.location);
    t.teardown(() => second.close());
    const gone = { wrapped: new Uint8Array(), reencryptSince: NOW, destroyedAt: LATER.nowMs };
    t.deepEqual(await second.findDataKey(record.asset, record.id), { ...record, ...gone });
    t.deepEqual(await second.findNewestDataKey(record.asset), newest);
    t.deepEqual(await second.reencryption.list('0001', null, 10), []);
    t.is((await second.listAudit('acme', 1))[0]?.detail, 'destroyed');
    const events = (await store.listAudit('acme', 100)).length;
    t.is(await store.reencryption.destroy(record.asset, record.id, LATER, anAuditEvent()), 'DONE_BEFORE');
    t.is((await store.listAudit('acme', 100)).length, events);
  },

  'a data key is not destroyed': async (t, store) => {
    const kek = await withKek(store);
    const { asset, id } = await marked(store, kek, { id: 'used' });
    const destroy = (dataKeyId: string, unusedSinceMs: number, of = asset) =>
      store.reencryption.destroy(of, dataKeyId, { nowMs: NOW + 9_000, unusedSinceMs }, done());
    t.is(await destroy(id, NOW - 1), 'IN_USE', 'marked too short a while ago');
    t.true(await store.reencryption.noteSealing(asset, id, NOW + 5));
    t.is(await destroy(id, NOW + 4), 'IN_USE', 'granted for sealing too short a while ago');
    t.is((await store.reencryption.list('0001', null, 1))[0]?.sealingAt, NOW + 5);
    t.is(await destroy(id, NOW + 5, { ...asset, id: 'other' }), 'UNKNOWN', 'another asset’s');
    t.is(await destroy(id, NOW + 5, { ...asset, account: 'globex' }), 'UNKNOWN', 'another account’s');
    const newest = await store.findNewestDataKey(asset);
    t.is(await destroy(newest?.id ?? '', NOW + 5), 'NOT_MARKED', 'the newest');
    const alone = await marked(store, kek, { id: 'alone', newer: false });
    t.is(await destroy(alone.id, NOW + 5, alone.asset), 'NO_NEWER', 'the only one');
    const weaker = await marked(store, kek, { id: 'weaker', protection: 'PLATFORM_KEY' });
    t.is(await destroy(weaker.id, NOW + 5, weaker.asset), 'NO_NEWER', 'the newer one is the platform’s');
    t.false((await store.listAudit('acme', 100)).some(({ detail }) => detail === 'destroyed'));
    for (const record of [alone, weaker]) {
      t.deepEqual((await store.findDataKey(record.asset, record.id))?.wrapped, record.wrapped);
    }
    t.is(await destroy(id, NOW + 5), 'DONE', 'now it may');
    t.false(await store.reencryption.noteSealing(asset, id, NOW + 6), 'nobody seals with it any more');
  },

  'a destroyed data key is in no move’s way': async (t, store) => {
    const kek = await withKek(store);
    const record = await marked(store, kek);
    await store.reencryption.destroy(record.asset, record.id, LATER, done());
    const selection = { kekIds: [kek.id] };
    t.is((await store.moves.count('acme', selection))[0]?.count, 1);
    const page = await store.moves.page({ account: 'acme', selection, kekId: kek.id, after: null, limit: 9 });
    t.deepEqual(
      page.records.map(({ generation }) => generation),
      [2],
    );
    t.deepEqual(page.corrupt, []);
  },
};
