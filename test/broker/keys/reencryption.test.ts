import test, { type ExecutionContext } from 'ava';
import { PLATFORM } from '../../../broker/keys/moves.ts';
import { Reencryption } from '../../../broker/keys/reencryption.ts';
import type { DataKeyRecord } from '../../../broker/model/types.ts';
import type { Asset } from '../../../core/asset.ts';
import {
  ASSET,
  keyWorld,
  LEASE_MS,
  PATIENT,
  PHONE,
  RECORDER,
  type KeyWorld,
} from '../../support/key-world.ts';
import { markForReencryption } from '../../support/mark-for-reencryption.ts';
import { resolveRequest } from '../../support/resolve-request.ts';

const IN_USE_MS = 2 * LEASE_MS;
/** A type whose assets are the platform's until it is enrolled. */
const TRANSCRIPT: Asset = { ...ASSET, type: 'MeetingWebinarTranscript' };
const SUMMARY: Asset = { ...ASSET, type: 'MeetingWebinarSummary' };

/** A world whose asset has a data key that is to give way. */
async function markedWorld(t: ExecutionContext): Promise<KeyWorld & { readonly old: DataKeyRecord }> {
  const world = await keyWorld(t);
  (await world.issue()).dataKey[Symbol.dispose]();
  const old = await newest(world);
  await markForReencryption(world.store, [old], world.clock.wallMs());
  return { ...world, old };
}

async function newest({ store }: KeyWorld, asset = ASSET): Promise<DataKeyRecord> {
  const record = await store.findNewestDataKey(asset);
  if (!record) throw new Error('no data key');
  return record;
}

const again = (world: KeyWorld, asset: Asset = ASSET) =>
  world.issueDataKey.run(RECORDER, { asset, owner: '', reason: 'STORAGE', reencryption: true }, PATIENT);
const list = (
  { reencryption }: KeyWorld,
  facts: Partial<{ srvId: string; after: string; limit: number }> = {},
) => reencryption.list(RECORDER, { srvId: '0001', after: '', limit: 0, ...facts });
const complete = ({ reencryption }: KeyWorld, dataKeyId: string, asset: Asset = ASSET, caller = RECORDER) =>
  reencryption.complete(caller, { asset, reason: null, dataKeyId });

test('a marked data key gives way once: whoever seals next, however many at once, gets one newer one', async (t) => {
  const world = await markedWorld(t);
  const { old } = world;
  world.kms.calls.length = 0;
  const grants = await Promise.all([world.issue(), world.issue(), again(world), again(world)]);
  const next = await newest(world);
  t.deepEqual(new Set(grants.map(({ dataKeyId }) => dataKeyId)), new Set([next.id]));
  t.like(next, { generation: 2, protection: 'CUSTOMER_KEY', kekId: world.kek.id, reencryptSince: null });
  t.like(next, { owner: old.owner, destroyedAt: null });
  t.deepEqual(await world.store.findDataKey(ASSET, old.id), { ...old, reencryptSince: world.clock.wallMs() });
  t.true((await world.audit()).some(({ action, detail }) => action === 'ISSUE' && detail === 'REENCRYPTION'));
  t.is((await world.issue()).dataKeyId, next.id);
});

test('old files open until the old data key is destroyed, and then nothing opens them', async (t) => {
  const world = await markedWorld(t);
  const { old } = world;
  const request = await resolveRequest(world.store, ASSET);
  await again(world);
  const grant = await world.resolveDataKey.run(RECORDER, request, PATIENT);
  t.is(grant.dataKeyId, old.id);
  world.clock.advance(IN_USE_MS);
  await complete(world, old.id);
  t.like((await world.audit())[0], {
    action: 'REENCRYPT',
    outcome: 'ALLOWED',
    actor: RECORDER.spiffeId,
    account: 'acme',
    dataKeyId: old.id,
  });
  const stored = await world.store.findDataKey(ASSET, old.id);
  t.is(stored?.wrapped.length, 0);
  for (const sealing of [false, true]) {
    await t.throwsAsync(world.resolveDataKey.run(RECORDER, { ...request, sealing }, PATIENT), {
      code: 'DATA_KEY_DESTROYED',
    });
  }
  t.like((await world.audit())[0], { action: 'RESOLVE', outcome: 'FAILED', dataKeyId: old.id });
  const events = (await world.audit()).length;
  await complete(world, old.id);
  t.is((await world.audit()).length, events, 'once more changes nothing');
  t.deepEqual(await list(world), { entries: [], next: null });
});

test('a data key that the cache still lends is refused once it is destroyed, by any broker', async (t) => {
  const world = await markedWorld(t);
  const request = await resolveRequest(world.store, ASSET);
  const other = await world.another();
  await again(world);
  world.clock.advance(IN_USE_MS);
  for (const { resolveDataKey } of [world, other]) await resolveDataKey.run(RECORDER, request, PATIENT);
  await complete(world, world.old.id);
  for (const { resolveDataKey } of [world, other]) {
    await t.throwsAsync(resolveDataKey.run(RECORDER, request, PATIENT), { code: 'DATA_KEY_DESTROYED' });
  }
});

test('whoever may still be sealing with a data key keeps it from being destroyed', async (t) => {
  const world = await markedWorld(t);
  const { old } = world;
  const request = await resolveRequest(world.store, ASSET);
  await again(world);
  world.clock.advance(IN_USE_MS - 1);
  t.is((await list(world)).entries[0]?.readyInMs, 1);
  await t.throwsAsync(complete(world, old.id), { code: 'DATA_KEY_IN_USE' });
  world.clock.advance(1);
  t.is((await list(world)).entries[0]?.readyInMs, 0);
  // A recording that goes on: it asks for its data key again, to seal with it.
  await world.resolveDataKey.run(RECORDER, { ...request, sealing: true }, PATIENT);
  t.is((await list(world)).entries[0]?.readyInMs, IN_USE_MS);
  await t.throwsAsync(complete(world, old.id), { code: 'DATA_KEY_IN_USE' });
  world.clock.advance(IN_USE_MS);
  // Somebody who reads it holds nothing up.
  await world.resolveDataKey.run(RECORDER, request, PATIENT);
  await complete(world, old.id);
});

test('nor is it destroyed under whoever began while it was away from the customer’s key', async (t) => {
  const world = await markedWorld(t);
  const { account } = ASSET;
  const move = async (kind: 'LEAVE' | 'ENROL', from: string, target: string) => {
    await world.moves.start('operator', { account, kind, selection: { kekIds: [from] }, target });
    await world.mover.poll();
    await world.mover.settled();
    world.clock.advance(60_000);
    await world.mover.poll();
    await world.mover.settled();
  };
  await move('LEAVE', world.kek.id, PLATFORM);
  world.clock.advance(IN_USE_MS);
  t.is((await world.issue()).dataKeyId, world.old.id);
  await move('ENROL', PLATFORM, world.kek.id);
  await again(world);
  t.is((await list(world)).entries[0]?.readyInMs, IN_USE_MS - 60_000);
  await t.throwsAsync(complete(world, world.old.id), { code: 'DATA_KEY_IN_USE' });
});

test('the newer data key is the customer’s or none: no fallback, and the old one stays', async (t) => {
  const world = await markedWorld(t);
  world.clock.advance(LEASE_MS);
  for (const reference of [world.reference, world.replica]) world.kms.key(reference).failure = 'KEY_DISABLED';
  await t.throwsAsync(again(world), { code: 'KEY_DISABLED' });
  await t.throwsAsync(world.issue(), { code: 'KEY_DISABLED' });
  t.is((await newest(world)).id, world.old.id);
  world.clock.advance(IN_USE_MS);
  await t.throwsAsync(complete(world, world.old.id), { code: 'CONFLICT' });
  t.like((await world.audit())[0], { action: 'REENCRYPT', outcome: 'FAILED', dataKeyId: world.old.id });
});

test('an account without a licence keeps its key for what is sealed again', async (t) => {
  const world = await markedWorld(t);
  await world.administration.putAccount('operator', { id: 'acme', name: 'acme', licence: 'NONE' });
  await again(world);
  t.like(await newest(world), { generation: 2, protection: 'CUSTOMER_KEY', kekId: world.kek.id });
});

test('without a key in use nothing is sealed again, and what is added keeps its data key', async (t) => {
  const world = await markedWorld(t);
  for (const from of ['STANDBY', 'ACTIVE'] as const) {
    const [event] = await world.audit();
    if (event) await world.store.moveKek(world.kek.id, [from], 'DECRYPT_ONLY', { ...event, id: `${from}-1` });
  }
  await t.throwsAsync(again(world), { code: 'CONFLICT' });
  world.clock.advance(IN_USE_MS);
  t.is((await world.issue()).dataKeyId, world.old.id);
  t.is((await list(world)).entries[0]?.readyInMs, IN_USE_MS, 'and is held for it');
});

test('a re-encryption makes no first data key', async (t) => {
  const world = await keyWorld(t);
  await t.throwsAsync(again(world), { code: 'ASSET_NOT_FOUND' });
  const [first, failed] = await Promise.allSettled([world.issue(), again(world)]);
  t.is(first.status, 'fulfilled');
  if (failed.status === 'rejected') t.like(failed.reason, { code: 'ASSET_NOT_FOUND' });
  t.is((await newest(world)).generation, 1);
});

test('what a recovery moved is listed to its service alone, a page at a time', async (t) => {
  const world = await keyWorld(t);
  for (const asset of [TRANSCRIPT, { ...TRANSCRIPT, id: 'meeting-2' }, SUMMARY]) {
    t.is((await world.issue(asset)).protection, 'PLATFORM_KEY');
  }
  await world.moves.start('operator', {
    account: 'acme',
    kind: 'RECOVER',
    selection: { kekIds: [PLATFORM] },
    target: world.kek.id,
  });
  await world.mover.poll();
  await world.mover.settled();
  const first = await list(world, { limit: 2 });
  const second = await list(world, { limit: 2, after: first.next ?? '' });
  t.deepEqual([first.entries.length, second.entries.length, second.next], [2, 1, null]);
  const listed = [...first.entries, ...second.entries];
  t.deepEqual(new Set(listed.map(({ asset }) => `${asset.type} ${asset.id}`)).size, 3);
  t.true(listed.every(({ since }) => since === world.clock.wallMs()));
  t.like((await world.audit())[0], { action: 'REENCRYPT', account: 'acme', outcome: 'ALLOWED' });
  t.deepEqual((await world.reencryption.list(PHONE, { srvId: '0002', after: '', limit: 0 })).entries, []);
  t.is((await again(world, TRANSCRIPT)).protection, 'CUSTOMER_KEY');
});

test('refused with the one answer, the cause in the audit event: another service', async (t) => {
  const world = await markedWorld(t);
  await again(world);
  world.clock.advance(IN_USE_MS);
  await t.throwsAsync(world.reencryption.list(PHONE, { srvId: '0001', after: '', limit: 0 }), {
    code: 'NOT_AUTHORIZED',
  });
  await t.throwsAsync(complete(world, world.old.id, ASSET, PHONE), { code: 'NOT_AUTHORIZED' });
  t.deepEqual(world.observer.denials, ['SERVICE_NOT_ALLOWED', 'SERVICE_NOT_ALLOWED']);
  t.true((await world.store.findDataKey(ASSET, world.old.id))?.destroyedAt === null);
});

const MALFORMED: Record<string, [attempt: (world: KeyWorld) => Promise<unknown>, field: string]> = {
  'a limit beyond the greatest': [(world) => list(world, { limit: 101 }), 'limit'],
  'a cursor that is none': [(world) => list(world, { after: 'nonsense' }), 'after'],
  'a cursor of another shape': [
    (world) => list(world, { after: Buffer.from('[1,2,3,4,5]').toString('base64url') }),
    'after',
  ],
  'a cursor with a NUL': [
    (world) => list(world, { after: Buffer.from('[1,"a\\u0000","b","c",1]').toString('base64url') }),
    'after',
  ],
  'a data-key id that is none': [(world) => complete(world, "' OR 1=1 --"), 'data_key_id'],
};

for (const [name, [attempt, field]] of Object.entries(MALFORMED)) {
  test(`refused as malformed: ${name}`, async (t) => {
    const world = await keyWorld(t);
    const error = await t.throwsAsync(attempt(world), { code: 'INVALID_ARGUMENT' });
    t.like(error, { metadata: { field } });
  });
}

test('refused: a data key that the asset does not have, or that need not go', async (t) => {
  const world = await markedWorld(t);
  const next = await again(world);
  world.clock.advance(IN_USE_MS);
  const other = { ...ASSET, id: 'meeting-2' };
  await t.throwsAsync(complete(world, world.old.id, other), { code: 'ASSET_NOT_FOUND' });
  await t.throwsAsync(complete(world, next.dataKeyId), { code: 'CONFLICT' });
  t.is((await newest(world)).destroyedAt, null);
});

test('a data key is held for ten minutes at the least, however short the leases are', async (t) => {
  const world = await markedWorld(t);
  const reencryption = new Reencryption({
    access: { admitService: () => Promise.resolve() } as never,
    store: world.store,
    ledger: world.ledger,
    clock: world.clock,
    leaseMs: 10_000,
  });
  t.is((await list({ ...world, reencryption })).entries[0]?.readyInMs, 600_000);
});
