import { copyFile, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import sqlite3 from 'sqlite3';
import { openStore, type StoreLocation } from '../../../broker/store/open-store.ts';
import { testStore } from '../../contracts/store.ts';
import { executeSql } from '../../support/execute-sql.ts';
import { anAccount, anAuditEvent } from '../../support/stored-facts.ts';

async function freshPath(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cmk-store-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return path.join(folder, 'cmk.db');
}

let migrated: string;
test.before(async () => {
  migrated = path.join(await mkdtemp(path.join(tmpdir(), 'cmk-store-')), 'cmk.db');
  await (await openStore({ sqlitePath: migrated })).close();
});
test.after.always(() => rm(path.dirname(migrated), { recursive: true, force: true }));

testStore({
  name: 'SQLite',
  fresh: async (t) => ({ sqlitePath: await freshPath(t) }),
  cleared: async (t) => {
    const sqlitePath = await freshPath(t);
    await copyFile(migrated, sqlitePath);
    return { sqlitePath };
  },
  execute: (location: StoreLocation, sql) =>
    executeSql('sqlitePath' in location ? location.sqlitePath : '', sql),
});

for (const [name, mode] of [
  ['made', null],
  ['found', 0o644],
] as const) {
  test(`a database file that is ${name} is its owner's alone, with its log`, async (t) => {
    const file = await freshPath(t);
    if (mode !== null) await writeFile(file, '', { mode });
    const store = await openStore({ sqlitePath: file });
    t.teardown(() => store.close());
    await store.putAccount(anAccount(), anAuditEvent());
    for (const suffix of ['', '-wal', '-shm']) t.is((await stat(file + suffix)).mode & 0o777, 0o600, suffix);
  });
}

test('a path that cannot be written is STORE_UNAVAILABLE and says which', async (t) => {
  const sqlitePath = path.join(path.dirname(await freshPath(t)), 'no-such-folder', 'cmk.db');
  await t.throwsAsync(openStore({ sqlitePath }), { code: 'STORE_UNAVAILABLE', message: /no-such-folder/ });
});

test('a file that is no database is STORE_UNAVAILABLE', async (t) => {
  const sqlitePath = await freshPath(t);
  await writeFile(sqlitePath, 'x'.repeat(10_000));
  await t.throwsAsync(openStore({ sqlitePath }), { code: 'STORE_UNAVAILABLE' });
});

test('while another process holds the file, writing waits and then fails; afterwards it works', async (t) => {
  const sqlitePath = await freshPath(t);
  const store = await openStore({ sqlitePath });
  t.teardown(() => store.close());
  const other = new sqlite3.Database(sqlitePath);
  const run = promisify<string>(other.exec.bind(other));
  await run('BEGIN IMMEDIATE');
  const waiting = store.putAccount(anAccount({ id: 'waits' }), anAuditEvent());
  await t.throwsAsync(waiting, { code: 'STORE_UNAVAILABLE' });
  await run('COMMIT');
  await promisify(other.close.bind(other))();
  await store.putAccount(anAccount(), anAuditEvent());
  t.deepEqual(
    (await store.listAccounts(null, 10)).map(({ id }) => id),
    ['acme'],
  );
});
