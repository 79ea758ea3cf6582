import test from 'ava';
import { openStore, type StoreLocation } from '../../../broker/store/open-store.ts';
import { testStore } from '../../contracts/store.ts';
import { PostgresServer } from '../../support/postgres.ts';

let server: PostgresServer;

test.before(async () => {
  server = await PostgresServer.start();
});
test.after.always(() => server.remove());

async function execute(location: StoreLocation, sql: string): Promise<void> {
  await server.query('databaseUrl' in location ? location.databaseUrl : '', sql);
}

async function freshDatabase(setting: string): Promise<StoreLocation> {
  const databaseUrl = await server.createDatabase();
  await server.query(databaseUrl, `ALTER DATABASE ${new URL(databaseUrl).pathname.slice(1)} SET ${setting}`);
  return { databaseUrl, poolSize: 4 };
}

testStore({
  name: 'PostgreSQL',
  fresh: () => freshDatabase(`default_transaction_isolation = 'read committed'`),
  execute,
});

// As CockroachDB does unasked: conflicts come as errors that must be retried.
testStore({
  name: 'PostgreSQL, serializable',
  fresh: () => freshDatabase(`default_transaction_isolation = 'serializable'`),
  execute,
});

test('a database that does not keep what it commits is refused', async (t) => {
  const location = await freshDatabase('synchronous_commit = off');
  await t.throwsAsync(openStore(location), { code: 'CONFIG_INVALID', message: /synchronous_commit/ });
});

for (const [name, databaseUrl, code] of [
  ['no URL', 'postgres//cmk:hunter2@nowhere', 'CONFIG_INVALID'],
  ['a wrong password', () => server.url().replace('cmk:cmk', 'cmk:hunter2'), 'STORE_UNAVAILABLE'],
  ['no such database', () => server.url('hunter2'), 'STORE_UNAVAILABLE'],
  ['nobody there', 'postgres://cmk:hunter2@127.0.0.1:1/cmk', 'STORE_UNAVAILABLE'],
  ['no TLS on the other side', () => `${server.url()}?sslmode=verify-full`, 'STORE_UNAVAILABLE'],
] as const) {
  test(`opening fails without a word about the password: ${name}`, async (t) => {
    const url = typeof databaseUrl === 'string' ? databaseUrl : databaseUrl();
    const error = await t.throwsAsync(openStore({ databaseUrl: url }), { code });
    if (name !== 'no such database') t.false(`${error.message} ${String(error.cause)}`.includes('hunter2'));
  });
}
