import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Knex } from 'knex';
import { fillPortal, TYPE, type PortalData } from '../../../bench/portal-data.ts';
import { Database } from '../../../broker/store/database.ts';
import { migrate } from '../../../broker/store/migrate.ts';
import { openPostgres } from '../../../broker/store/postgres.ts';
import { openSqlite } from '../../../broker/store/sqlite.ts';
import { SqlStore } from '../../../broker/store/sql-store.ts';
import type { Store } from '../../../broker/store/store.ts';
import { PostgresServer } from '../../support/postgres.ts';

/** A small version of `npm run bench -- portal`: not how fast the lists are, but that each goes by an index. */

const SIZE = { assets: 4_000, events: 20_000 };

const DATABASES: Record<string, (t: ExecutionContext) => Promise<Knex>> = {
  async SQLite(t) {
    const folder = await mkdtemp(join(tmpdir(), 'cmk-store-'));
    t.teardown(() => rm(folder, { recursive: true }));
    return openSqlite(join(folder, 'cmk.db'));
  },
  async PostgreSQL(t) {
    const server = await PostgresServer.start();
    t.teardown(() => server.remove());
    return openPostgres(await server.createDatabase(), 1);
  },
};

/** By name: a call, and the index that it must go by. */
const CALLS: Record<string, [index: RegExp, call: (store: Store, data: PortalData) => Promise<unknown>]> = {
  'assets, some page': [
    /data_keys_pkey|data_keys_1/,
    ({ assets }, data) => assets.list('acme', {}, { ...TYPE, id: data.assetId(500) }, 100),
  ],
  'assets by protection': [
    /data_keys_by_protection/,
    ({ assets }) => assets.list('acme', { ...TYPE, protection: 'FALLBACK_KEY' }, null, 100),
  ],
  'older data keys, when all are counted': [/data_keys_regenerated/, ({ assets }) => assets.count('acme')],
  'data keys under a key': [
    /data_keys_by_coverage|Seq Scan on data_keys/,
    ({ keyLife }, { kek }) => keyLife.count('acme', kek.id),
  ],
  'those that assets have more of': [
    /data_keys_regenerated/,
    ({ keyLife }, { kek }) => keyLife.count('acme', kek.id),
  ],
  'who did not get alerts': [
    /alert_deliveries_undelivered/,
    ({ attention }) => attention.facts(['acme', 'globex'], 0),
  ],
  activity: [/audit_events_(by_account|pkey)/, ({ activity }) => activity.list('acme', {}, null, 100)],
  'activity of a service': [
    /audit_events_(by_account|pkey)/,
    ({ activity }) => activity.list('acme', { srvId: '0009' }, null, 100),
  ],
  refusals: [
    /audit_events_refused/,
    ({ activity }) => activity.list('acme', { outcomes: ['REFUSED'] }, null, 100),
  ],
  'acts of people': [
    /audit_events_administrative/,
    ({ activity }) => activity.list('acme', { actions: ['ADMINISTER'] }, null, 100),
  ],
  'an asset’s history': [
    /audit_events_by_asset/,
    ({ activity }, data) => activity.ofAsset({ account: 'acme', ...TYPE, id: data.assetId(5) }, null, 100),
  ],
  'uses over time': [
    /ledger_tallies_pkey|ledger_tallies_1/,
    ({ tallies }) => tallies.ledger('acme', { fromHour: 0, untilHour: 10_000_000 }),
  ],
};

for (const [name, open] of Object.entries(DATABASES)) {
  test(`${name}: each list goes by its index`, async (t) => {
    const db = await open(t);
    t.teardown(() => db.destroy());
    await migrate(db);
    const store = new SqlStore(new Database(db));
    const data = await fillPortal(db, store, SIZE);
    await store.tallies.count('acme');
    for (const [what, [index, call]] of Object.entries(CALLS)) {
      const plans = await plansOf(db, () => call(store, data));
      t.regex(plans, index, what);
      // PostgreSQL goes by cost: of a small table it may well read everything.
      t.notRegex(plans, /SCAN (data_keys|audit_events)/, what);
    }
  });
}

/** How the database goes about what a call asks of it. */
async function plansOf(db: Knex, call: () => Promise<unknown>): Promise<string> {
  const asked: { sql: string; bindings: readonly Knex.RawBinding[] }[] = [];
  const hear = ({ sql, bindings }: { sql: string; bindings: readonly Knex.RawBinding[] }) => {
    asked.push({ sql, bindings });
  };
  db.on('query', hear);
  await call();
  db.removeListener('query', hear);
  const isSqlite = (db.client as { dialect: string }).dialect === 'sqlite3';
  const plans: string[] = [];
  for (const { sql, bindings } of asked) {
    // Numbered parameters are the driver's; the library wants its own.
    const text = `${isSqlite ? 'explain query plan' : 'explain'} ${sql.replaceAll(/\$\d+/g, '?')}`;
    plans.push(JSON.stringify(await db.raw(text, [...bindings])));
  }
  return plans.join('\n');
}
