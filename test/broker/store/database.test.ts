import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { CmkError } from '../../../core/errors.ts';
import { Database } from '../../../broker/store/database.ts';
import { openSqlite } from '../../../broker/store/sqlite.ts';

test('each call is told of when it has come back, with OK or its error’s code', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'cmk-database-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const told: [string, number][] = [];
  const database = new Database(await openSqlite(join(dir, 'cmk.db')), (...facts) => told.push(facts));
  await database.run((db) => db.raw('select 1'));
  await database.transact(() => Promise.resolve());
  await t.throwsAsync(database.run((db) => db.raw('select nonsense')));
  await t.throwsAsync(
    database.transact(() => Promise.reject(new CmkError('CONFLICT', 'there is one already'))),
    { code: 'CONFLICT' },
  );
  t.deepEqual(
    told.map(([outcome]) => outcome),
    ['OK', 'OK', 'INTERNAL', 'CONFLICT'],
  );
  t.true(told.every(([, ms]) => ms >= 0 && ms < 10_000));
  await database.close();
  t.is(told.length, 4);
});
