import type { AssetPlace, AssetQuery, AssetRow, Store } from '../../broker/store/store.ts';
import { markForReencryption } from '../support/mark-for-reencryption.ts';
import { aDataKey, anAsset, anAuditEvent, withKek } from '../support/stored-facts.ts';
import type { StoreCase } from './store.ts';

const VOICE = { srvId: '0003', type: 'PhoneVoicemail' };
const SUMMARY = { srvId: '0001', type: 'MeetingWebinarSummary' };
const TYPE = 'MeetingWebinarRecording';

/** Recordings a, b, b/2 and c, one summary and one voicemail of acme; one recording of globex. */
async function populated(store: Store): Promise<void> {
  const kek = await withKek(store);
  const theirs = await withKek(store, { account: 'globex' });
  const add = async (facts: Parameters<typeof anAsset>[0], more: Parameters<typeof aDataKey>[1] = {}) => {
    const own = facts?.account === 'globex' ? theirs : kek;
    await store.insertDataKey(aDataKey(own, { asset: anAsset(facts), ...more }), anAuditEvent());
  };
  for (const id of ['c', 'a', 'b/2', 'b']) await add({ id });
  await add({ id: 's', ...SUMMARY }, { protection: 'PLATFORM_KEY' });
  await add({ id: 'v', ...VOICE }, { protection: 'FALLBACK_KEY' });
  await add({ account: 'globex', id: 'a' });
  await add({ id: 'a' }, { generation: 2 });
}

const ids = (rows: readonly AssetRow[]) => rows.map(({ asset }) => asset.id);

async function allPages(store: Store, query: AssetQuery, limit: number): Promise<string[]> {
  const seen: string[] = [];
  let after: AssetPlace | null = null;
  for (;;) {
    const page: AssetRow[] = await store.assets.list('acme', query, after, limit);
    seen.push(...ids(page));
    const last = page.at(-1);
    if (!last || page.length < limit) return seen;
    after = last.asset;
  }
}

/** Assets, as administrators look at them. */
export const assetCases: Record<string, StoreCase> = {
  'assets are listed once each, in order of service, type and id, page by page': async (t, store) => {
    await populated(store);
    const all = ['a', 'b', 'b/2', 'c', 's', 'v'];
    for (const limit of [1, 2, 5, 100]) t.deepEqual(await allPages(store, {}, limit), all, String(limit));
    const [newest] = await store.assets.list('acme', {}, null, 1);
    t.like(newest, { generation: 2, protection: 'CUSTOMER_KEY', owner: 'user-1', destroyedAt: null });
    t.false('wrapped' in (newest ?? {}));
    t.deepEqual(await store.assets.list('nobody', {}, null, 10), []);
  },

  'assets are found by service, type, protection and the beginning of their ids': async (t, store) => {
    await populated(store);
    const rows: [AssetQuery, string[]][] = [
      [{ srvId: '0001' }, ['a', 'b', 'b/2', 'c', 's']],
      [{ srvId: '0002' }, []],
      [{ type: 'PhoneVoicemail' }, ['v']],
      [SUMMARY, ['s']],
      [{ protection: 'FALLBACK_KEY' }, ['v']],
      [{ protection: 'CUSTOMER_KEY' }, ['a', 'b', 'b/2', 'c']],
      [{ idPrefix: 'b' }, ['b', 'b/2']],
      [{ idPrefix: 'b%' }, []],
      [{ idPrefix: 'b', srvId: '0001', type: TYPE, protection: 'CUSTOMER_KEY' }, ['b', 'b/2']],
    ];
    for (const [query, expected] of rows) {
      for (const limit of [1, 100]) {
        t.deepEqual(await allPages(store, query, limit), expected, JSON.stringify(query));
      }
    }
  },

  'an asset shows all its data keys, the newest first': async (t, store) => {
    await populated(store);
    const keys = await store.assets.dataKeys(anAsset({ id: 'a' }));
    t.deepEqual(
      keys.map(({ generation }) => generation),
      [2, 1],
    );
    t.is((await store.assets.dataKeys(anAsset({ account: 'globex', id: 'a' }))).length, 1);
    t.deepEqual(await store.assets.dataKeys(anAsset({ id: 'none' })), []);
  },

  'assets and data keys are counted by key and protection': async (t, store) => {
    await populated(store);
    const [, gone] = await store.assets.dataKeys(anAsset({ id: 'a' }));
    const older = await store.findDataKey(anAsset({ id: 'a' }), gone?.id ?? '');
    if (!older) return t.fail();
    const { kekId } = older;
    t.deepEqual(await store.assets.count('acme'), [
      { srvId: '0001', type: TYPE, protection: 'CUSTOMER_KEY', kekId, assets: 4, dataKeys: 5 },
      { ...SUMMARY, protection: 'PLATFORM_KEY', kekId, assets: 1, dataKeys: 1 },
      { ...VOICE, protection: 'FALLBACK_KEY', kekId, assets: 1, dataKeys: 1 },
    ]);
    t.deepEqual(await store.assets.backlog('acme'), []);

    await markForReencryption(store, [older], 1_000);
    t.deepEqual(await store.assets.backlog('acme'), [
      { srvId: '0001', type: TYPE, dataKeys: 1, oldestSince: 1_000 },
    ]);
    const when = { nowMs: 9_000, unusedSinceMs: 8_000 };
    await store.reencryption.destroy(anAsset({ id: 'a' }), older.id, when, anAuditEvent());
    t.like((await store.assets.count('acme'))[0], { assets: 4, dataKeys: 4 });
    t.deepEqual(await store.assets.backlog('acme'), []);
  },
};
