import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import grpc from '@grpc/grpc-js';
import type { KeyBrokerClient } from '../../../proto/types/cmk/v1/KeyBroker.ts';
import { brokerWorld, call, grantOf, issue, resolve, resolveRequestOf } from '../../support/broker-world.ts';
import { sidecarId } from '../../support/settings.ts';
import { eventually } from '../../support/eventually.ts';
import { ASSET } from '../../support/key-world.ts';

test('a data key is issued, resolved and described', async (t) => {
  const world = await brokerWorld(t);
  const issued = await issue(world.recorder);
  const grant = grantOf(issued);
  t.is(grant.plaintextKey.length, 32);
  t.is(grant.protection, 'PROTECTION_CUSTOMER_KEY');
  t.deepEqual([grant.keyId, grant.keyInUse], [world.kekId, world.reference]);
  t.true(grant.leaseMs > 290_000 && grant.leaseMs <= 300_000);
  t.like(grant.encryptionContext, { acct: 'acme', srvId: '0001', type: ASSET.type, id: ASSET.id });
  const [entry, ...others] = issued.encryptedDataKeys;
  t.deepEqual(others, []);
  t.is(entry?.providerId, 'cmk-broker');
  t.is(entry?.providerInfo.toString(), grant.dataKeyId);
  t.deepEqual(entry?.ciphertext, Buffer.from([1, 0, 0, 0, 1]));

  const resolved = grantOf(await resolve(world.recorder, resolveRequestOf(issued)));
  t.deepEqual(resolved.plaintextKey, grant.plaintextKey);
  t.deepEqual({ ...resolved, leaseMs: 0 }, { ...grant, leaseMs: 0 });
  const described = await call((done) => world.recorder.describeAsset({ asset: ASSET }, done));
  t.like(described, {
    dataKeyId: grant.dataKeyId,
    protection: 'PROTECTION_CUSTOMER_KEY',
    keyInUse: world.reference,
    generation: 1,
  });
  t.is(await world.metric('cmk_key_cache_hits_total'), 2);
});

test('1,000 concurrent calls over two connections make one data key and one KMS call', async (t) => {
  const world = await brokerWorld(t);
  const other = await world.connectAs({ uriSans: [sidecarId('0001')] });
  const calls = Array.from({ length: 1000 }, (_, index) => issue(index % 2 ? world.recorder : other));
  const grants = (await Promise.all(calls)).map(grantOf);
  t.is(new Set(grants.map(({ plaintextKey }) => plaintextKey.toString('latin1'))).size, 1);
  t.deepEqual(
    world.kms.uses().map(({ operation }) => operation),
    ['generate'],
  );
});

const INVALID: Record<string, [request: object, field: string]> = {
  'no asset': [{ asset: { srvId: '0001' } }, 'account'],
  'a malformed id': [{ asset: { ...ASSET, id: 'a b' } }, 'id'],
  'an unknown type': [{ asset: { ...ASSET, type: 'X' } }, 'type'],
  'no owner': [{ owner: '' }, 'owner'],
  'no reason': [{ reason: 'REASON_UNSPECIFIED' }, 'reason'],
  'a reason from the future': [{ reason: 99 }, 'reason'],
};

for (const [name, [request, field]] of Object.entries(INVALID)) {
  test(`refused with the field’s name: ${name}`, async (t) => {
    const world = await brokerWorld(t);
    const error = await t.throwsAsync(issue(world.recorder, request), { code: 'INVALID_ARGUMENT' });
    t.like(error, { metadata: { field } });
  });
}

test('the customer’s decision and an outage can be told apart', async (t) => {
  const world = await brokerWorld(t);
  world.kms.key(world.reference).state = 'DISABLED';
  await t.throwsAsync(issue(world.recorder), { code: 'KEY_DISABLED' });
  world.kms.key(world.reference).state = 'UNAVAILABLE';
  await t.throwsAsync(issue(world.recorder), { code: 'KMS_UNREACHABLE' });
  await t.throwsAsync(issue(world.recorder, { asset: { ...ASSET, account: 'nobody' } }), {
    code: 'ACCOUNT_UNKNOWN',
  });
});

test('fields from a newer contract are tolerated, oversized messages are not', async (t) => {
  const { recorder } = await brokerWorld(t);
  const raw = (bytes: Buffer) =>
    call<Buffer>((done) =>
      recorder.makeUnaryRequest(
        '/cmk.v1.KeyBroker/DescribeAsset',
        (value: Buffer) => value,
        (value) => value,
        bytes,
        done,
      ),
    );
  await issue(recorder);
  const text = (field: number, value: string) =>
    Buffer.concat([Buffer.from([(field << 3) | 2, value.length]), Buffer.from(value)]);
  const asset = Buffer.concat([
    text(1, ASSET.account),
    text(2, ASSET.srvId),
    text(3, ASSET.type),
    text(4, ASSET.id),
  ]);
  const request = Buffer.concat([Buffer.from([0x0a, asset.length]), asset]);
  const answer = await raw(request);
  t.true(answer.length > 0);
  t.deepEqual(await raw(Buffer.concat([request, text(15, 'something new')])), answer);
  const tooLarge = await t.throwsAsync(raw(Buffer.alloc(70_000)));
  t.is((tooLarge.cause as grpc.ServiceError).code, grpc.status.RESOURCE_EXHAUSTED);
});

function issueWithin(client: KeyBrokerClient, timeoutMs: number, id = ASSET.id): Promise<unknown> {
  const request = { asset: { ...ASSET, id }, owner: 'user-1', reason: 'REASON_STORAGE' } as const;
  return call((done) => client.issueDataKey(request, { deadline: Date.now() + timeoutMs }, done));
}

test('a caller’s deadline ends its call, not the KMS call that others wait for', async (t) => {
  const world = await brokerWorld(t);
  const release = world.kms.hold();
  const patient = issue(world.recorder);
  await eventually(() => world.kms.count('generate') === 1);
  await t.throwsAsync(issueWithin(world.recorder, 100), { code: 'DEADLINE_EXCEEDED' });
  release();
  t.is(grantOf(await patient).plaintextKey.length, 32);
  t.is(world.kms.count('generate'), 1);
  await eventually(async () => (await world.metric('cmk_rpc_in_flight')) === 0);
});

test('a dead KMS of one account slows no other account', async (t) => {
  const world = await brokerWorld(t, { CMK_KMS_TIMEOUT: '9s', CMK_KMS_CONCURRENCY: '4' });
  let revive = (): void => undefined;
  const dead = new Promise<void>((resolve) => (revive = resolve));
  world.kms.onCall = ({ reference }) => (reference === world.reference ? dead : undefined);
  const stuck = Array.from({ length: 50 }, (_, index) =>
    issueWithin(world.recorder, 20_000, `dead-${index}`).catch(() => undefined),
  );
  await eventually(() => world.kms.count('generate') === 4);
  const startMs = performance.now();
  const other = await issue(world.recorder, { asset: { ...ASSET, account: 'globex' } });
  t.is(grantOf(other).protection, 'PROTECTION_PLATFORM_KEY');
  // Behind the dead one it would wait for the KMS's time limit at least.
  t.true(performance.now() - startMs < 8_000);
  t.is(world.kms.count('generate'), 5);
  revive();
  await Promise.all(stuck);
});

test('a broker that stops lets calls under way end and refuses new ones', async (t) => {
  const world = await brokerWorld(t);
  const ready = () => fetch(`http://127.0.0.1:${world.broker.statusPort}/ready`).then(({ status }) => status);
  t.is(await ready(), 200);
  const release = world.kms.hold();
  const underWay = issue(world.recorder);
  await eventually(() => world.kms.count('generate') === 1);
  const closing = world.broker.close(20_000);
  t.is(await ready(), 503);
  const late = await world.connectAs({ uriSans: [sidecarId('0001')] });
  await t.throwsAsync(issueWithin(late, 10_000), { code: 'BROKER_UNREACHABLE' });
  release();
  t.is(grantOf(await underWay).plaintextKey.length, 32);
  await closing;
  await t.throwsAsync(ready());
});

test('a call that does not end is cut off after the grace period', async (t) => {
  const world = await brokerWorld(t, { CMK_KMS_TIMEOUT: '9s' });
  world.kms.onCall = () => new Promise<void>(() => undefined);
  const stuck = issue(world.recorder).catch((error: unknown) => error);
  await eventually(() => world.kms.count('generate') === 1);
  const startMs = performance.now();
  await world.broker.close(200);
  t.true(performance.now() - startMs < 8_000, 'before the KMS call’s own time is over');
  t.truthy(await Promise.race([stuck, delay(20_000, undefined, { ref: false })]));
});
