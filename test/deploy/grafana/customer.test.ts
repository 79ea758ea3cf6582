import { readFileSync } from 'node:fs';
import test from 'ava';
import pg from 'pg';
import { CUSTOMER_DASHBOARD } from '../../../deploy/grafana/customer.ts';
import { brokerWorld, issue, resolve, resolveRequestOf } from '../../support/broker-world.ts';
import { ASSET } from '../../support/key-world.ts';
import { PostgresServer } from '../../support/postgres.ts';
import { sharedWorld, type Teardowns } from '../../support/shared-world.ts';

/** What no view of support may have. */
const NOT_FOR_SUPPORT =
  /asset_id|owner|user|actor|reference|wrapped|context|canary|external|email|url|recipient|hash|detail/;

/** An account to which all has happened that the dashboard shows, and Grafana's connection. */
async function build(t: Teardowns) {
  const server = await PostgresServer.start();
  t.teardown(() => server.remove());
  const url = await server.createDatabase();
  const world = await brokerWorld(t, { CMK_DATABASE_URL: url });
  await world.admin('PUT', '/v1/accounts/acme/contacts', { emails: ['security@acme.example'] });
  const sealed = await issue(world.recorder);
  await resolve(world.recorder, resolveRequestOf(sealed));
  const fallback = { mode: 'ANY', maxHours: 4, maxAssets: null };
  await world.admin('PUT', '/v1/accounts/acme/fallback', fallback);
  world.kms.key(world.reference).failure = 'KEY_DISABLED';
  await issue(world.recorder, { asset: { ...ASSET, id: 'meeting-2' } });
  await world.admin('POST', `/v1/accounts/acme/keys/${world.kekId}/revoke`);
  await resolve(world.recorder, resolveRequestOf(sealed)).catch(() => undefined);
  await world.admin('POST', '/v1/accounts/acme/moves', {
    kind: 'LEAVE',
    selection: { kekIds: [world.kekId] },
    target: 'platform',
  });
  // What it counts is written as it ends.
  await world.broker.close(1_000);
  await world.store.tallies.count('acme');

  const [, role = ''] =
    /```sql\n(create role cmk_support [^`]*)```/.exec(readFileSync('docs/deploying.md', 'utf8')) ?? [];
  await server.query(url, role);
  const asSupport = new URL(url);
  asSupport.username = 'cmk_support';
  asSupport.password = '…';
  const support = new pg.Pool({ connectionString: asSupport.href, max: 4 });
  t.teardown(() => support.end());
  const tables = await server.query(url, `select tablename from pg_tables where schemaname = 'public'`);
  return { support, tables: tables.map((row) => (row as { tablename: string }).tablename) };
}

const shared = sharedWorld(build);

const panels = CUSTOMER_DASHBOARD.sections.flatMap((section) => section.panels);
for (const { title, kind, sql } of panels) {
  test(`it has data: ${title}`, async (t) => {
    // As Grafana fills in what it knows.
    const query = sql
      .replace('${account:sqlstring}', `'acme'`)
      .replace(/\$__timeFilter\((\w+)\)/, `$1 between now() - interval '7 days' and now()`);
    t.notRegex(query, /\$/);
    const { rows } = await shared().support.query<Record<string, unknown>>(query);
    t.true(rows.length > 0);
    for (const row of kind === 'bars' ? rows : []) {
      const { time, metric, ...values } = row;
      t.true(time instanceof Date);
      t.is(typeof metric, 'string');
      t.true(Object.values(values).every((value) => Number(value) > 0));
      t.is(Object.keys(values).length, 1);
    }
  });
}

test('what it says is so: times, and what is theirs', async (t) => {
  const one = async (sql: string) => (await shared().support.query<Record<string, unknown>>(sql)).rows[0];
  const young = `created_at between now() - interval '1 hour' and now()`;
  t.like(await one(`select every(${young}) as recent from support_keys`), { recent: true });
  // The enrolment's and the first asset's. The second was the platform key's, which is in another's log.
  const calls = `select sum(calls)::int as calls from support_kms_calls where account = 'acme' and operation = 'generate'`;
  t.like(await one(`${calls} and result = 'OK'`), { calls: 2 });
  // One at the least: whether it works again is asked now and then.
  t.not(await one(`${calls} and result = 'KEY_DISABLED' having sum(calls) > 0`), undefined);
});

test('accounts can be chosen, and another account’s rows are not shown', async (t) => {
  const { support } = shared();
  const [variable] = CUSTOMER_DASHBOARD.variables;
  const { rows } = await support.query(variable?.sql ?? '');
  t.deepEqual(rows, [
    { __value: 'acme', __text: 'acme' },
    { __value: 'globex', __text: 'globex' },
  ]);
  for (const { sql, title } of panels) t.true(sql.includes('where account = ${account:sqlstring}'), title);
});

test('its role reads the views and nothing else, and writes nothing', async (t) => {
  const { support, tables } = shared();
  t.true(tables.includes('data_keys'));
  for (const table of tables)
    await t.throwsAsync(support.query(`select * from "${table}"`), { message: /permission denied/ }, table);
  await t.throwsAsync(support.query(`delete from support_enrolments`), {
    message: /permission denied|read-only/,
  });
  const { rows } = await support.query<{ column_name: string }>(
    `select distinct column_name from information_schema.columns where table_name like 'support_%'`,
  );
  t.true(rows.length > 20);
  t.deepEqual(
    rows.map(({ column_name }) => column_name).filter((name) => NOT_FOR_SUPPORT.test(name)),
    [],
  );
});
