import type { Kek } from '../../broker/model/types.ts';
import { uuidv7 } from '../../broker/model/uuid.ts';
import { openStore } from '../../broker/store/open-store.ts';
import type { Retirement } from '../../broker/store/store.ts';
import { CmkError, toCmkError } from '../../core/errors.ts';
import { aDataKey, anAsset, anAuditEvent, withAccount, withKek } from '../support/stored-facts.ts';
import type { StoreCase } from './store.ts';

const retirement = (kek: Kek, facts: Partial<Retirement> = {}): Retirement => ({
  kekId: kek.id,
  from: ['STANDBY', 'DECRYPT_ONLY'],
  dataKeys: 0,
  acceptNoKey: true,
  event: { kekId: kek.id, reason: 'KEY_RETIRED', at: 1 },
  ...facts,
});

/** The life of keys. */
export const keyLifeCases: Record<string, StoreCase> = {
  'data keys under a key are counted by service and type, its account’s alone': async (t, store) => {
    const kek = await withKek(store);
    const other = await withKek(store);
    await withAccount(store, 'other');
    const put = (asset: Parameters<typeof anAsset>[0], generation = 1, under = kek) =>
      store.insertDataKey(aDataKey(under, { asset: anAsset(asset), generation }), anAuditEvent());
    for (const id of ['a', 'b', 'c']) await put({ id });
    await put({ id: 'a' }, 2);
    await put({ srvId: '0002', type: 'PhoneRecording', id: 'a' });
    await put({ id: 'elsewhere' }, 1, other);
    await put({ id: 'theirs', account: 'other' });
    const recordings = { srvId: '0001', type: 'MeetingWebinarRecording' };
    t.deepEqual(await store.keyLife.count('acme', kek.id), [
      { ...recordings, dataKeys: 4, assets: 3 },
      { srvId: '0002', type: 'PhoneRecording', dataKeys: 1, assets: 1 },
    ]);
    t.deepEqual(await store.keyLife.count('acme', other.id), [{ ...recordings, dataKeys: 1, assets: 1 }]);
    t.deepEqual(await store.keyLife.count('acme', 'unknown'), []);
  },

  'a key is retired from the states that were named and with the count that was confirmed': async (
    t,
    store,
  ) => {
    const kek = await withKek(store, { lifecycle: 'DECRYPT_ONLY' });
    await store.insertDataKey(aDataKey(kek), anAuditEvent());
    const audits = await store.listAudit(null, 10);
    const retire = (facts: Partial<Retirement>) =>
      store.keyLife.retire(retirement(kek, facts), anAuditEvent({ kekId: kek.id }), []);
    t.deepEqual(await retire({ from: ['STANDBY'] }), { outcome: 'OTHER_STATE', lifecycle: 'DECRYPT_ONLY' });
    for (const dataKeys of [0, 2])
      t.deepEqual(await retire({ dataKeys }), { outcome: 'OTHER_COUNT', dataKeys: 1 });
    await t.throwsAsync(retire({ kekId: 'unknown' }), { code: 'CONFLICT' });
    t.is((await store.findKek(kek.id))?.lifecycle, 'DECRYPT_ONLY');
    t.deepEqual(await store.listAudit(null, 10), audits);
    t.is(await store.newestKeyPosition(), 0);

    t.deepEqual(await retire({ dataKeys: 1 }), { outcome: 'RETIRED', position: 1 });
    t.is((await store.findKek(kek.id))?.lifecycle, 'RETIRED');
    t.like((await store.keyEventsAfter(0, 10))[0], { kekId: kek.id, reason: 'KEY_RETIRED' });
    t.is((await store.listAudit(null, 10)).length, audits.length + 1);
    t.deepEqual(await retire({ dataKeys: 1 }), { outcome: 'OTHER_STATE', lifecycle: 'RETIRED' });
  },

  'the last key that takes new data goes only from an account without a licence, or if that is accepted':
    async (t, store, { location }) => {
      const second = await openStore(location);
      t.teardown(() => second.close());
      const from = ['STANDBY', 'ACTIVE', 'DECRYPT_ONLY'] as const;
      const retire = async (kek: Kek, facts: Partial<Retirement> = {}, through = store) => {
        const wish = retirement(kek, { from, acceptNoKey: false, ...facts });
        return (await through.keyLife.retire(wish, anAuditEvent(), [])).outcome;
      };
      await withKek(store, { lifecycle: 'DECRYPT_ONLY', createdAt: 1 });
      const keks = [
        await withKek(store, { lifecycle: 'ACTIVE', createdAt: 2 }),
        await withKek(store),
      ] as const;
      const outcomes = await Promise.all([retire(keks[0]), retire(keks[1], {}, second)]);
      t.deepEqual(outcomes.sort(), ['LAST_KEY', 'RETIRED'], 'of two at once the second is the last');
      const left = (await store.listKeks('acme')).find(({ lifecycle }) => /STANDBY|ACTIVE/.test(lifecycle));
      if (!left) return t.fail('both are retired');
      t.is(await retire(left), 'LAST_KEY');
      await store.putAccount({ id: 'acme', name: 'Acme', licence: 'NONE' }, anAuditEvent());
      t.is(await retire(left), 'RETIRED');
      const licensed = await withKek(store);
      t.is(await retire(licensed), 'LAST_KEY');
      t.is(await retire(licensed, { acceptNoKey: true }), 'RETIRED');
    },

  'under a retired key no data key is stored, however close the two come': async (t, store, { location }) => {
    const second = await openStore(location);
    t.teardown(() => second.close());
    for (let round = 0; round < 8; round++) {
      const kek = await withKek(store);
      const id = (index: number) => `${round}-${index}`;
      const inserting = Array.from({ length: 6 }, (_, index) =>
        store.insertDataKey(aDataKey(kek, { asset: anAsset({ id: id(index) }) }), anAuditEvent()).then(
          () => 'STORED',
          (error: unknown) => toCmkError(error).code,
        ),
      );
      const { outcome } = await second.keyLife.retire(retirement(kek), anAuditEvent(), []);
      const results = await Promise.all(inserting);
      const [count] = await store.keyLife.count('acme', kek.id);
      const stored = results.filter((result) => result === 'STORED').length;
      t.is(count?.dataKeys ?? 0, stored);
      t.true(
        results.every((result) => result === 'STORED' || result === 'KEY_RETIRED'),
        results.join(),
      );
      t.true(outcome !== 'RETIRED' || stored === 0, `${outcome}, ${stored} stored`);
    }
    const kek = await withKek(store, { lifecycle: 'RETIRED' });
    await t.throwsAsync(store.insertDataKey(aDataKey(kek), anAuditEvent()), { code: 'KEY_RETIRED' });
    t.is(await store.findNewestDataKey(anAsset()), null);
  },

  'references are replaced in their order, and what was known of others is forgotten': async (t, store) => {
    const kek = await withKek(store, { references: ['first', 'second'] });
    const other = await withKek(store, { references: ['taken'] });
    const places = kek.references.map((reference) => ({ kekId: kek.id, reference, use: 'DECRYPT' }) as const);
    await store.keyStatuses.apply(places, (record) => ({ record, audit: null, alerts: [] }));
    const replace = (
      from: readonly string[],
      to: readonly string[],
      precondition?: Parameters<typeof store.keyLife.replaceReferences>[2],
    ) =>
      store.keyLife.replaceReferences(
        { kekId: kek.id, from, to, identities: to },
        anAuditEvent(),
        precondition,
      );
    const before = { value: kek.references, version: 1 };
    const refuse = () => {
      throw new CmkError('STALE_VERSION', 'no');
    };
    const audits = await store.listAudit(null, 10);
    t.is(await replace(['second', 'first'], ['third']), null, 'set by somebody else meanwhile');
    await t.throwsAsync(replace(kek.references, ['first', 'taken']), { code: 'CONFLICT' });
    await t.throwsAsync(replace(kek.references, ['third'], refuse), { code: 'STALE_VERSION' });
    t.deepEqual(await store.findKek(kek.id), kek);
    t.deepEqual(await store.keyLife.references(kek.id), before);
    t.is(await store.keyLife.references(uuidv7(0)), null);
    t.deepEqual(await store.listAudit(null, 10), audits);
    t.is((await store.keyStatuses.list([kek.id])).length, 2);

    const replaced = await replace(kek.references, ['third', 'second'], (stored) =>
      t.deepEqual(stored, before),
    );
    t.deepEqual(replaced, { value: ['third', 'second'], version: 2 });
    t.deepEqual(await store.keyLife.references(kek.id), replaced);
    t.deepEqual(await store.findKek(kek.id), { ...kek, references: ['third', 'second'] });
    t.deepEqual(
      (await store.keyStatuses.list([kek.id])).map(({ reference }) => reference),
      ['second'],
    );
    t.deepEqual(await store.findKek(other.id), other);
    t.is((await store.listAudit(null, 10)).length, audits.length + 1);
    // What it has no more is free again.
    await withKek(store, { references: ['first'] });
  },
};
