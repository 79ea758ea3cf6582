import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import test from 'ava';
import { ReencryptionWorker, type CmkClient } from '../../client/index.ts';
import { AssetFolders } from '../support/asset-folders.ts';
import { DrivenSystem } from '../support/driven-system.ts';
import { eventually } from '../support/eventually.ts';
import { allowFallback, beginOutage, untilRewrapped } from '../support/fallback-episode.ts';
import { OWNER, recording } from '../support/whole-system.ts';

/** Sealing again what a fallback left; from the outage on it is in fallback.test.ts. */

const LEASE_MS = 300_000;
const ASSET = recording('m-1');
const content = randomBytes(200_000);

function open(client: CmkClient, sealed: Uint8Array): Promise<Buffer> {
  return buffer(client.decrypt(sealed, { asset: ASSET, reason: 'USER_ACCESS' }));
}

test('a recording that goes on keeps its data key, and its file is sealed again in its turn', async (t) => {
  const system = await DrivenSystem.start(t, 'reencryption-running');
  const { client, sidecar } = await system.startSidecar('recorder');
  const folders = new AssetFolders(join(system.dir, 'files'));
  await allowFallback(system);
  const endOutage = beginOutage(system);
  t.is(await folders.seal(client, ASSET, 'talk', content), 'FALLBACK_KEY');
  const source = new TransformStream<Uint8Array, Uint8Array>();
  const writer = source.writable.getWriter();
  const running = client.encrypt(source.readable, { asset: ASSET, owner: OWNER });
  const whole = buffer(running);
  const { dataKeyId } = await running.started;
  endOutage();
  await untilRewrapped(system);
  const worker = new ReencryptionWorker({ client, srvId: '0001', store: folders });
  // It writes on, past the end of its first lease.
  for (let passed = 0; passed < 4 * LEASE_MS; passed += 60_000) {
    await writer.write(content);
    await eventually(() => sidecar.hearsRevocations());
    await system.pass(60_000);
    await eventually(() => sidecar.hearsRevocations());
    await writer.write(content);
    await eventually(async () => (await isHeld(client, dataKeyId)) || passed < LEASE_MS);
    await worker.runOnce();
    t.true(
      (await client.listReencryption('0001')).reencryptions.some((each) => each.dataKeyId === dataKeyId),
    );
  }
  await writer.close();
  const sealed = await whole;
  writeFileSync(join(folders.root, 'm-1', 'recording'), sealed);
  for (let passed = 0; passed < 2 * LEASE_MS; passed += 30_000) {
    await system.pass(30_000);
    await eventually(() => sidecar.hearsRevocations());
  }
  t.deepEqual(await worker.runOnce(), { done: 1, waiting: 0, failed: 0, readyInMs: null });
  await t.throwsAsync(open(client, sealed), { code: 'DATA_KEY_DESTROYED' });
  const opened = await open(client, readFileSync(join(folders.root, 'm-1', 'recording')));
  t.is(opened.length % content.length, 0);
  t.true(opened.subarray(0, content.length).equals(content));
});

/** Whether the broker says that somebody may still be sealing with it. */
async function isHeld(client: CmkClient, dataKeyId: string): Promise<boolean> {
  const { reencryptions } = await client.listReencryption('0001');
  return reencryptions.some((each) => each.dataKeyId === dataKeyId && each.readyInMs > 0);
}
