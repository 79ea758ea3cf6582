import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { CmkError } from '../../../core/errors.ts';
import { openStore } from '../../../broker/store/open-store.ts';
import type { Store } from '../../../broker/store/store.ts';
import { PostgresServer } from '../../support/postgres.ts';
import { StallableProxy } from '../../support/stallable-proxy.ts';
import { aDataKey, aKek, anAccount, anAsset, anAuditEvent } from '../../support/stored-facts.ts';

test('when the server stops in the middle calls fail, and when it is back all that was acknowledged is there', async (t) => {
  const server = await PostgresServer.start();
  t.teardown(() => server.remove());
  const store = await openStore({ databaseUrl: await server.createDatabase(), poolSize: 4 });
  t.teardown(() => store.close());
  const kek = aKek();
  await store.putAccount(anAccount(), anAuditEvent());
  await store.insertKek(kek, kek.references, anAuditEvent());

  const stored: string[] = [];
  const failures: unknown[] = [];
  const write = async (writer: number): Promise<void> => {
    for (let count = 0; failures.length < 20; count++) {
      const id = `${writer}-${count}`;
      const insert = store.insertDataKey(aDataKey(kek, { asset: anAsset({ id }) }), anAuditEvent());
      await insert.then(
        () => stored.push(id),
        (error: unknown) => failures.push(error),
      );
    }
  };
  const writing = Promise.all([0, 1, 2, 3, 4, 5].map(write));
  while (stored.length < 50) await delay(5);
  await server.stop();
  await writing;
  for (const error of failures) t.is(error instanceof CmkError ? error.code : error, 'STORE_UNAVAILABLE');
  await t.throwsAsync(store.ping(), { code: 'STORE_UNAVAILABLE' });

  await server.restart();
  await untilItAnswers(store);
  for (const id of stored) t.is((await store.findNewestDataKey(anAsset({ id })))?.kekId, kek.id, id);
  await store.insertDataKey(aDataKey(kek), anAuditEvent());
});

test('when the network swallows everything calls fail in bounded time, and later work again', async (t) => {
  const server = await PostgresServer.start();
  t.teardown(() => server.remove());
  const proxy = await StallableProxy.start(server.port);
  t.teardown(() => proxy.close());
  const store = await openStore({
    databaseUrl: server.url().replace(`:${server.port}/`, `:${proxy.port}/`),
    poolSize: 2,
  });
  t.teardown(() => store.close());
  await store.putAccount(anAccount(), anAuditEvent());

  proxy.stall();
  const began = performance.now();
  const calls = [store.ping(), store.putAccount(anAccount({ name: 'later' }), anAuditEvent()), store.ping()];
  for (const result of await Promise.allSettled(calls)) {
    t.is(
      result.status === 'rejected' && result.reason instanceof CmkError ? result.reason.code : result,
      'STORE_UNAVAILABLE',
    );
  }
  t.true(performance.now() - began < 20_000, `${performance.now() - began} ms`);

  proxy.heal();
  await untilItAnswers(store);
  t.is((await store.findAccount('acme'))?.name, 'Acme', 'what failed did not happen');
});

async function untilItAnswers(store: Store): Promise<void> {
  const end = performance.now() + 20_000;
  for (;;) {
    try {
      await store.ping();
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await delay(20);
  }
}
