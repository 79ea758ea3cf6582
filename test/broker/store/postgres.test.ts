import test from 'ava';
import { openStore, type StoreLocation } from '../../../broker/store/open-store.ts';
import { testStore } from '../../contracts/store.ts';
import { PostgresServer } from '../../support/postgres.ts';

let server: PostgresServer;
let shared: string;
let rewind: () => Promise<void>;

test.before(async () => {
  server = await PostgresServer.start();
  shared = await server.createDatabase();
  await (await openStore({ databaseUrl: shared })).close();
  rewind = await server.rewinder(shared);
});
test.after.always(() => server.remove());

async function execute(location: StoreLocation, sql: string): Promise<void> {
  await server.query('databaseUrl' in location ? location.databaseUrl : '', sql);
}

function withSetting(databaseUrl: string, setting: string): StoreLocation {
  const url = new URL(databaseUrl);
  url.searchParams.set('options', `-c ${setting}`);
  return { databaseUrl: url.href, poolSize: 4 };
}

// Serializable as CockroachDB is unasked: conflicts come as errors that must be retried.
for (const [name, isolation] of [
  ['PostgreSQL', 'read\\ committed'],
  ['PostgreSQL, serializable', 'serializable'],
] as const) {
  const setting = `default_transaction_isolation=${isolation}`;
  testStore({
    name,
    fresh: async () => withSetting(await server.createDatabase(), setting),
    cleared: async () => {
      await rewind();
      return withSetting(shared, setting);
    },
    execute,
  });
}

test('a database that does not keep what it commits is refused', async (t) => {
  const location = withSetting(shared, 'synchronous_commit=off');
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
