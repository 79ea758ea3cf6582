import { aDataKey, aKek, anAccount, anAuditEvent, withKek } from '../support/stored-facts.ts';
import type { StoreCase } from './store.ts';

/** What holds for every call. */
export const wholeCases: Record<string, StoreCase> = {
  'a row that makes no sense is an internal error': async (t, store, { harness, location }) => {
    const kek = await withKek(store);
    const record = aDataKey(kek);
    await store.insertDataKey(record, anAuditEvent());
    const damages: [string, string, () => Promise<unknown>][] = [
      ['a lifecycle', `UPDATE keks SET lifecycle = 'LOST'`, () => store.findKek(kek.id)],
      [
        'a lifecycle, in coverage',
        `UPDATE keks SET lifecycle = 'LOST'`,
        () => store.coverage('acme', 'a', '0001', 'X'),
      ],
      [
        'a canary',
        `UPDATE keks SET lifecycle = 'ACTIVE', canary_wrapped = wrapped, canary_context = '[1]' FROM data_keys`,
        () => store.findKek(kek.id),
      ],
      ['no references', `DELETE FROM kek_references`, () => store.listKeks('acme')],
      ['a generation', `UPDATE data_keys SET generation = 0`, () => store.findNewestDataKey(record.asset)],
      [
        'a protection',
        `UPDATE data_keys SET generation = 1, protection = ''`,
        () => store.findDataKey(record.asset, record.id),
      ],
      ['a licence', `UPDATE accounts SET licence = 'none'`, () => store.findAccount('acme')],
      ['an outcome', `UPDATE audit_events SET outcome = 'perhaps so'`, () => store.listAudit('acme', 1)],
      ['no counter', `DELETE FROM key_event_counter`, () => store.ping()],
    ];
    for (const [name, sql, read] of damages) {
      await t.notThrowsAsync(harness.execute(location, sql), name);
      await t.throwsAsync(
        read(),
        { code: 'INTERNAL', message: /^stored row is (corrupt|missing|not of this release): / },
        name,
      );
    }
  },

  'error texts hold no parameters': async (t, store) => {
    await withKek(store, { references: ['arn:secret-looking'] });
    const again = aKek({ references: ['arn:secret-looking'] });
    const error = await t.throwsAsync(store.insertKek(again, again.references, anAuditEvent()), {
      code: 'CONFLICT',
    });
    const texts = [error.message, String(error.cause)].join();
    t.true(texts.includes('kek_references'), 'the cause says where');
    t.false(texts.includes('secret-looking'), texts);
  },

  'a store that is open answers; closing waits, and then nothing works': async (t, store) => {
    await store.ping();
    const underWay = store.putAccount(anAccount(), anAuditEvent());
    const closed = store.close();
    await underWay;
    await closed;
    await store.close();
    for (const call of [store.ping(), store.findAccount('acme'), store.appendAudit([anAuditEvent()])]) {
      await t.throwsAsync(call, { code: 'STORE_UNAVAILABLE' });
    }
  },
};
