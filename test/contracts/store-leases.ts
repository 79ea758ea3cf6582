import { CmkError } from '../../core/errors.ts';
import type { TypeLease } from '../../broker/model/leases.ts';
import { anAuditEvent, withAccount } from '../support/stored-facts.ts';
import type { StoreCase } from './store.ts';

function lease(seconds: number, type = 'MeetingWebinarRecording'): TypeLease {
  return { srvId: '0001', type, seconds };
}

const audited = (detail: string) => () => anAuditEvent({ detail });

/** Leases per asset type. */
export const leaseCases: Record<string, StoreCase> = {
  'leases come back as they were set, those that are shorter are listed': async (t, store) => {
    await withAccount(store);
    await withAccount(store, 'globex');
    const { srvId, type } = lease(0);
    t.is(await store.leases.find('acme', srvId, type), null);
    t.deepEqual(await store.leases.set('acme', lease(60), audited('first')), {
      value: lease(60),
      version: 1,
    });
    await store.leases.set('acme', lease(90, 'MeetingWebinarChat'), audited('other'));
    t.deepEqual(await store.leases.list('acme'), [lease(90, 'MeetingWebinarChat'), lease(60)]);
    t.deepEqual(await store.leases.list('globex'), []);
    t.is(await store.leases.find('globex', srvId, type), null, 'another account’s');

    const longest = await store.leases.set('acme', lease(300), (before) => {
      t.deepEqual(before, lease(60));
      return anAuditEvent({ detail: 'longest' });
    });
    t.deepEqual(longest, { value: lease(300), version: 2 }, 'its version goes on');
    t.deepEqual(await store.leases.find('acme', srvId, type), longest);
    t.deepEqual(await store.leases.list('acme'), [lease(90, 'MeetingWebinarChat')]);
    const details = (await store.listAudit('acme', 3)).map(({ detail }) => detail);
    t.deepEqual(details, ['longest', 'other', 'first']);
  },

  'a lease is not written on what was not seen, nor for no account': async (t, store) => {
    await withAccount(store);
    const refuse = () => {
      throw new CmkError('STALE_VERSION', 'no');
    };
    await t.throwsAsync(store.leases.set('acme', lease(60), audited('refused'), refuse), {
      code: 'STALE_VERSION',
    });
    t.is(await store.leases.find('acme', '0001', 'MeetingWebinarRecording'), null);
    await store.leases.set('acme', lease(60), audited('seen'), (stored) => t.is(stored, null));
    await store.leases.set('acme', lease(61), audited('again'), (stored) =>
      t.deepEqual(stored, { value: lease(60), version: 1 }),
    );
    await t.throwsAsync(store.leases.set('nobody', lease(60), audited('nobody')), { code: 'CONFLICT' });
    const details = (await store.listAudit('acme', 10)).map(({ detail }) => detail);
    t.deepEqual(details, ['again', 'seen', null]);
  },
};
