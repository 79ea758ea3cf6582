import test from 'ava';
import type { DataKeyRecord } from '../../../broker/model/types.ts';
import type { KeyBrokerClient } from '../../../proto/types/cmk/v1/KeyBroker.ts';
import {
  brokerWorld,
  type BrokerWorld,
  call,
  grantOf,
  issue,
  resolve,
  resolveRequestOf,
} from '../../support/broker-world.ts';
import { ASSET } from '../../support/key-world.ts';
import { markForReencryption } from '../../support/mark-for-reencryption.ts';
import { sidecarId } from '../../support/settings.ts';

const LONG_AGO_MS = 3_600_000;
const deadline = () => ({ deadline: Date.now() + 20_000 });
const list = (client: KeyBrokerClient, request: object = {}) =>
  call<{ reencryptions: { dataKeyId: string; readyInMs: number; since: number }[]; next: string }>((done) =>
    client.listReencryption({ srvId: '0001', ...request }, deadline(), done as never),
  );
const complete = (client: KeyBrokerClient, dataKeyId: string) =>
  call((done) => client.completeReencryption({ asset: ASSET, dataKeyId }, deadline(), done));

async function stored({ store }: BrokerWorld): Promise<DataKeyRecord> {
  const record = await store.findNewestDataKey(ASSET);
  if (!record) throw new Error('no data key');
  return record;
}

test('a data key gives way to the next over the wire, and is destroyed', async (t) => {
  const world = await brokerWorld(t);
  const issued = await issue(world.recorder);
  const old = grantOf(issued);
  const record = await stored(world);
  await markForReencryption(world.store, [record], Date.now() - LONG_AGO_MS);
  const { reencryptions, next } = await list(world.recorder, { limit: 100 });
  t.is(next, '');
  t.like(reencryptions, [{ asset: ASSET, dataKeyId: old.dataKeyId, readyInMs: 0 }]);
  await t.throwsAsync(complete(world.recorder, old.dataKeyId), { code: 'CONFLICT' });
  const again = grantOf(await issue(world.recorder, { owner: '', reencryption: true }));
  t.not(again.dataKeyId, old.dataKeyId);
  t.is(again.protection, 'PROTECTION_CUSTOMER_KEY');
  const request = resolveRequestOf(issued);
  await resolve(world.recorder, request);
  await complete(world.recorder, old.dataKeyId);
  await complete(world.recorder, old.dataKeyId);
  const error = await t.throwsAsync(resolve(world.recorder, request), { code: 'DATA_KEY_DESTROYED' });
  t.like(error, { retryable: false });
  t.deepEqual((await list(world.recorder)).reencryptions, []);
  t.is((await world.metric('cmk_rpc_duration_seconds', { method: 'CompleteReencryption' })) > 0, true);
});

test('whoever goes on sealing holds it, over the wire too', async (t) => {
  const world = await brokerWorld(t);
  const issued = await issue(world.recorder);
  const record = await stored(world);
  await markForReencryption(world.store, [record], Date.now() - LONG_AGO_MS);
  await issue(world.recorder);
  await resolve(world.recorder, { ...resolveRequestOf(issued), sealing: true });
  const [entry] = (await list(world.recorder)).reencryptions;
  t.true((entry?.readyInMs ?? 0) > 500_000);
  await t.throwsAsync(complete(world.recorder, record.id), { code: 'DATA_KEY_IN_USE' });
});

test('refused: a service that asks for another’s, and a caller that nobody knows', async (t) => {
  const world = await brokerWorld(t);
  await issue(world.recorder);
  const record = await stored(world);
  await markForReencryption(world.store, [record], Date.now() - LONG_AGO_MS);
  for (const uri of [sidecarId('0002'), sidecarId('9999')]) {
    const stranger = await world.connectAs({ uriSans: [uri] });
    await t.throwsAsync(list(stranger), { code: 'NOT_AUTHORIZED' }, uri);
    await t.throwsAsync(complete(stranger, record.id), { code: 'NOT_AUTHORIZED' }, uri);
  }
  t.is((await world.store.findDataKey(ASSET, record.id))?.destroyedAt, null);
});
