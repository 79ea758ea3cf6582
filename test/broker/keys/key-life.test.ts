import test from 'ava';
import { blastRadius } from '../../../broker/keys/blast-radius.ts';
import { keyWorld, PATIENT, RECORDER, type KeyWorld } from '../../support/key-world.ts';
import { eventually } from '../../support/eventually.ts';
import { resolveRequest } from '../../support/resolve-request.ts';
import { anAsset } from '../../support/stored-facts.ts';

const enrolAnother = async (world: KeyWorld, name: string) => {
  const references = [world.kms.createKey(name)];
  const enrolment = await world.enrolKey.run('operator', 'acme', { provider: 'aws', references });
  if (!enrolment.ok) throw enrolment.error;
  return enrolment.kek;
};
const lifecycleOf = async ({ store }: KeyWorld, id: string) => (await store.findKek(id))?.lifecycle;
const open = async (world: KeyWorld, id: string) => {
  world.leasedKeys.clear();
  const request = await resolveRequest(world.store, anAsset({ id }));
  return world.resolveDataKey.run(RECORDER, request, PATIENT);
};
const confirm = (dataKeys: number | null, acceptNoKey = false) => ({
  acceptUnreadable: dataKeys !== null,
  dataKeys,
  acceptNoKey,
});

test('a new key takes over with its first data key, and encrypting with the old may be revoked at once', async (t) => {
  const world = await keyWorld(t);
  await world.issue({ id: 'old' });
  const kek = await enrolAnother(world, 'newer');
  t.is(await lifecycleOf(world, world.kek.id), 'ACTIVE');
  for (const each of world.kek.references) {
    world.kms.key(each).denied = (_, operation) => operation === 'generate' || operation === 'wrap';
  }
  t.is((await world.issue({ id: 'new' })).kekId, kek.id);
  t.is(await lifecycleOf(world, kek.id), 'ACTIVE');
  t.is(await lifecycleOf(world, world.kek.id), 'DECRYPT_ONLY');
  t.is((await open(world, 'old')).kekId, world.kek.id);
  t.is((await open(world, 'new')).kekId, kek.id);
});

test('a retired key opens nothing anywhere, and opens again when it is brought back', async (t) => {
  const world = await keyWorld(t);
  const other = await world.another();
  const { keyLife } = world;
  await world.issue({ id: 'old' });
  const newer = await enrolAnother(world, 'newer');
  await world.issue({ id: 'new' });
  const request = await resolveRequest(world.store, anAsset({ id: 'old' }));
  (await other.resolveDataKey.run(RECORDER, request, PATIENT)).dataKey[Symbol.dispose]();
  t.is(other.leasedKeys.size, 1);
  t.is(await keyLife.retire('operator', 'acme', world.kek.id, confirm(1)), 1);
  t.is(await lifecycleOf(world, world.kek.id), 'RETIRED');
  world.clock.advance(1_000);
  await eventually(() => other.leasedKeys.size === 0);
  const calls = world.kms.calls.length;
  for (const each of [world, other]) {
    await t.throwsAsync(each.resolveDataKey.run(RECORDER, request, PATIENT), { code: 'KEY_RETIRED' });
  }
  t.is(world.kms.calls.length, calls, 'the KMS is not asked');
  t.is((await open(world, 'new')).kekId, newer.id);
  t.like(
    (await world.audit()).find(({ detail }) => detail?.startsWith('retire key')),
    {
      action: 'ADMINISTER',
      actor: 'operator',
      kekId: world.kek.id,
      detail: `retire key ${world.reference}: 1 data keys become unreadable`,
    },
  );
  t.is((await keyLife.restore('operator', 'acme', world.kek.id)).lifecycle, 'DECRYPT_ONLY');
  t.is((await open(world, 'old')).kekId, world.kek.id);
});

test('retiring a key that was never used makes the one before it seal again', async (t) => {
  const world = await keyWorld(t);
  await world.issue({ id: 'old' });
  const kek = await enrolAnother(world, 'bad');
  await world.keyLife.retire('operator', 'acme', kek.id, confirm(null));
  t.is((await world.issue({ id: 'new' })).kekId, world.kek.id);
  t.is((await world.keyLife.restore('operator', 'acme', kek.id)).lifecycle, 'STANDBY');
});

test('the last key in use of an account with a licence is not retired without a word about new data', async (t) => {
  const world = await keyWorld(t);
  const { keyLife, kek, blastRadius: parts } = world;
  await world.issue({ id: 'old' });
  t.like(await blastRadius(parts, 'acme', kek.id), { newData: 'REFUSED', newDataIfRetired: 'PLATFORM_KEY' });
  await t.throwsAsync(keyLife.retire('operator', 'acme', kek.id, confirm(1)), {
    code: 'CONFLICT',
    message: /^new assets of the account would be under the platform key: .* acceptNoKey$/,
  });
  t.is(await lifecycleOf(world, kek.id), 'ACTIVE');
  await t.throwsAsync(keyLife.retire('operator', 'acme', kek.id, confirm(0, true)), { code: 'CONFLICT' });
  await keyLife.retire('operator', 'acme', kek.id, confirm(1, true));
  t.is(await lifecycleOf(world, kek.id), 'RETIRED');
  await t.throwsAsync(open(world, 'old'), { code: 'KEY_RETIRED' });
  t.is((await world.issue({ id: 'without' })).protection, 'PLATFORM_KEY');

  // Nothing newer ever took its place.
  t.is((await keyLife.restore('operator', 'acme', kek.id)).lifecycle, 'ACTIVE');
  t.is((await world.issue({ id: 'again' })).kekId, kek.id);
  t.is((await open(world, 'old')).kekId, kek.id);
});

test('an active key is retired when another key takes new data, or when there is none to protect', async (t) => {
  const world = await keyWorld(t);
  const { keyLife, kek, blastRadius: parts } = world;
  await world.issue({ id: 'old' });
  const newer = await enrolAnother(world, 'newer');
  t.is(await lifecycleOf(world, kek.id), 'ACTIVE');
  t.like(await blastRadius(parts, 'acme', kek.id), { newDataIfRetired: 'UNAFFECTED' });
  await keyLife.retire('operator', 'acme', kek.id, confirm(1));
  t.is((await world.issue({ id: 'new' })).kekId, newer.id);

  const leave = { kind: 'LICENCE', licence: 'NONE' } as const;
  await world.coverageChanges.apply('operator', 'acme', leave, { moveExisting: true });
  await eventually(async () => {
    await world.mover.poll();
    await world.mover.settled();
    return (await world.store.keyLife.count('acme', newer.id)).length === 0;
  });
  t.is(await lifecycleOf(world, newer.id), 'ACTIVE');
  const radius = { dataKeys: 0, newData: 'UNAFFECTED', newDataIfRetired: 'UNAFFECTED' } as const;
  t.like(await blastRadius(parts, 'acme', newer.id), radius);
  await keyLife.retire('operator', 'acme', newer.id, confirm(null));
  t.is(await lifecycleOf(world, newer.id), 'RETIRED');
  t.is((await world.issue({ id: 'left' })).protection, 'PLATFORM_KEY');
  t.is((await open(world, 'new')).protection, 'PLATFORM_KEY');
  // What the older key protects was given up when that was retired: leaving did not bring it back.
  t.is((await world.store.keyLife.count('acme', kek.id)).length, 1);
  await t.throwsAsync(open(world, 'old'), { code: 'KEY_RETIRED' });
});

test('a key is verified again, and its canary is a new one; another key under its name is found out', async (t) => {
  const world = await keyWorld(t);
  const { changeKey, kek, store, kms } = world;
  t.like(await changeKey.verify('operator', 'acme', kek.id), { ok: true });
  const refreshed = await store.findKek(kek.id);
  t.notDeepEqual(refreshed?.canary?.wrapped, kek.canary?.wrapped);
  kms.createKey('customer');
  kms.replicate(world.reference, 'customer-replica');
  const trial = await changeKey.verify('operator', 'acme', kek.id);
  t.false(trial.ok);
  const failed = trial.steps.filter(({ outcome }) => outcome === 'FAILED');
  t.deepEqual(
    failed.map(({ step, cause }) => [step, cause]),
    [['UNWRAP', 'CONTEXT_MISMATCH']],
  );
  t.regex(failed[0]?.detail ?? '', /does not open what the key wrapped before/);
  t.deepEqual((await store.findKek(kek.id))?.canary, refreshed?.canary);
});

test('replicas come, go and change places, and new ones must open what the key wrapped', async (t) => {
  const world = await keyWorld(t);
  const { changeKey, kek, store, kms, reference, replica } = world;
  await world.issue({ id: 'old' });
  const set = (references: readonly string[]) =>
    changeKey.setReferences('operator', 'acme', kek.id, references);
  const stored = async () => (await store.findKek(kek.id))?.references;
  const third = kms.replicate(reference, 'third');
  const stranger = kms.createKey('stranger');
  const refused = await set([reference, stranger]);
  t.false(refused.ok);
  t.deepEqual(await stored(), kek.references);
  // What is dead can be taken away without being asked.
  kms.key(reference).state = 'DISABLED';
  t.true((await set([replica, third])).ok);
  t.deepEqual(await stored(), [replica, third]);
  kms.key(replica).state = 'DISABLED';
  t.is((await open(world, 'old')).keyInUse, third);
  t.true((await set([third, replica])).ok, 'a new order alone asks nobody');
  t.deepEqual(await stored(), [third, replica]);
});

test('the blast radius counts, and says what else would go on', async (t) => {
  const world = await keyWorld(t);
  const { kek, reference, replica, blastRadius: parts } = world;
  for (const id of ['a', 'b']) await world.issue({ id });
  world.kms.key(replica).state = 'DISABLED';
  await world.statuses.flush();
  const radius = await blastRadius(parts, 'acme', kek.id);
  const type = { srvId: '0001', type: 'MeetingWebinarRecording', dataKeys: 2, assets: 2 };
  t.like(radius, { dataKeys: 2, assets: 2, newData: 'REFUSED', leaseMs: 300_000, leasesEndInMs: 300_000 });
  t.deepEqual(radius.types, [type]);
  t.deepEqual(radius.references, [
    { reference, decrypt: 'OK', othersOpen: true },
    { reference: replica, decrypt: 'OK', othersOpen: true },
  ]);
  await enrolAnother(world, 'newer');
  await world.administration.revokeNow('operator', kek.id);
  t.like(await blastRadius(parts, 'acme', kek.id), { newData: 'UNAFFECTED', dataKeys: 2 });
});
