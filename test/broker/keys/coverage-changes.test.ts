import test from 'ava';
import type { CoverageChange } from '../../../broker/model/coverage.ts';
import { ASSET, keyWorld, PATIENT, RECORDER, type KeyWorld } from '../../support/key-world.ts';

const { srvId, type } = ASSET;
const LICENCE = (licence: 'NONE' | 'ACCOUNT' | 'GROUPS') => ({ kind: 'LICENCE', licence }) as const;
const HR = { account: 'acme', id: 'hr', name: 'HR', licensed: true };

/** A data key for an asset of each owner. */
async function make(world: KeyWorld, ...owners: string[]): Promise<void> {
  for (const owner of owners) {
    const asset = { ...ASSET, id: `of-${owner}` };
    const grant = await world.issueDataKey.run(RECORDER, { asset, owner, reason: 'STORAGE' }, PATIENT);
    grant.dataKey[Symbol.dispose]();
  }
}

const protections = async ({ store }: KeyWorld, ...owners: string[]) =>
  Promise.all(
    owners.map(async (owner) => (await store.findNewestDataKey({ ...ASSET, id: `of-${owner}` }))?.protection),
  );

const apply = (world: KeyWorld, change: CoverageChange, moveExisting: boolean) =>
  world.coverageChanges.apply('operator', 'acme', change, { moveExisting });

/** Lets the moves that are due do their work. */
async function work({ mover, store }: KeyWorld): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await mover.poll();
    await mover.settled();
  }
  for (const { left } of await store.moves.list('acme', 10)) if (left > 0) throw new Error('work is left');
}

test('what the preview counts is what moves: shrinking to groups', async (t) => {
  const world = await keyWorld(t);
  await world.administration.putGroup('operator', { ...HR, members: ['amy'] });
  await make(world, 'amy', 'bob', 'cyd');
  const change = LICENCE('GROUPS');
  const preview = await world.coverageChanges.preview('acme', change);
  t.like(preview.existing, [{ kind: 'SHRINK', srvId, type, count: 2, ownerUnknown: 0 }]);
  t.like(preview.newAssets, [
    {
      owners: 'NOT_LICENSED',
      before: { protection: 'CUSTOMER_KEY', kekId: world.kek.id },
      after: { protection: 'PLATFORM_KEY', reason: 'OWNER_NOT_LICENSED' },
    },
  ]);
  t.is((await world.administration.account('acme')).licence, 'ACCOUNT', 'and nothing was changed');
  t.deepEqual(await world.moves.list('acme', 10), []);

  const { moves } = await apply(world, change, true);
  t.deepEqual(
    moves.map(({ kind, total }) => [kind, total]),
    [['SHRINK', 2]],
  );
  await work(world);
  t.deepEqual(await protections(world, 'amy', 'bob', 'cyd'), [
    'CUSTOMER_KEY',
    'PLATFORM_KEY',
    'PLATFORM_KEY',
  ]);
  t.is((await world.administration.account('acme')).licence, 'GROUPS');
});

test('without being asked, existing data stays and new data changes', async (t) => {
  const world = await keyWorld(t);
  await make(world, 'amy');
  const { moves, newAssets } = await apply(world, LICENCE('NONE'), false);
  t.deepEqual(moves, []);
  t.is(newAssets.length, 1);
  await make(world, 'bob');
  t.deepEqual(await protections(world, 'amy', 'bob'), ['CUSTOMER_KEY', 'PLATFORM_KEY']);
  t.deepEqual(await world.moves.list('acme', 10), []);
});

test('a group grows and shrinks at once, and both follow', async (t) => {
  const world = await keyWorld(t);
  await world.administration.putGroup('operator', { ...HR, members: ['amy'] });
  await apply(world, LICENCE('GROUPS'), false);
  await make(world, 'amy', 'bob');
  t.deepEqual(await protections(world, 'amy', 'bob'), ['CUSTOMER_KEY', 'PLATFORM_KEY']);
  const { moves } = await apply(world, { kind: 'GROUP', group: 'hr', add: ['bob'], remove: ['amy'] }, true);
  t.deepEqual(moves.map(({ kind }) => kind).sort(), ['ENROL', 'SHRINK']);
  await work(world);
  t.deepEqual(await protections(world, 'amy', 'bob'), ['PLATFORM_KEY', 'CUSTOMER_KEY']);
});

test('data keys whose owner nobody knows are stated and stay', async (t) => {
  const world = await keyWorld(t);
  await make(world, 'amy');
  const platform = (await world.store.listKeks(null))[0];
  if (!platform) return t.fail('no platform key');
  const stored = await world.store.findNewestDataKey({ ...ASSET, id: 'of-amy' });
  if (!stored) return t.fail('no data key');
  const asset = { ...ASSET, id: 'from-before' };
  const context = { ...stored.context, id: asset.id };
  const { id: _id, ...rest } = stored;
  const audit = world.ledger.event({ action: 'ISSUE', outcome: 'ALLOWED', actor: 'test', asset });
  await world.store.insertDataKey({ ...rest, id: 'from-before', asset, context, owner: null }, audit);
  const preview = await world.coverageChanges.preview('acme', LICENCE('GROUPS'));
  t.like(preview.existing, [{ count: 1, ownerUnknown: 1 }]);
  const leaving = await world.coverageChanges.preview('acme', LICENCE('NONE'));
  t.like(leaving.existing, [{ kind: 'LEAVE', count: 2, ownerUnknown: 0 }]);
});

test('existing data cannot follow to a key that there is not, and nothing is changed', async (t) => {
  const world = await keyWorld(t);
  const change = { kind: 'ENROLMENT', srvId, type, enrolled: true } as const;
  const preview = await world.coverageChanges.preview('globex', change);
  t.like(preview.newAssets, [{ after: { protection: 'PLATFORM_KEY', reason: 'NO_KEY' } }]);
  const growing = world.coverageChanges.apply('operator', 'globex', change, { moveExisting: true });
  await t.throwsAsync(growing, {
    code: 'CONFLICT',
    message: 'existing data cannot follow: the account has no key in use',
  });
  t.deepEqual(await world.administration.enrolments('globex'), []);
  await world.coverageChanges.apply('operator', 'globex', change, { moveExisting: false });
  t.deepEqual(await world.administration.enrolments('globex'), [{ srvId, type }]);
});

test('who comes and goes at once is a mistake', async (t) => {
  const world = await keyWorld(t);
  await world.administration.putGroup('operator', { ...HR, members: [] });
  const change = { kind: 'GROUP', group: 'hr', add: ['amy'], remove: ['amy'] } as const;
  await t.throwsAsync(world.coverageChanges.preview('acme', change), { code: 'INVALID_ARGUMENT' });
});

test('the audit events say what was changed, and name no user', async (t) => {
  const world = await keyWorld(t);
  await world.administration.putGroup('operator', { ...HR, members: ['amy'] });
  await apply(world, { kind: 'GROUP', group: 'hr', licensed: false, remove: ['amy'] }, true);
  await apply(world, LICENCE('NONE'), false);
  const details = (await world.audit()).map(({ detail }) => detail ?? '');
  t.true(details.includes('change group hr, not licensed: 0 members come, 1 go; existing data follows'));
  t.true(details.includes('licence NONE; existing data stays'));
  t.false(details.some((detail) => detail.includes('amy')));
});
