import test from 'ava';
import type { ResolveRequest } from '../../../broker/keys/resolve-data-key.ts';
import { brokerDataKey } from '../../../core/reference.ts';
import { ASSET, keyWorld, PATIENT, PHONE, RECORDER } from '../../support/key-world.ts';
import { resolveRequest } from '../../support/resolve-request.ts';

test('a sealed header’s data key is unwrapped by the key that wrapped it', async (t) => {
  const world = await keyWorld(t);
  const issued = await world.issue();
  world.leasedKeys.clear();
  world.kms.calls.length = 0;
  const request = await resolveRequest(world.store, ASSET);
  const resolved = await world.resolveDataKey.run(RECORDER, request, PATIENT);
  t.true(resolved.dataKey.copyBytes().equals(issued.dataKey.copyBytes()));
  t.deepEqual(world.kms.calls, [
    { operation: 'unwrap', reference: world.reference, context: issued.context },
  ]);
  t.like((await world.audit())[0], {
    action: 'RESOLVE',
    outcome: 'ALLOWED',
    reason: 'USER_ACCESS',
    source: 'KMS',
    kekId: world.kek.id,
    dataKeyId: issued.dataKeyId,
  });
  await world.resolveDataKey.run(RECORDER, request, PATIENT);
  t.is(world.kms.calls.length, 1);
  t.is((await world.audit())[0]?.source, 'CACHE');
});

const OTHER_ID = '0197c2a0-0000-7000-8000-000000000000';

const REFUSED: Record<string, [change: (request: ResolveRequest) => ResolveRequest, reason: string]> = {
  'a data key that does not exist': [(r) => ({ ...r, dataKeyId: OTHER_ID }), 'DATA_KEY_UNKNOWN'],
  'a data-key id that is none': [(r) => ({ ...r, dataKeyId: "' OR 1=1 --" }), 'DATA_KEY_UNKNOWN'],
  'no data-key id': [(r) => ({ ...r, dataKeyId: '' }), 'DATA_KEY_UNKNOWN'],
  'another asset': [(r) => ({ ...r, asset: { ...ASSET, id: 'meeting-2' } }), 'DATA_KEY_UNKNOWN'],
  'another account’s asset': [(r) => ({ ...r, asset: { ...ASSET, account: 'globex' } }), 'DATA_KEY_UNKNOWN'],
  'another type': [
    (r) => ({ ...r, asset: { ...ASSET, type: 'MeetingWebinarTranscript' } }),
    'DATA_KEY_UNKNOWN',
  ],
  'another generation': [
    (r) => ({ ...r, reference: brokerDataKey(r.dataKeyId, 2).ciphertext }),
    'REFERENCE_MISMATCH',
  ],
  'a reference that is none': [(r) => ({ ...r, reference: Buffer.from('nonsense') }), 'REFERENCE_MISMATCH'],
  'no reference': [(r) => ({ ...r, reference: Buffer.alloc(0) }), 'REFERENCE_MISMATCH'],
  'another time in the context': [
    (r) => ({ ...r, context: { ...r.context, timestamp: '1' } }),
    'CONTEXT_MISMATCH',
  ],
  'another account in the context': [
    (r) => ({ ...r, context: { ...r.context, acct: 'globex' } }),
    'CONTEXT_MISMATCH',
  ],
  'one more pair in the context': [
    (r) => ({ ...r, context: { ...r.context, extra: '' } }),
    'CONTEXT_MISMATCH',
  ],
  'no context': [(r) => ({ ...r, context: {} }), 'CONTEXT_MISMATCH'],
  'a prototype’s properties as context': [
    (r) => ({ ...r, context: Object.create(r.context) as Record<string, string> }),
    'CONTEXT_MISMATCH',
  ],
};

for (const [name, [change, reason]] of Object.entries(REFUSED)) {
  test(`refused with the one answer, the cause in the audit event: ${name}`, async (t) => {
    const world = await keyWorld(t);
    await world.issue();
    const request = change(await resolveRequest(world.store, ASSET));
    await t.throwsAsync(world.resolveDataKey.run(RECORDER, request, PATIENT), {
      code: 'NOT_AUTHORIZED',
      message: 'not authorized for this asset',
    });
    t.deepEqual(world.observer.denials, [reason]);
    const [event] = await world.audit();
    t.is(event?.outcome, 'REFUSED');
    t.true(event?.detail?.startsWith(`${reason}: `), event?.detail ?? '');
    t.is(event?.kekId, reason === 'DATA_KEY_UNKNOWN' ? null : world.kek.id);
    t.is(world.kms.count('unwrap'), 0);
  });
}

test('what a caller sends as a data-key id reaches an audit event only if it is one', async (t) => {
  const world = await keyWorld(t);
  const request = { asset: ASSET, reason: 'USER_ACCESS', reference: Buffer.alloc(0), context: {} } as const;
  // PostgreSQL would refuse the first, and the event with it.
  for (const dataKeyId of ['\u0000', 'x'.repeat(64), OTHER_ID]) {
    const resolving = world.resolveDataKey.run(PHONE, { ...request, dataKeyId }, PATIENT);
    await t.throwsAsync(resolving, { code: 'NOT_AUTHORIZED' });
    const [event] = await world.audit();
    t.like(event, { outcome: 'REFUSED', dataKeyId: dataKeyId === OTHER_ID ? OTHER_ID : null });
  }
});

test('another service’s sidecar is refused', async (t) => {
  const world = await keyWorld(t);
  await world.issue();
  const request = await resolveRequest(world.store, ASSET);
  await t.throwsAsync(world.resolveDataKey.run(PHONE, request, PATIENT), { code: 'NOT_AUTHORIZED' });
  t.deepEqual(world.observer.denials, ['SERVICE_NOT_ALLOWED']);
});

test('a record that was changed in the database does not open: the KMS checks the context too', async (t) => {
  const world = await keyWorld(t);
  await world.issue();
  await world.issue({ id: 'meeting-2' });
  const [own, other] = [
    await world.store.findNewestDataKey(ASSET),
    await world.store.findNewestDataKey({ ...ASSET, id: 'meeting-2' }),
  ];
  if (!own || !other) return t.fail();
  world.leasedKeys.clear();
  const forged = { ...own, wrapped: other.wrapped };
  await t.throwsAsync(world.leasedKeys.lend(forged), { code: 'KMS_CONTEXT_MISMATCH' });
});

test('a failure of the KMS is an event of its own and is not kept', async (t) => {
  const world = await keyWorld(t);
  await world.issue();
  world.leasedKeys.clear();
  for (const reference of [world.reference, world.replica]) world.kms.key(reference).failure = 'UNREACHABLE';
  const request = await resolveRequest(world.store, ASSET);
  await t.throwsAsync(world.resolveDataKey.run(RECORDER, request, PATIENT), { code: 'KMS_UNREACHABLE' });
  t.like((await world.audit())[0], { action: 'RESOLVE', outcome: 'FAILED', source: null });
  t.regex((await world.audit())[0]?.detail ?? '', /^KMS_UNREACHABLE: /);
  world.kms.key(world.reference).failure = null;
  await t.notThrowsAsync(world.resolveDataKey.run(RECORDER, request, PATIENT));
});

test('how an asset is protected', async (t) => {
  const world = await keyWorld(t);
  const issued = await world.issue();
  const request = { asset: ASSET, reason: null };
  t.deepEqual(await world.describeAsset.run(RECORDER, request), {
    dataKeyId: issued.dataKeyId,
    protection: 'CUSTOMER_KEY',
    keyInUse: world.reference,
    generation: 1,
    createdAt: 1_767_225_600,
  });
  await t.throwsAsync(world.describeAsset.run(RECORDER, { ...request, asset: { ...ASSET, id: 'x' } }), {
    code: 'ASSET_NOT_FOUND',
  });
  await t.throwsAsync(world.describeAsset.run(PHONE, request), { code: 'NOT_AUTHORIZED' });
});
