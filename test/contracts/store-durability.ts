import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import test from 'ava';
import { openStore, type StoreLocation } from '../../broker/store/open-store.ts';
import { aDataKey, aKek, anAccount, anAsset, anAuditEvent } from '../support/stored-facts.ts';
import type { StoreHarness } from './store.ts';

const WRITER = new URL('../support/store-writer.ts', import.meta.url).pathname;

/** What a store must still have after its process is gone. */
export function testDurability(harness: StoreHarness): void {
  test(`${harness.name}: what is stored is there after reopening`, async (t) => {
    const location = await harness.fresh(t);
    const kek = aKek();
    const record = aDataKey(kek);
    const first = await openStore(location);
    await first.putAccount(anAccount(), anAuditEvent());
    await first.insertKek(kek, kek.references, anAuditEvent());
    await first.insertDataKey(record, anAuditEvent());
    const event = await first.appendKeyEvent(
      { kekId: kek.id, reason: 'KEY_DISABLED', at: 1 },
      anAuditEvent(),
    );
    await first.close();

    const second = await openStore(location);
    t.teardown(() => second.close());
    t.deepEqual(await second.findNewestDataKey(record.asset), record);
    t.deepEqual(await second.keyEventsAfter(0, 10), [event]);
    t.is((await second.listAudit(null, 10)).length, 4);
  });

  test(`${harness.name}: what a killed process said it stored is stored`, async (t) => {
    const location = await harness.fresh(t);
    const kek = aKek();
    const store = await openStore(location);
    t.teardown(() => store.close());
    await store.putAccount(anAccount(), anAuditEvent());
    await store.insertKek(kek, kek.references, anAuditEvent());

    for (let round = 0; round < 4; round++) {
      const claimed = await writeUntilKilled(location, `round-${round}`, 20 + Math.floor(Math.random() * 60));
      t.true(claimed.length >= 20);
      for (const id of claimed) t.is((await store.findNewestDataKey(anAsset({ id })))?.kekId, kek.id, id);
      const audited = new Set((await store.listAudit('acme', 10_000)).map(({ dataKeyId }) => dataKeyId));
      t.deepEqual(
        claimed.filter((id) => !audited.has(id)),
        [],
        'and so is its audit event',
      );
    }
    await store.insertDataKey(aDataKey(kek), anAuditEvent());
  });

  test(`${harness.name}: processes that start at once on a fresh database all come up`, async (t) => {
    const location = await harness.fresh(t);
    const codes = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const child = startWriter(location);
        const [code] = (await once(child, 'close')) as [number | null];
        return code;
      }),
    );
    t.deepEqual(codes, [0, 0, 0, 0]);
    const stores = await Promise.all(Array.from({ length: 6 }, () => openStore(location)));
    for (const store of stores) {
      t.is(await store.newestKeyPosition(), 0);
      await store.close();
    }
  });
}

function startWriter(location: StoreLocation, ...prefix: string[]) {
  return spawn(process.execPath, [WRITER, JSON.stringify(location), ...prefix], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** @returns the ids of the assets whose data key it said that it had stored, before `kill -9` after so many of them */
async function writeUntilKilled(location: StoreLocation, prefix: string, count: number): Promise<string[]> {
  const child = startWriter(location, prefix);
  const exited = once(child, 'close');
  const claimed: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('stored ')) continue;
    claimed.push(line.slice('stored '.length));
    if (claimed.length === count) child.kill('SIGKILL');
  }
  await exited;
  return claimed;
}
