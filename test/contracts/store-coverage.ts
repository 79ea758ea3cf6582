import { MAX_MEMBERS } from '../../broker/model/coverage.ts';
import type { MoveSelection } from '../../broker/model/moves.ts';
import type { Kek } from '../../broker/model/types.ts';
import { uuidv7 } from '../../broker/model/uuid.ts';
import type { CoverageWrite, Store } from '../../broker/store/store.ts';
import { CmkError } from '../../core/errors.ts';
import { aDataKey, anAccount, anAsset, anAuditEvent, withKek } from '../support/stored-facts.ts';
import type { StoreCase } from './store.ts';

const NOW = 1_700_000_000_000;
const HR = { account: 'acme', id: 'hr', name: 'HR', licensed: true, members: ['amy', 'bob'] };
const NOTHING_MORE = (): CoverageWrite => ({ audit: anAuditEvent(), moves: [] });
const END_X = { kind: 'ENROLMENT', srvId: '0001', type: 'X', enrolled: false } as const;

/** Data keys of amy and cyd, and one of nobody knows whom, under the customer's key. */
async function owned(store: Store): Promise<{ kek: Kek; platform: Kek }> {
  const kek = await withKek(store, { createdAt: 1, lifecycle: 'ACTIVE' });
  const platform = await withKek(store, { createdAt: 1, account: null });
  await store.putGroup(HR, anAuditEvent());
  for (const [index, owner] of ['amy', 'cyd', 'cyd', null].entries()) {
    const asset = anAsset({ id: `m-${index}` });
    await store.insertDataKey(aDataKey(kek, { asset, owner }), anAuditEvent());
  }
  return { kek, platform };
}

function aMove(kek: Kek, platform: Kek, selection: Partial<MoveSelection> = {}) {
  const [account, kind] = ['acme', 'SHRINK'] as const;
  const plan = { account, kind, selection: { kekIds: [kek.id], ...selection }, target: platform.id } as const;
  return {
    plan: { ...plan, id: uuidv7(NOW), startedAt: NOW },
    audit: (total: number) => anAuditEvent({ action: 'MOVE', detail: `${total}` }),
  };
}

/** Changes of coverage, versions and requests that may be sent again. */
export const coverageCases: Record<string, StoreCase> = {
  'data keys are selected by whether their owner is licensed; where nobody knows, neither': async (
    t,
    store,
  ) => {
    const { kek } = await owned(store);
    const { srvId, type } = anAsset();
    const count = (more: Partial<MoveSelection>) =>
      store.coverages.count('acme', { kekIds: [kek.id], ...more });
    const of = (count: number) => [{ srvId, type, count }];
    t.deepEqual(await count({}), { selected: of(4), ownerUnknown: [] });
    t.deepEqual(await count({ ownerLicensed: true }), { selected: of(1), ownerUnknown: of(1) });
    t.deepEqual(await count({ ownerLicensed: false }), { selected: of(2), ownerUnknown: of(1) });
    t.deepEqual(await count({ owners: ['amy', 'cyd'] }), { selected: of(3), ownerUnknown: of(1) });
    await store.putGroup({ ...HR, licensed: false }, anAuditEvent());
    t.deepEqual(await count({ ownerLicensed: false }), { selected: of(3), ownerUnknown: of(1) });
  },

  'a change is made together with its moves and events, or not at all': async (t, store) => {
    const { kek, platform } = await owned(store);
    await store.setEnrolment('acme', '0001', 'X', true, anAuditEvent());
    const before = (await store.listAudit('acme', 100)).length;
    const [one, other] = [aMove(kek, platform, { owners: ['cyd'] }), aMove(kek, platform)];
    const moves = await store.coverages.apply('acme', END_X, () => ({ audit: anAuditEvent(), moves: [one] }));
    t.deepEqual(
      moves.map(({ id, total }) => [id, total]),
      [[one.plan.id, 2]],
    );
    t.deepEqual(await store.listEnrolments('acme'), []);
    t.is((await store.listAudit('acme', 100)).length, before + 2);

    const back = { ...aMove(platform, kek), plan: { ...aMove(platform, kek).plan, kind: 'ENROL' as const } };
    for (const decide of [
      () => ({ audit: anAuditEvent(), moves: [other, back] }),
      () => {
        throw new CmkError('CONFLICT', 'no');
      },
    ]) {
      const change = { ...END_X, enrolled: true };
      await t.throwsAsync(store.coverages.apply('acme', change, decide), { code: 'CONFLICT' });
    }
    t.deepEqual(await store.listEnrolments('acme'), []);
    t.is((await store.moves.list('acme', 10)).length, 1);
    t.is((await store.listAudit('acme', 100)).length, before + 2);
    await t.throwsAsync(store.coverages.apply('nobody', END_X, NOTHING_MORE), { code: 'CONFLICT' });
  },

  'moves in opposite ways may run at once, where no data key is in both': async (t, store) => {
    const { kek, platform } = await owned(store);
    const away = aMove(kek, platform, { owners: ['cyd'] });
    const plan = { ...aMove(platform, kek, { owners: ['amy'] }).plan, kind: 'ENROL' as const };
    const moves = [away, { ...away, plan }];
    const write = () => ({ audit: anAuditEvent(), moves });
    t.is((await store.coverages.apply('acme', END_X, write)).length, 2);
    const both = { ...aMove(platform, kek, { owners: ['amy', 'cyd'] }) };
    await t.throwsAsync(store.moves.start(both.plan, both.audit), { code: 'CONFLICT' });
  },

  'members come and go by themselves, up to a bound': async (t, store) => {
    await owned(store);
    const change = { kind: 'GROUP', group: 'hr', add: ['cyd', 'bob'], remove: ['amy', 'zoe'] } as const;
    const met: unknown[] = [];
    await store.coverages.apply('acme', change, (facts) => {
      met.push(facts.group);
      return NOTHING_MORE();
    });
    t.deepEqual(met, [
      { licensed: true, members: new Set(['amy', 'bob']), coveredOtherwise: new Set<string>() },
    ]);
    const stored = await store.findVersionedGroup('acme', 'hr');
    t.deepEqual(stored, { value: { ...HR, members: ['bob', 'cyd'] }, version: 2 });
    const many = Array.from({ length: MAX_MEMBERS }, (_, index) => `user-${index}`);
    await t.throwsAsync(
      store.coverages.apply('acme', { kind: 'GROUP', group: 'hr', add: many }, NOTHING_MORE),
      {
        code: 'CONFLICT',
        message: `expected a group of at most ${MAX_MEMBERS} members, got one of ${MAX_MEMBERS + 2}`,
      },
    );
    t.deepEqual(await store.findVersionedGroup('acme', 'hr'), stored);
    await t.throwsAsync(
      store.coverages.apply('acme', { kind: 'GROUP', group: 'none', licensed: true }, NOTHING_MORE),
      { code: 'CONFLICT' },
    );
  },

  'who is covered by another licensed group is known': async (t, store) => {
    await owned(store);
    await store.putGroup({ ...HR, id: 'ops', members: ['bob', 'cyd', 'dan'] }, anAuditEvent());
    await store.putGroup({ ...HR, id: 'off', licensed: false, members: ['amy'] }, anAuditEvent());
    const facts = await store.coverages.facts('acme', { kind: 'GROUP', group: 'hr', add: ['cyd'] });
    t.deepEqual(facts?.group?.coveredOtherwise, new Set(['bob', 'cyd']));
    t.is((await store.coverages.facts('acme', { kind: 'GROUP', group: 'no', licensed: true }))?.group, null);
    t.is(await store.coverages.facts('nobody', END_X), null);
  },

  'each write counts, and a precondition sees what is stored and stops the write': async (t, store) => {
    const seen: unknown[] = [];
    const first = await store.putAccount(anAccount(), anAuditEvent(), (stored) => seen.push(stored));
    t.is(first.version, 1);
    const second = await store.putAccount(anAccount({ licence: 'GROUPS' }), anAuditEvent(), (stored) =>
      seen.push(stored),
    );
    t.is(second.version, 2);
    t.deepEqual(seen, [null, first]);
    const refuse = () => {
      throw new CmkError('STALE_VERSION', 'no');
    };
    await t.throwsAsync(store.putAccount(anAccount({ name: 'No' }), anAuditEvent(), refuse), {
      code: 'STALE_VERSION',
    });
    t.deepEqual(await store.findVersionedAccount('acme'), second);
    t.is((await store.putGroup(HR, anAuditEvent())).version, 1);
    t.is((await store.putGroup(HR, anAuditEvent())).version, 2);
    await t.throwsAsync(store.putGroup({ ...HR, name: 'No' }, anAuditEvent(), refuse), {
      code: 'STALE_VERSION',
    });
    t.is((await store.findVersionedGroup('acme', 'hr'))?.value.name, 'HR');
    t.is(await store.findVersionedGroup('acme', 'none'), null);
    t.is((await store.listAudit('acme', 100)).length, 4);
  },

  'an idempotency key is taken once, keeps its answer, and expires': async (t, store) => {
    const { idempotency } = store;
    const request = { account: 'acme', key: 'k', hash: 'h' };
    const times = (nowMs: number) => ({ nowMs, untilMs: nowMs + 100 });
    const takes = await Promise.all([1, 2, 3].map(() => idempotency.take(request, times(0), 10)));
    t.is(takes.filter((taken) => taken === null).length, 1);
    t.deepEqual(await idempotency.take(request, times(50), 10), { hash: 'h', answer: null });
    t.is(await idempotency.take({ ...request, account: 'other' }, times(50), 10), null);
    t.is(await idempotency.take(request, times(100), 10), null, 'whoever took it is gone');
    await idempotency.release(request);
    t.is(await idempotency.take(request, times(110), 10), null);
    await idempotency.answered(request, { status: 201, body: '{}' }, 1_000);
    await idempotency.release(request);
    const kept = { hash: 'h', answer: { status: 201, body: '{}' } };
    t.deepEqual(await idempotency.take({ ...request, hash: 'else' }, times(999), 10), kept);
    t.is(await idempotency.take(request, times(1_000), 10), null);
  },

  'an account has so many idempotency keys at a time': async (t, store) => {
    const take = (key: string, nowMs: number) =>
      store.idempotency.take({ account: 'acme', key, hash: 'h' }, { nowMs, untilMs: nowMs + 100 }, 2);
    t.is(await take('a', 0), null);
    t.is(await take('b', 50), null);
    await t.throwsAsync(take('c', 99), { code: 'CONFLICT' });
    t.is(await take('c', 100), null);
  },
};
