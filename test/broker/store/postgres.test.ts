import test from 'ava';
import { openStore } from '../../../broker/store/open-store.ts';
import { testPostgresStore, withSetting } from '../../contracts/store-postgres.ts';

const shared = testPostgresStore('PostgreSQL', 'read committed');

test('a database that does not keep what it commits is refused', async (t) => {
  const location = withSetting(shared().database, 'synchronous_commit=off');
  await t.throwsAsync(openStore(location), { code: 'CONFIG_INVALID', message: /synchronous_commit/ });
});

for (const [name, databaseUrl, code] of [
  ['no URL', 'postgres//cmk:hunter2@nowhere', 'CONFIG_INVALID'],
  ['a wrong password', () => shared().server.url().replace('cmk:cmk', 'cmk:hunter2'), 'STORE_UNAVAILABLE'],
  ['no such database', () => shared().server.url('hunter2'), 'STORE_UNAVAILABLE'],
  ['nobody there', 'postgres://cmk:hunter2@127.0.0.1:1/cmk', 'STORE_UNAVAILABLE'],
  ['no TLS on the other side', () => `${shared().server.url()}?sslmode=verify-full`, 'STORE_UNAVAILABLE'],
] as const) {
  test(`opening fails without a word about the password: ${name}`, async (t) => {
    const url = typeof databaseUrl === 'string' ? databaseUrl : databaseUrl();
    const error = await t.throwsAsync(openStore({ databaseUrl: url }), { code });
    if (name !== 'no such database') t.false(`${error.message} ${String(error.cause)}`.includes('hunter2'));
  });
}
