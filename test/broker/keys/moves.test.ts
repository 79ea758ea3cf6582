import test, { type ExecutionContext } from 'ava';
import type { MovePlan } from '../../../broker/model/moves.ts';
import { paceOf } from '../../../broker/model/moves.ts';
import { ASSET, keyWorld, type KeyWorld } from '../../support/key-world.ts';

interface Ids {
  readonly first: string;
  readonly second: string;
  readonly theirs: string;
  readonly platform: string;
}

async function world(t: ExecutionContext): Promise<KeyWorld & { ids: Ids }> {
  const made = await keyWorld(t);
  const enrol = async (account: string, name: string) => {
    made.clock.advance(1_000);
    const key = { provider: 'aws', references: [made.kms.createKey(name)] } as const;
    const enrolment = await made.enrolKey.run('operator', account, key);
    if (!enrolment.ok) throw enrolment.error;
    return enrolment.kek.id;
  };
  const [platform] = await made.store.listKeks(null);
  const ids = {
    first: made.kek.id,
    second: await enrol('acme', 'second'),
    theirs: await enrol('globex', 'theirs'),
    platform: platform?.id ?? '',
  };
  return { ...made, ids };
}

function plan(ids: Ids, facts: Partial<MovePlan> = {}): MovePlan {
  const selection = { kekIds: [ids.first] };
  return { account: 'acme', kind: 'ROTATE', selection, target: ids.second, ...facts };
}

const REFUSALS: Readonly<Record<string, { facts: (ids: Ids) => Partial<MovePlan>; code: string }>> = {
  'an account that is not there': { facts: () => ({ account: 'nobody' }), code: 'ACCOUNT_UNKNOWN' },
  'another account’s key as the source': {
    facts: ({ theirs }) => ({ selection: { kekIds: [theirs] } }),
    code: 'NOT_FOUND',
  },
  'another account’s key as the target': { facts: ({ theirs }) => ({ target: theirs }), code: 'NOT_FOUND' },
  'a key that nobody has': { facts: () => ({ target: 'unknown' }), code: 'NOT_FOUND' },
  'no source': { facts: () => ({ selection: { kekIds: [] } }), code: 'INVALID_ARGUMENT' },
  'the target among the sources': {
    facts: ({ first, second }) => ({ selection: { kekIds: [first, second] } }),
    code: 'INVALID_ARGUMENT',
  },
  'a rotation to the platform key': { facts: () => ({ target: 'platform' }), code: 'INVALID_ARGUMENT' },
  'an enrolment from a customer’s key': { facts: () => ({ kind: 'ENROL' }), code: 'INVALID_ARGUMENT' },
  'leaving to a customer’s key': { facts: () => ({ kind: 'LEAVE' }), code: 'INVALID_ARGUMENT' },
  'a rotation away from the key in use': {
    facts: ({ first, second }) => ({ selection: { kekIds: [second] }, target: first }),
    code: 'CONFLICT',
  },
};

for (const [what, { facts, code }] of Object.entries(REFUSALS)) {
  test(`refused: ${what}`, async (t) => {
    const made = await world(t);
    const { moves, ids } = made;
    const before = await made.audit();
    await t.throwsAsync(moves.start('operator', plan(ids, facts(ids))), { code: code as never });
    await t.throwsAsync(moves.preview(plan(ids, facts(ids))), { code: code as never });
    t.deepEqual(await made.audit(), before);
  });
}

test('refused: a target that takes no new data keys', async (t) => {
  const made = await world(t);
  const { moves, ids, store } = made;
  const [event] = await made.audit();
  if (!event) return t.fail();
  await store.moveKek(ids.second, ['STANDBY'], 'RETIRED', { ...event, id: 'x' });
  await t.throwsAsync(moves.start('operator', plan(ids)), { code: 'CONFLICT', message: /RETIRED/ });
});

test('a preview counts and changes nothing', async (t) => {
  const made = await world(t);
  const { moves, ids } = made;
  for (const id of ['1', '2']) await made.issue({ id });
  const before = await made.audit();
  // Under the second key, which is in use.
  const selection = { kekIds: [ids.first, ids.second] };
  const preview = await moves.preview(plan(ids, { kind: 'LEAVE', selection, target: 'platform' }));
  t.deepEqual(preview, {
    account: 'acme',
    kind: 'LEAVE',
    selection,
    target: ids.platform,
    counts: [{ srvId: ASSET.srvId, type: ASSET.type, count: 2 }],
    total: 2,
  });
  t.deepEqual(await made.audit(), before);
  t.deepEqual(await moves.list('acme', 10), []);
});

test('away from the platform key and back to it, protection and all', async (t) => {
  const made = await world(t);
  const { moves, mover, administration, ids, store, clock } = made;
  await administration.setEnrolment('operator', 'acme', ASSET.srvId, ASSET.type, false);
  await made.issue();
  const stored = async () => store.findNewestDataKey(ASSET);
  t.like(await stored(), { kekId: ids.platform, protection: 'PLATFORM_KEY' });
  const turn = async () => {
    await mover.poll();
    await mover.settled();
  };
  const enrol = plan(ids, { kind: 'ENROL', selection: { kekIds: ['platform'] } });
  const { id } = await moves.start('operator', enrol);
  await turn();
  t.like(await stored(), { kekId: ids.second, protection: 'CUSTOMER_KEY' });
  const shrink = plan(ids, { kind: 'SHRINK', selection: { kekIds: [ids.second] }, target: 'platform' });
  await t.throwsAsync(moves.start('operator', shrink), { code: 'CONFLICT' }, 'the other has not ended');
  await moves.cancel('operator', 'acme', id);
  clock.advance(1);
  await moves.start('operator', shrink);
  await turn();
  t.like(await stored(), { kekId: ids.platform, protection: 'PLATFORM_KEY' });
});

test('states change only as they may, and another account’s move is not there', async (t) => {
  const { moves, ids } = await world(t);
  const { id } = await moves.start('operator', plan(ids));
  for (const act of ['pause', 'resume', 'cancel'] as const) {
    await t.throwsAsync(moves[act]('operator', 'globex', id), { code: 'NOT_FOUND' }, act);
    await t.throwsAsync(moves[act]('operator', 'nobody', id), { code: 'ACCOUNT_UNKNOWN' }, act);
  }
  await t.throwsAsync(moves.find('globex', id), { code: 'NOT_FOUND' });
  await t.throwsAsync(moves.resume('operator', 'acme', id), { code: 'CONFLICT', message: /it is RUNNING/ });
  t.is((await moves.pause('operator', 'acme', id)).state, 'PAUSED');
  await t.throwsAsync(moves.pause('operator', 'acme', id), { code: 'CONFLICT' });
  t.is((await moves.resume('operator', 'acme', id)).state, 'RUNNING');
  t.is((await moves.cancel('operator', 'acme', id)).state, 'CANCELLED');
  for (const act of ['pause', 'resume', 'cancel'] as const) {
    await t.throwsAsync(moves[act]('operator', 'acme', id), { code: 'CONFLICT' }, act);
  }
});

test('the rate is what was moved in the turn, and the end follows from it', async (t) => {
  const { moves, ids } = await world(t);
  const move = await moves.start('operator', plan(ids));
  t.deepEqual(paceOf(move), { perSecond: null, estimatedEndAt: null });
  const at = { startedAt: 5_000, progressAt: 20_000 };
  const under = { ...move, ...at, pace: { since: 10_000, moved: 100 }, moved: 300, left: 400 };
  t.deepEqual(paceOf(under), { perSecond: 20, estimatedEndAt: 40_000 });
  t.is(paceOf({ ...under, left: 0 }).estimatedEndAt, 35_000, 'it looks for late ones once more');
  t.deepEqual(paceOf({ ...under, state: 'PAUSED' }), { perSecond: 20, estimatedEndAt: null });
});
