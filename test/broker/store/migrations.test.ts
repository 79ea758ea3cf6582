import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { Knex } from 'knex';
import * as initial from '../../../broker/store/migrations/0001-initial.ts';
import * as assumedRoles from '../../../broker/store/migrations/0002-assumed-roles.ts';
import * as keyIdentities from '../../../broker/store/migrations/0010-key-identities.ts';
import { migrateStore, openStore } from '../../../broker/store/open-store.ts';
import { openPostgres } from '../../../broker/store/postgres.ts';
import { openSqlite } from '../../../broker/store/sqlite.ts';
import { eventually } from '../../support/eventually.ts';
import { PostgresServer } from '../../support/postgres.ts';
import { anAccount, anAuditEvent } from '../../support/stored-facts.ts';

const DATABASES: Record<string, () => Promise<{ db: Knex; remove: () => Promise<void> }>> = {
  async SQLite() {
    const folder = await mkdtemp(join(tmpdir(), 'cmk-store-'));
    return {
      db: await openSqlite(join(folder, 'cmk.db')),
      remove: () => rm(folder, { recursive: true }),
    };
  },
  async PostgreSQL() {
    const server = await postgres();
    return { db: await openPostgres(await server.createDatabase(), 1), remove: () => Promise.resolve() };
  },
};

let started: Promise<PostgresServer> | null = null;
const postgres = () => (started ??= PostgresServer.start());
test.after.always(async () => (await started)?.remove());

test('a store that somebody else migrates opens when it is up to date, and not before', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'cmk-store-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const location = { sqlitePath: join(folder, 'cmk.db') };
  const lacks = (names: RegExp) =>
    t.throwsAsync(openStore(location, { migrated: true }), { code: 'CONFIG_INVALID', message: names });
  await lacks(/lacks 0001-initial, .*: run `broker migrate` first/);
  await migrateStore(location);
  await (await openStore(location, { migrated: true })).close();

  const db = await openSqlite(location.sqlitePath);
  t.teardown(() => db.destroy());
  // A newer release was here.
  await db('schema_migrations').insert({ name: '9999-newer', batch: 2, migration_time: 0 });
  await (await openStore(location, { migrated: true })).close();
  await db('schema_migrations').where({ name: '0014-views' }).delete();
  await lacks(/lacks 0014-views: run/);
});

test('PostgreSQL: brokers work as the user that docs/deploying.md makes, which cannot change tables', async (t) => {
  const server = await postgres();
  const page = readFileSync('docs/deploying.md', 'utf8');
  const [, sql = ''] = /```sql\n(create role cmk_migrate [^`]*)```/.exec(page) ?? [];
  const [ofServer = '', ofDatabase = ''] = sql.replaceAll('…', 'secret').split('\\connect cmk');
  for (const statement of ofServer.split(';').slice(0, -1)) await server.query(server.url(), statement);
  await server.query(server.url('cmk'), ofDatabase);
  const urlOf = (user: string) => server.url('cmk').replace('cmk:cmk@', `${user}:secret@`);

  await migrateStore({ databaseUrl: urlOf('cmk_migrate') });
  const databaseUrl = urlOf('cmk_broker');
  const store = await openStore({ databaseUrl }, { migrated: true });
  t.teardown(() => store.close());
  await store.putAccount(anAccount(), anAuditEvent());
  t.is((await store.listAudit('acme', 10)).length, 1);
  const db = await openPostgres(databaseUrl, 1);
  t.teardown(() => db.destroy());
  await t.throwsAsync(() => Promise.resolve(db.raw('alter table accounts add column x text')), {
    code: '42501',
  });
});

test('PostgreSQL: a migration that waits for a long transaction lets others work, and is made when that has ended', async (t) => {
  const databaseUrl = await (await postgres()).createDatabase();
  await migrateStore({ databaseUrl });
  const db = await openPostgres(databaseUrl, 2);
  t.teardown(() => db.destroy());
  // As the previous release left it.
  await db.raw('drop index alert_deliveries_undelivered');
  await db('schema_migrations').where({ name: '0017-deliveries' }).delete();
  const indexes = () => db('pg_indexes').where({ indexname: 'alert_deliveries_undelivered' });

  const long = await db.transaction();
  await long('alert_deliveries').whereRaw('false').delete();
  const migrated = migrateStore({ databaseUrl });
  await eventually(async () => (await db('pg_locks').where({ granted: false })).length > 0);
  // A broker's write queues behind what waits.
  await t.notThrowsAsync(() => db('alert_deliveries').whereRaw('false').delete());
  t.deepEqual(await indexes(), []);
  await long.commit();
  await migrated;
  t.is((await indexes()).length, 1);
});

for (const [name, open] of Object.entries(DATABASES)) {
  test(`${name}: accounts that were there before have an external id each, and keys no role`, async (t) => {
    const { db, remove } = await open();
    t.teardown(remove);
    t.teardown(() => db.destroy());
    await initial.up(db);
    for (const id of ['acme', 'globex']) await db('accounts').insert({ id, name: id, licence: 'NONE' });
    const kek = { id: 'kek', account: 'acme', provider: 'aws', lifecycle: 'ACTIVE', created_at: 1 };
    await db('keks').insert(kek);

    await assumedRoles.up(db);
    const ids = await db<{ external_id: string }>('accounts').pluck('external_id');
    t.is(new Set(ids).size, 2);
    for (const externalId of ids) t.regex(externalId, /^cmk-[0-9a-f]{32}$/);
    t.like(await db('keks').first(), { id: 'kek', role_arn: null, role_external_id: null });
  });

  test(`${name}: keys that were there before are known by their identities`, async (t) => {
    const { db, remove } = await open();
    t.teardown(remove);
    t.teardown(() => db.destroy());
    await initial.up(db);
    await db('accounts').insert({ id: 'acme', name: 'acme', licence: 'NONE' });
    for (const [id, provider, reference] of REFERENCES) {
      await db('keks').insert({ id, account: 'acme', provider, lifecycle: 'ACTIVE', created_at: 1 });
      await db('kek_references').insert({ kek_id: id, reference, position: 0 });
    }

    await keyIdentities.up(db);
    const identities = await db<{ identity: string }>('key_identities').orderBy('identity').pluck('identity');
    t.deepEqual(identities, [
      'arn:aws:kms::111122223333:key/mrk-1234',
      'https://acme.vault.azure.net/keys/cmk',
      'https://vault.example/v1/transit/keys/cmk',
      'pkcs11:token=My%20HSM',
    ]);
  });
}

const REFERENCES = [
  ['1', 'aws', 'arn:aws:kms:us-east-1:111122223333:key/mrk-1234'],
  ['2', 'azure', 'https://acme.vault.azure.net/keys/cmk/0123456789abcdef0123456789abcdef'],
  ['3', 'transit', 'https://vault.example/v1/transit/keys/cmk'],
  ['4', 'pkcs11', 'pkcs11:token=My%20HSM;serial=0df8;object=cmk'],
  ['5', 'pkcs11', 'pkcs11:token=My%20HSM;id=%01'],
] as const;
