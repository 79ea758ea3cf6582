import test, { type ExecutionContext } from 'ava';
import { eventually } from '../../support/eventually.ts';
import { ASSET, keyWorld, LEASE_MS, PATIENT, PROBE_INTERVAL_MS, RECORDER } from '../../support/key-world.ts';
import { resolveRequest } from '../../support/resolve-request.ts';

/** Leases that were handed out before a data key moved carry the key of then; see docs/decisions/0010-mover.md. */
async function movedWorld(t: ExecutionContext) {
  const world = await keyWorld(t);
  await world.issue();
  const before = await world.store.findNewestDataKey(ASSET);
  if (!before) throw new Error('nothing was stored');
  const reference = world.kms.createKey('second');
  world.clock.advance(1_000);
  const enrolment = await world.enrolKey.run('operator', 'acme', {
    provider: 'aws',
    references: [reference],
  });
  if (!enrolment.ok) throw enrolment.error;
  const { kek: second } = enrolment;
  const selection = { kekIds: [world.kek.id] };
  await world.moves.start('operator', { account: 'acme', kind: 'ROTATE', selection, target: second.id });
  await world.mover.poll();
  await world.mover.settled();
  const resolve = async () =>
    world.resolveDataKey.run(RECORDER, await resolveRequest(world.store, ASSET), PATIENT);
  const revoked = async () => (await world.store.keyEventsAfter(0, 10)).map(({ kekId }) => kekId);
  return { ...world, second, secondReference: reference, before, resolve, revoked };
}

test('what a broker has in its cache from before is not lent: the new key is asked', async (t) => {
  const world = await movedWorld(t);
  const unwraps = world.unwraps();
  const grant = await world.resolve();
  t.is(grant.kekId, world.second.id);
  t.is(grant.leaseMs, LEASE_MS);
  t.is(world.unwraps(), unwraps + 1);
  t.is((await world.resolve()).kekId, world.second.id);
  t.is(world.unwraps(), unwraps + 1, 'then it is in the cache again');
  world.kms.key(world.secondReference).state = 'DISABLED';
  await world.administration.revokeNow('operator', world.second.id);
  await t.throwsAsync(world.resolve(), { code: 'KEY_DISABLED' });
});

test('a revocation of the new key reaches leases that carry the old one', async (t) => {
  const world = await movedWorld(t);
  await world.administration.revokeNow('operator', world.second.id);
  t.deepEqual(await world.revoked(), [world.second.id, world.kek.id]);
  const audits = (await world.audit()).filter(({ action }) => action === 'REVOKE');
  t.deepEqual(
    audits.map(({ kekId }) => kekId),
    [world.kek.id, world.second.id],
  );
});

test('so does the retirement of the new key', async (t) => {
  const world = await movedWorld(t);
  const confirmed = { acceptUnreadable: true, dataKeys: 1, acceptNoKey: true };
  await world.keyLife.retire('operator', 'acme', world.second.id, confirmed);
  t.deepEqual(await world.revoked(), [world.second.id, world.kek.id]);
});

test('when those leases are over it is for the new key alone', async (t) => {
  const world = await movedWorld(t);
  world.clock.advance(LEASE_MS + 60_000);
  await world.administration.revokeNow('operator', world.second.id);
  t.deepEqual(await world.revoked(), [world.second.id]);
});

test('a revocation of the old key is no business of the new one', async (t) => {
  const world = await movedWorld(t);
  await world.administration.revokeNow('operator', world.kek.id);
  t.deepEqual(await world.revoked(), [world.kek.id]);
});

test('the platform key’s leases are every account’s: they end by themselves', async (t) => {
  const world = await keyWorld(t);
  await world.issue({ account: 'globex' });
  const reference = world.kms.createKey('globex');
  const enrolment = await world.enrolKey.run('operator', 'globex', {
    provider: 'aws',
    references: [reference],
  });
  if (!enrolment.ok) throw enrolment.error;
  const selection = { kekIds: ['platform'] };
  const { id: target } = enrolment.kek;
  const move = await world.moves.start('operator', { account: 'globex', kind: 'ENROL', selection, target });
  await world.mover.poll();
  await world.mover.settled();
  t.is((await world.moves.find('globex', move.id)).moved, 1);
  await world.administration.revokeNow('operator', target);
  t.deepEqual(
    (await world.store.keyEventsAfter(0, 10)).map(({ kekId }) => kekId),
    [target],
  );
});

test('the probes ask the key that data keys on loan have moved to', async (t) => {
  const world = await movedWorld(t);
  world.kms.key(world.secondReference).state = 'DISABLED';
  world.clock.advance(PROBE_INTERVAL_MS);
  await eventually(async () => (await world.revoked()).length === 2);
  t.deepEqual(await world.revoked(), [world.second.id, world.kek.id]);
});

test('who read the row before it moved is served by the new key when the old one is gone', async (t) => {
  const world = await movedWorld(t);
  for (const reference of [world.reference, world.replica]) world.kms.key(reference).state = 'DISABLED';
  world.leasedKeys.clear();
  const leased = await world.leasedKeys.lend(world.before);
  t.is(leased.kekId, world.second.id);
  leased.dataKey[Symbol.dispose]();
});
