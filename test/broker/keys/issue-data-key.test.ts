import test from 'ava';
import { keyWorld, ASSET, PATIENT, PHONE, RECORDER } from '../../support/key-world.ts';

test('a new asset gets a data key under the customer’s key, with its context in the customer’s log', async (t) => {
  const world = await keyWorld(t);
  const grant = await world.issue();
  t.is(grant.protection, 'CUSTOMER_KEY');
  t.is(grant.kekId, world.kek.id);
  t.is(grant.keyInUse, world.reference);
  t.is(grant.leaseMs, 300_000);
  const context = { acct: 'acme', srvId: '0001', type: ASSET.type, id: ASSET.id, timestamp: '1767225600' };
  t.deepEqual(grant.context, context);
  t.deepEqual(world.kms.calls, [{ operation: 'generate', reference: world.reference, context }]);

  const stored = await world.store.findNewestDataKey(ASSET);
  t.is(stored?.id, grant.dataKeyId);
  t.is((await world.store.findKek(world.kek.id))?.lifecycle, 'ACTIVE');
  const [event] = await world.audit();
  t.like(event, {
    action: 'ISSUE',
    outcome: 'ALLOWED',
    actor: RECORDER.spiffeId,
    account: 'acme',
    asset: ASSET,
    reason: 'STORAGE',
    dataKeyId: grant.dataKeyId,
    kekId: world.kek.id,
    source: 'KMS',
    detail: 'OWNER_COVERED',
  });
});

test('an asset that CMK does not cover gets the platform key, and the event says why', async (t) => {
  const world = await keyWorld(t);
  const grant = await world.issue({ account: 'globex' });
  t.is(grant.protection, 'PLATFORM_KEY');
  t.is(grant.keyInUse, world.platformReference);
  t.is((await world.audit())[0]?.detail, 'TYPE_NOT_ENROLLED');
});

test('every further file of an asset gets the same data key, from the cache, each with an event', async (t) => {
  const world = await keyWorld(t);
  const first = await world.issue();
  const second = await world.issue();
  t.is(second.dataKeyId, first.dataKeyId);
  t.true(second.dataKey.copyBytes().equals(first.dataKey.copyBytes()));
  t.is(world.kms.calls.length, 1);
  const events = (await world.audit()).filter(({ action }) => action === 'ISSUE');
  t.deepEqual(
    events.map(({ source }) => source),
    ['CACHE', 'KMS'],
  );
});

test('1,000 concurrent calls for one new asset make one data key and one KMS call', async (t) => {
  const world = await keyWorld(t);
  const grants = await Promise.all(Array.from({ length: 1000 }, () => world.issue()));
  t.is(new Set(grants.map(({ dataKeyId }) => dataKeyId)).size, 1);
  t.is(new Set(grants.map(({ dataKey }) => dataKey.copyBytes().toString('latin1'))).size, 1);
  t.deepEqual([world.kms.count('generate'), world.kms.count('unwrap')], [1, 0]);
  const events = (await world.audit()).filter(({ action }) => action === 'ISSUE');
  t.is(events.length, 1000);
});

test('two brokers racing for one asset end with one data key, and the loser’s is never handed out', async (t) => {
  const world = await keyWorld(t);
  const other = await world.another();
  const release = world.kms.hold();
  const request = { asset: ASSET, owner: 'user-1', reason: 'STORAGE' } as const;
  const racing = Promise.all([world.issue(), other.issueDataKey.run(RECORDER, request, PATIENT)]);
  while (world.kms.count('generate') < 2) await new Promise(setImmediate);
  release();
  const [a, b] = await racing;
  t.is(a.dataKeyId, b.dataKeyId);
  t.true(a.dataKey.copyBytes().equals(b.dataKey.copyBytes()));
  t.is((await world.audit()).filter(({ action }) => action === 'ISSUE').length, 2);
});

test('a caller that goes away does not take the key from those who wait with it', async (t) => {
  const world = await keyWorld(t);
  const release = world.kms.hold();
  const impatient = new AbortController();
  const request = { asset: ASSET, owner: 'user-1', reason: 'STORAGE' } as const;
  const first = world.issueDataKey.run(RECORDER, request, impatient.signal);
  const second = world.issue();
  while (world.kms.count('generate') < 1) await new Promise(setImmediate);
  impatient.abort();
  await t.throwsAsync(first, { code: 'CANCELLED' });
  release();
  t.is((await second).protection, 'CUSTOMER_KEY');
  t.is(world.kms.count('generate'), 1);
});

test('an account that is not known', async (t) => {
  const world = await keyWorld(t);
  await t.throwsAsync(world.issue({ account: 'nobody' }), { code: 'ACCOUNT_UNKNOWN' });
  t.is(world.kms.calls.length, 0);
});

const INVALID = {
  'no asset': { asset: null },
  'an id with a space': { asset: { ...ASSET, id: 'a b' } },
  'no id': { asset: { ...ASSET, id: '' } },
  'an unknown type': { asset: { ...ASSET, type: 'Nonsense' } },
  'no owner': { owner: '' },
  'an owner with a line break': { owner: 'a\nb' },
  'no reason': { reason: null },
} as const;

for (const [name, facts] of Object.entries(INVALID)) {
  test(`refused before anything is done: ${name}`, async (t) => {
    const world = await keyWorld(t);
    const request = { asset: ASSET, owner: 'user-1', reason: 'STORAGE', ...facts } as const;
    const caller = { ...RECORDER, services: new Set(['0001', '']) };
    const running = world.issueDataKey.run(caller, request, PATIENT);
    await t.throwsAsync(running, { code: 'INVALID_ARGUMENT' });
    t.is(world.kms.calls.length, 0);
  });
}

test('another service’s sidecar is refused before its request is even looked at', async (t) => {
  const world = await keyWorld(t);
  for (const facts of [{}, { id: 'a b' }, { account: 'nobody' }]) {
    await t.throwsAsync(world.issue(facts, PHONE), {
      code: 'NOT_AUTHORIZED',
      message: 'not authorized for this asset',
    });
  }
  t.deepEqual(world.observer.denials, Array(3).fill('SERVICE_NOT_ALLOWED'));
  const [last, , first] = await world.audit();
  t.like(first, { outcome: 'REFUSED', actor: PHONE.spiffeId, asset: ASSET });
  t.is(last?.account, 'nobody');
});
