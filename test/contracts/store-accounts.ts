import { NO_FALLBACK } from '../../broker/model/types.ts';
import { aKek, anAccount, anAuditEvent, withAccount, withKek } from '../support/stored-facts.ts';
import type { StoreCase } from './store.ts';

/** Customers, their groups and enrolments, and what policy is told of them. */
export const accountCases: Record<string, StoreCase> = {
  'an account is created, replaced and found': async (t, store) => {
    t.is(await store.findAccount('acme'), null);
    await store.putAccount(anAccount(), anAuditEvent());
    const facts = { id: 'acme', name: `O'Hara; DROP "TABLE" ?`, licence: 'GROUPS' } as const;
    const { value: stored } = await store.putAccount(facts, anAuditEvent());
    t.deepEqual(stored, { ...facts, externalId: stored.externalId });
    t.deepEqual(await store.findAccount('acme'), stored);
    t.is((await store.listAudit('acme', 10)).length, 2);
  },

  'an account’s external id is made once, and no other account has it': async (t, store) => {
    const { value: made } = await store.putAccount(anAccount(), anAuditEvent());
    t.regex(made.externalId, /^cmk-[0-9a-f]{32}$/);
    const changed = anAccount({ name: 'Later', externalId: 'mine' });
    const { value: later } = await store.putAccount(changed, anAuditEvent());
    t.deepEqual(later, { ...made, name: 'Later' });
    const { value: other } = await store.putAccount(anAccount({ id: 'other' }), anAuditEvent());
    t.not(other.externalId, made.externalId);
    t.deepEqual(await store.listAccounts(null, 10), [later, other]);
  },

  'accounts that an older release stores get external ids as well': async (t, store, place) => {
    for (const id of ['old', 'older']) {
      const columns = `insert into accounts (id, name, licence) values ('${id}', 'Old', 'NONE')`;
      await place.harness.execute(place.location, columns);
    }
    const ids = (await store.listAccounts(null, 10)).map(({ externalId }) => externalId);
    t.is(new Set(ids).size, 2);
    for (const externalId of ids) t.regex(externalId, /^cmk-[0-9a-f]{32}$/);
  },

  'accounts are listed byte by byte, page by page': async (t, store) => {
    for (const id of ['b', 'B', 'a-b', 'ab', 'a_b', '9']) await withAccount(store, id);
    const pages = [];
    for (let after: string | null = null; ;) {
      const page: string[] = (await store.listAccounts(after, 4)).map(({ id }) => id);
      if (page.length === 0) break;
      pages.push(page);
      after = page.at(-1) ?? null;
    }
    t.deepEqual(pages, [
      ['9', 'B', 'a-b', 'a_b'],
      ['ab', 'b'],
    ]);
  },

  'a group is replaced with all its members': async (t, store) => {
    await withAccount(store);
    const group = { account: 'acme', id: 'hr', name: 'HR', licensed: false };
    const many = Array.from({ length: 2_500 }, (_, index) => `user-${10_000 + index}`);
    await store.putGroup({ ...group, members: [...many, 'user-10000'] }, anAuditEvent());
    await store.putGroup({ ...group, id: 'empty', licensed: true, members: [] }, anAuditEvent());
    t.deepEqual(await store.listGroups('acme', null, 10), [
      { ...group, id: 'empty', licensed: true, members: [] },
      { ...group, members: many },
    ]);
    t.deepEqual(
      (await store.listGroups('acme', null, 1)).map(({ id }) => id),
      ['empty'],
    );
    t.deepEqual(
      (await store.listGroups('acme', 'empty', 1)).map(({ id }) => id),
      ['hr'],
    );
    await store.putGroup({ ...group, licensed: true, members: ['zoe', 'amy'] }, anAuditEvent());
    t.deepEqual((await store.listGroups('acme', null, 10))[1], {
      ...group,
      licensed: true,
      members: ['amy', 'zoe'],
    });
    t.deepEqual(await store.listGroups('other', null, 10), []);
  },

  'what refers to an unknown account is a conflict': async (t, store) => {
    const group = { account: 'nobody', id: 'hr', name: 'HR', licensed: true, members: [] };
    await t.throwsAsync(store.putGroup(group, anAuditEvent()), { code: 'CONFLICT' });
    await t.throwsAsync(store.insertKek(aKek({ account: 'nobody' }), [], anAuditEvent()), {
      code: 'CONFLICT',
    });
    await t.throwsAsync(store.setEnrolment('nobody', '0001', 'X', true, anAuditEvent()), {
      code: 'CONFLICT',
    });
    t.deepEqual(await store.listAudit(null, 10), [], 'and nothing of it is stored');
  },

  'enrolments begin and end, as often as one likes': async (t, store) => {
    await withAccount(store);
    for (const type of ['B', 'A', 'B']) await store.setEnrolment('acme', '0001', type, true, anAuditEvent());
    t.deepEqual(await store.listEnrolments('acme'), [
      { srvId: '0001', type: 'A' },
      { srvId: '0001', type: 'B' },
    ]);
    for (const type of ['A', 'A']) await store.setEnrolment('acme', '0001', type, false, anAuditEvent());
    t.deepEqual(await store.listEnrolments('acme'), [{ srvId: '0001', type: 'B' }]);
  },

  'coverage has all that a decision needs': async (t, store) => {
    t.is(await store.coverage('acme', 'amy', '0001', 'X'), null);
    const { value: account } = await store.putAccount(anAccount(), anAuditEvent());
    const nothing = {
      account,
      ownerInLicensedGroup: false,
      enrolled: false,
      fallback: NO_FALLBACK,
      onFailure: 'FAIL_ASSET',
      keks: [],
    } as const;
    t.deepEqual(await store.coverage('acme', 'amy', '0001', 'X'), nothing);

    const group = { account: 'acme', id: 'hr', name: 'HR' };
    await store.putGroup({ ...group, licensed: true, members: ['amy'] }, anAuditEvent());
    await store.putGroup({ ...group, id: 'ops', licensed: false, members: ['bob'] }, anAuditEvent());
    await store.setEnrolment('acme', '0001', 'X', true, anAuditEvent());
    const old = await withKek(store, { createdAt: 1, references: ['one', 'another'] });
    const young = await withKek(store, { createdAt: 2 });
    await withKek(store, { account: 'other' });
    const all = { ...nothing, ownerInLicensedGroup: true, enrolled: true, keks: [young, old] };
    t.deepEqual(await store.coverage('acme', 'amy', '0001', 'X'), all);
    t.deepEqual(await store.coverage('acme', 'bob', '0001', 'X'), { ...all, ownerInLicensedGroup: false });
    t.deepEqual(await store.coverage('acme', 'amy', '0001', 'Y'), { ...all, enrolled: false });
    t.is((await store.coverage('other', 'amy', '0001', 'X'))?.enrolled, false);
  },
};
