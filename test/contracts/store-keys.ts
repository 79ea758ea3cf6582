import { uuidv7 } from '../../broker/model/uuid.ts';
import { openStore } from '../../broker/store/open-store.ts';
import { aDataKey, aKek, anAsset, anAuditEvent, withAccount, withKek } from '../support/stored-facts.ts';
import type { StoreCase } from './store.ts';

/** Key-encryption keys and data keys. */
export const keyCases: Record<string, StoreCase> = {
  'a key comes back as it was stored': async (t, store) => {
    const canary = { wrapped: Uint8Array.from([0, 39, 255]), context: { 'a"b': 'ü\\' } };
    const kek = await withKek(store, { references: ['first', 'second', 'a third'], canary });
    t.deepEqual(await store.findKek(kek.id), kek);
    t.is(await store.findKek('unknown'), null);
    const role = { arn: 'arn:aws:iam::111122223333:role/cmk', externalId: 'cmk-0' };
    const throughRole = await withKek(store, { role });
    t.deepEqual(await store.findKek(throughRole.id), throughRole);
    const newer = { wrapped: Uint8Array.from([1]), context: {} };
    await store.keyLife.replaceCanary(kek.id, newer, anAuditEvent());
    t.deepEqual(await store.findKek(kek.id), { ...kek, canary: newer });
    await t.throwsAsync(store.keyLife.replaceCanary('unknown', newer, anAuditEvent()), { code: 'CONFLICT' });
  },

  'keys are listed newest first, the platform’s by themselves': async (t, store) => {
    const old = await withKek(store, { createdAt: 1 });
    const young = await withKek(store, { createdAt: 2 });
    const platform = aKek({ account: null });
    await store.insertKek(platform, platform.references, anAuditEvent());
    t.deepEqual(await store.listKeks('acme'), [young, old]);
    t.deepEqual(await store.listKeks(null), [platform]);
  },

  'a reference that is enrolled already is a conflict, for whichever account': async (t, store) => {
    await withKek(store, { references: ['theirs', 'their-replica'] });
    await withAccount(store, 'mallory');
    const before = await store.listAudit(null, 10);
    const thief = aKek({ account: 'mallory', references: ['mine', 'their-replica'] });
    const error = await t.throwsAsync(store.insertKek(thief, thief.references, anAuditEvent()), {
      code: 'CONFLICT',
    });
    t.false(error.message.includes('acme'), 'the answer does not tell whose it is');
    t.is(await store.findKek(thief.id), null);
    t.deepEqual(await store.listAudit(null, 10), before);
    await store.insertKek({ ...thief, references: ['mine'] }, ['mine'], anAuditEvent());
  },

  'a key is one account’s under whatever name': async (t, store) => {
    const versioned = aKek({ references: ['their key, version 1'] });
    await withAccount(store);
    t.is(await store.ownerOfKey('their key'), null);
    await store.insertKek(versioned, ['their key'], anAuditEvent());
    t.deepEqual(await store.ownerOfKey('their key'), { account: 'acme' });
    await store.insertKek(aKek({ references: ['their key, version 2'] }), ['their key'], anAuditEvent());
    for (const account of ['mallory', null]) {
      if (account !== null) await withAccount(store, account);
      const thief = aKek({ account, references: ['their key'] });
      const error = await t.throwsAsync(store.insertKek(thief, ['their key'], anAuditEvent()), {
        code: 'CONFLICT',
      });
      t.false(error.message.includes('acme'), 'the answer does not tell whose it is');
      t.is(await store.findKek(thief.id), null);
    }
    await store.insertKek(aKek({ account: null, references: ['ours'] }), ['ours'], anAuditEvent());
    t.deepEqual(await store.ownerOfKey('ours'), { account: null });
  },

  'a key moves only from the states that were named': async (t, store) => {
    const kek = await withKek(store, { lifecycle: 'PENDING' });
    const audits = (await store.listAudit('acme', 10)).length;
    t.false(await store.moveKek(kek.id, ['ACTIVE', 'STANDBY'], 'DECRYPT_ONLY', anAuditEvent()));
    t.false(await store.moveKek('unknown', ['PENDING'], 'STANDBY', anAuditEvent()));
    t.is((await store.listAudit('acme', 10)).length, audits);
    t.true(await store.moveKek(kek.id, ['RETIRED', 'PENDING'], 'STANDBY', anAuditEvent()));
    t.is((await store.findKek(kek.id))?.lifecycle, 'STANDBY');
    t.is((await store.listAudit('acme', 10)).length, audits + 1);
  },

  'a data key is found by its very asset alone': async (t, store) => {
    const kek = await withKek(store);
    const asset = anAsset({ id: `it's "100%" ?` });
    const record = aDataKey(kek, { asset });
    t.deepEqual(await store.insertDataKey(record, anAuditEvent()), record);
    t.deepEqual(await store.findDataKey(asset, record.id), record);
    const others = [{ account: 'other' }, { srvId: '0002' }, { type: 'Other' }, { id: 'other' }];
    for (const other of others) {
      t.is(await store.findDataKey({ ...asset, ...other }, record.id), null, JSON.stringify(other));
      t.is(await store.findNewestDataKey({ ...asset, ...other }), null, JSON.stringify(other));
    }
    for (const id of [uuidv7(Date.now()), '', 'not a uuid', `' OR 1=1`])
      t.is(await store.findDataKey(asset, id), null);
  },

  'the newest data key is the one of the highest generation': async (t, store) => {
    const kek = await withKek(store);
    const generations = [];
    for (const generation of [1, 11, 2]) generations.push(aDataKey(kek, { generation }));
    for (const record of generations) await store.insertDataKey(record, anAuditEvent());
    t.deepEqual(await store.findNewestDataKey(anAsset()), generations[1] ?? null);
    for (const record of generations) t.deepEqual(await store.findDataKey(anAsset(), record.id), record);
  },

  'of many that store an asset’s data key at once one wins, and all get it': async (
    t,
    store,
    { location },
  ) => {
    const kek = await withKek(store);
    const second = await openStore(location);
    t.teardown(() => second.close());
    const results = await Promise.all(
      Array.from({ length: 60 }, (_, index) => {
        const record = aDataKey(kek, { wrapped: Uint8Array.from([1, index]) });
        return (index % 2 ? store : second).insertDataKey(
          record,
          anAuditEvent({ action: 'ISSUE', dataKeyId: record.id }),
        );
      }),
    );
    const stored = await store.findNewestDataKey(anAsset());
    for (const result of results) t.deepEqual(result, stored);
    const issued = (await store.listAudit('acme', 100)).filter(({ action }) => action === 'ISSUE');
    t.deepEqual(
      issued.map(({ dataKeyId }) => dataKeyId),
      [stored?.id],
      'one audit event: the winner’s',
    );
  },

  'the first data key under a key makes it active, and the account’s older keys serve for opening alone':
    async (t, store) => {
      const old = await withKek(store, { lifecycle: 'ACTIVE', createdAt: 1 });
      const retired = await withKek(store, { lifecycle: 'RETIRED', createdAt: 1 });
      const waiting = await withKek(store, { lifecycle: 'STANDBY', createdAt: 1 });
      const kek = await withKek(store, { lifecycle: 'STANDBY', createdAt: 2 });
      const newer = await withKek(store, { lifecycle: 'ACTIVE', createdAt: 3 });
      const theirs = await withKek(store, { account: 'other', lifecycle: 'ACTIVE', createdAt: 1 });
      const lifecycles = async () => {
        const keks = [old, retired, waiting, kek, newer, theirs];
        return Promise.all(keks.map(async ({ id }) => (await store.findKek(id))?.lifecycle));
      };
      await store.insertDataKey(aDataKey(kek), anAuditEvent());
      const after = ['DECRYPT_ONLY', 'RETIRED', 'STANDBY', 'ACTIVE', 'ACTIVE', 'ACTIVE'] as const;
      t.deepEqual(await lifecycles(), [...after]);
      await store.moveKek(kek.id, ['ACTIVE'], 'DECRYPT_ONLY', anAuditEvent());
      await store.insertDataKey(aDataKey(kek, { generation: 2 }), anAuditEvent());
      t.is((await store.findKek(kek.id))?.lifecycle, 'DECRYPT_ONLY');
    },

  'a data key that contradicts what is stored is refused': async (t, store) => {
    const kek = await withKek(store);
    const record = aDataKey(kek);
    await store.insertDataKey(record, anAuditEvent());
    const audits = await store.listAudit(null, 10);
    const orphan = aDataKey(aKek(), { generation: 2 });
    await t.throwsAsync(
      store.insertDataKey(orphan, anAuditEvent()),
      { code: 'CONFLICT' },
      'under no known key',
    );
    const twin = aDataKey(kek, { generation: 2, id: record.id });
    await t.throwsAsync(store.insertDataKey(twin, anAuditEvent()), { code: 'CONFLICT' }, 'one id twice');
    const foreign = aDataKey(kek, {
      generation: 2,
      context: aDataKey(kek, { asset: anAsset({ id: 'x' }) }).context,
    });
    await t.throwsAsync(
      store.insertDataKey(foreign, anAuditEvent()),
      { code: 'INTERNAL' },
      'another asset’s context',
    );
    t.deepEqual(await store.findNewestDataKey(anAsset()), record);
    t.deepEqual(await store.listAudit(null, 10), audits);
  },
};
