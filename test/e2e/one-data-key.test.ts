import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { CmkClient } from '../../client/index.ts';
import { dataKeyRows } from '../support/data-key-rows.ts';
import { OWNER, recording, WholeSystem } from '../support/whole-system.ts';

/** However many seal one new asset at once, it has one data key. */

const FILES = 1_000;

interface Sealed {
  readonly content: Buffer;
  readonly file: Buffer;
  readonly dataKeyId: string;
}

/** Seals files of one asset, all at once, by turns through the clients. */
function sealAll(clients: readonly CmkClient[], assetId: string): Promise<Sealed[]> {
  const options = { asset: recording(assetId), owner: OWNER };
  const seal = async (_: unknown, index: number): Promise<Sealed> => {
    const content = Buffer.from(`file ${index}, ${randomBytes(8).toString('hex')}`);
    const stream = client(clients, index).encrypt(content, options);
    const file = await buffer(stream);
    return { content, file, dataKeyId: (await stream.started).dataKeyId };
  };
  return Promise.all(Array.from({ length: FILES }, seal));
}

/** Opens every file through the other client than the one that sealed it. */
async function assertAllOpen(
  t: ExecutionContext,
  clients: readonly CmkClient[],
  { assetId, sealed }: { assetId: string; sealed: readonly Sealed[] },
): Promise<void> {
  const options = { asset: recording(assetId), reason: 'USER_ACCESS' } as const;
  const opened = await Promise.all(
    sealed.map(({ file }, index) => buffer(client(clients, index + 1).decrypt(file, options))),
  );
  t.is(opened.filter((content, index) => sealed[index]?.content.equals(content)).length, FILES);
  t.is(new Set(opened.map((content) => content.toString())).size, FILES);
}

function client(clients: readonly CmkClient[], index: number): CmkClient {
  const chosen = clients[index % clients.length];
  if (!chosen) throw new Error('no client');
  return chosen;
}

function clientsOf(t: ExecutionContext, addresses: readonly string[]): CmkClient[] {
  const clients = addresses.map((address) => new CmkClient({ address }));
  t.teardown(() => clients.forEach((each) => each.close()));
  return clients;
}

test('1,000 concurrent seals of one new asset through two sidecars: one data key, one GenerateDataKey', async (t) => {
  const system = await WholeSystem.start(t, 'one-data-key', 'sqlite');
  const { sandbox } = system;
  const second = await sandbox.startSidecar('second', '0001');
  const clients = clientsOf(t, [sandbox.sidecars.recorder.address, second.address]);

  const sealed = await sealAll(clients, 'busy');
  t.is((await dataKeyRows(system.store)).filter(({ asset_id }) => asset_id === 'busy').length, 1);
  t.is((await system.calls('GenerateDataKey', 'busy')).length, 1);
  t.is(new Set(sealed.map(({ dataKeyId }) => dataKeyId)).size, 1);
  t.is(new Set(sealed.map(({ file }) => file.toString('hex'))).size, FILES);
  await assertAllOpen(t, clients, { assetId: 'busy', sealed });
  // The data key never left the broker's and the sidecars' caches.
  t.is((await system.calls('Decrypt', 'busy')).length, 0);
});

test('two brokers on one PostgreSQL race for one new asset: one stored data key that opens everything', async (t) => {
  const system = await WholeSystem.start(t, 'two-brokers', 'postgres');
  const { sandbox } = system;
  const broker = await sandbox.startBroker('broker-2');
  const second = await sandbox.startSidecar('second', '0001', { broker });
  const clients = clientsOf(t, [sandbox.sidecars.recorder.address, second.address]);

  const sealed = await sealAll(clients, 'raced');
  const rows = (await dataKeyRows(system.store)).filter(({ asset_id }) => asset_id === 'raced');
  t.is(rows.length, 1);
  t.deepEqual([...new Set(sealed.map(({ dataKeyId }) => dataKeyId))], [rows[0]?.data_key_id]);
  // Both may ask their KMS before either has stored anything; the loser's data key is never used.
  const generated = (await system.calls('GenerateDataKey', 'raced')).length;
  t.true(generated === 1 || generated === 2, `${generated} GenerateDataKey`);
  t.log(`${generated} GenerateDataKey`);
  await assertAllOpen(t, clients, { assetId: 'raced', sealed });
});
