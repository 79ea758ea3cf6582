import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { openStore } from '../../../broker/store/open-store.ts';
import { createTestCa } from '../../../sandbox/ca.ts';
import { PostgresServer } from '../../support/postgres.ts';

test('TLS is asked for in the URL, and the server must be who it says', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'cmk-ca-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const ca = await createTestCa();
  const rootCert = path.join(folder, 'ca.pem');
  await writeFile(rootCert, ca.caPem);
  const otherRootCert = path.join(folder, 'other.pem');
  await writeFile(otherRootCert, (await createTestCa()).caPem);

  const server = await PostgresServer.start(await ca.issue({ dnsSans: ['localhost'] }));
  t.teardown(() => server.remove());
  const byName = server.url().replace('127.0.0.1', 'localhost');

  const store = await openStore({ databaseUrl: `${byName}?sslmode=verify-full&sslrootcert=${rootCert}` });
  t.teardown(() => store.close());
  await store.ping();
  const sql = `SELECT bool_and(ssl) AS ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'cmk-broker'`;
  t.deepEqual(await server.query(server.url(), sql), [{ ssl: true }]);

  for (const [name, url, code] of [
    ['another name', `${server.url()}?sslmode=verify-full&sslrootcert=${rootCert}`, 'STORE_UNAVAILABLE'],
    ['another CA', `${byName}?sslmode=verify-full&sslrootcert=${otherRootCert}`, 'STORE_UNAVAILABLE'],
    ['an unknown CA', `${byName}?sslmode=verify-full`, 'STORE_UNAVAILABLE'],
    ['a mode that checks nothing', `${byName}?sslmode=no-verify`, 'CONFIG_INVALID'],
    ['a mode that means several things', `${byName}?sslmode=require`, 'CONFIG_INVALID'],
  ] as const) {
    await t.throwsAsync(openStore({ databaseUrl: url }), { code }, name);
  }
});
