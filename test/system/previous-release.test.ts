// This release beside the one before it. CMK_TEST_PREVIOUS names another commit than the one before this.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { auditEvent } from '../../broker/audit/audit-event.ts';
import { newAlert, type AlertFacts } from '../../broker/model/alerts.ts';
import type { NewerWord } from '../../broker/model/newer-word.ts';
import { raiseAlerts } from '../../broker/store/alert-outbox.ts';
import { appendAudit, HeadGuesses } from '../../broker/store/ledger.ts';
import { openPostgres } from '../../broker/store/postgres.ts';
import { CmkClient, CmkError } from '../../client/index.ts';
import { systemClock } from '../../runtime/clock.ts';
import { AdminClient } from '../../sandbox/admin-client.ts';
import { startMailServer } from '../../sandbox/mail-server.ts';
import type { BrokerProcess, Programs, SidecarProcess } from '../../sandbox/parts.ts';
import type { References } from '../../sandbox/customers/customer.ts';
import type { SandboxSystem } from '../../sandbox/system.ts';
import { metricIn, scrape } from '../../sandbox/scrape.ts';
import { buildBundles } from '../support/bundles.ts';
import { eventually } from '../support/eventually.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { ACCOUNT, OWNER, recording, WholeSystem } from '../support/whole-system.ts';

const CONTACT = 'keys@acme.test';
/** How long both releases serve beside one another. */
const LOAD_MS = 3_000;

const PREVIOUS = process.env['CMK_TEST_PREVIOUS'] ?? 'HEAD^';

/** The commit before this one stands for the release before this one. Built by its own script, from its own sources. */
function buildPrevious(t: ExecutionContext): Programs {
  const folder = mkdtempSync(join(tmpdir(), 'cmk-previous-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  let archive: Buffer;
  try {
    archive = execFileSync('git', ['archive', PREVIOUS], {
      maxBuffer: 2 ** 30,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    const text = `the previous commit, ${PREVIOUS}, is not here, perhaps because this is a shallow clone: git fetch --deepen=1`;
    throw new Error(text, { cause: error });
  }
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  const script = `
    import { buildProgram, PROGRAMS } from './scripts/build.ts';
    for (const program of PROGRAMS) if (['broker', 'sidecar'].includes(program.name)) await buildProgram(program);`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: folder });
  const main = (name: string) => join(folder, 'dist', name, `${name}.mjs`);
  return { broker: main('broker'), sidecar: main('sidecar'), cwd: join(folder, 'dist') };
}

/** As the Job does it before an update. */
async function migrate(program: string, databaseUrl: string): Promise<void> {
  const env = { PATH: process.env['PATH'], CMK_DATABASE_URL: databaseUrl };
  const child = spawn(process.execPath, [program, 'migrate'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const output = buffer(child.stdout);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`migrate ended with ${code}: ${(await output).toString()}`);
}

/** What each broker has met with since it was started and that it should not have. */
async function troubles(statusUrl: string): Promise<Record<string, number>> {
  const page = await scrape(statusUrl);
  return {
    background: metricIn(page, 'cmk_background_failures_total'),
    audit: metricIn(page, 'cmk_audit_write_failures_total'),
    internal: metricIn(page, 'cmk_rpc_duration_seconds_count', 'code="INTERNAL"'),
    alerts: metricIn(page, 'cmk_alert_deliveries_total', 'state="FAILED"'),
  };
}

/**
 * What a release to come may write: an alert, an event, and what a use of a key fails with. Ends when somebody probes
 * that use.
 */
async function writeUnknown(databaseUrl: string, reference: string): Promise<void> {
  const word = 'KEY_RENAMED' as NewerWord;
  const facts = { kind: word, reference } as unknown as AlertFacts;
  const nowMs = Date.now();
  const alert = newAlert(nowMs - 60_000, { account: ACCOUNT, kekId: null }, facts);
  const words = { action: word, outcome: word, reason: word, source: word };
  const event = auditEvent(systemClock, { ...words, actor: 'broker', account: ACCOUNT });
  const db = await openPostgres(databaseUrl, 1);
  const status = () => db('key_statuses').where({ reference, key_use: 'DECRYPT' });
  try {
    await db.transaction(async (transaction) => {
      await raiseAlerts(transaction, [alert]);
      await appendAudit(transaction, [event], new HeadGuesses());
    });
    const changed = await status().update({ cause: word, failing_since: nowMs, probe_at: nowMs });
    if (changed !== 1) throw new Error(`expected one status of ${reference}, got ${changed}`);
    await eventually(async () => (await status().where({ probe_at: nowMs })).length === 0, 30_000);
  } finally {
    await db.destroy();
  }
}

/** Sidecars of both releases at brokers of both. */
async function startSidecars(
  sandbox: SandboxSystem,
  releases: Readonly<Record<string, Programs>>,
  brokers: Readonly<Record<string, BrokerProcess>>,
): Promise<SidecarProcess[]> {
  const sidecars: SidecarProcess[] = [];
  for (const [release, programs] of Object.entries(releases))
    for (const [at, broker] of Object.entries(brokers))
      sidecars.push(await sandbox.startSidecar(`${release}-${at}`, '0001', { programs, broker }));
  return sidecars;
}

/** What each seals, every other one opens. */
function startLoad(system: WholeSystem, sidecars: readonly SidecarProcess[]): SteadyLoad {
  const load = new SteadyLoad(system);
  for (const [from, sealer] of sidecars.entries())
    for (const [to, opener] of sidecars.entries())
      if (from !== to) load.add(`${from}-${to}`, { sealer, opener }, 20_000);
  return load;
}

async function rotate({ customer }: SandboxSystem, admin: AdminClient): Promise<References> {
  const key = await customer.createKey();
  await customer.allowBroker(key, ACCOUNT);
  await admin.enrolKey(ACCOUNT, key, customer.kms);
  return key;
}

/** The customer takes keys away and gives them back: whichever broker notices, all sidecars hear of it. */
async function takeAway(
  t: ExecutionContext,
  { customer }: SandboxSystem,
  {
    sidecars,
    keys,
    meanwhile,
  }: {
    readonly sidecars: readonly SidecarProcess[];
    readonly keys: readonly References[];
    readonly meanwhile: () => Promise<void>;
  },
): Promise<void> {
  const clients = sidecars.map(({ address }) => new CmkClient({ address }));
  t.teardown(() => clients.forEach((client) => client.close()));
  const asset = recording('taken-away');
  const files = await Promise.all(
    clients.map((client, by) => buffer(client.encrypt(Buffer.from(`by ${by}`), { asset, owner: OWNER }))),
  );
  const open = async (client: CmkClient, file = Buffer.alloc(0)) =>
    (await buffer(client.decrypt(file, { asset, reason: 'USER_ACCESS' }))).toString();
  const everyClientGets = async (expected: string, withinMs: number) => {
    for (const client of clients)
      await eventually(
        async () => (await open(client, files[0]).catch((error: unknown) => codeOf(error))) === expected,
        withinMs,
      );
  };
  for (const client of clients)
    for (const [by, file] of files.entries()) t.is(await open(client, file), `by ${by}`);
  for (const key of keys) await customer.disable(key);
  await everyClientGets('KEY_DISABLED', 20_000);
  await meanwhile();
  for (const key of keys) await customer.enable(key);
  await everyClientGets('by 0', 30_000);
}

function codeOf(error: unknown): string {
  return error instanceof CmkError ? error.code : String(error);
}

/** The releases in the order in which their brokers start; the first one finds an empty database. */
const ORDERS = { 'an update': ['previous', 'current'], 'a step back': ['current', 'previous'] } as const;

for (const [name, order] of Object.entries(ORDERS)) {
  test.serial(`${name}: this release and the one before it serve side by side on one database`, async (t) => {
    t.timeout(180_000);
    const releases = { previous: buildPrevious(t), current: await buildBundles(t, ['broker', 'sidecar']) };
    const [first, second] = order;
    const mail = await startMailServer();
    t.teardown(() => mail.close());
    const system = await WholeSystem.start(t, `system-previous-${first}`, 'postgres', {
      programs: releases[first],
      brokerEnv: {
        CMK_SMTP_URL: mail.url,
        CMK_MAIL_FROM: 'cmk@provider.test',
        CMK_LEASE: '10s',
        CMK_PROBE_INTERVAL: '1s',
      },
    });
    const { sandbox, store, keys } = system;
    if (!('databaseUrl' in store)) throw new Error('expected PostgreSQL');
    await migrate(releases.current.broker, store.databaseUrl);
    const joined = await sandbox.startBroker('second', {
      programs: releases[second],
      env: { CMK_DATABASE_MIGRATE: 'by-job' },
    });
    const brokers = { [first]: sandbox.broker, [second]: joined };
    const admins = [sandbox.admin, new AdminClient(joined.adminUrl, sandbox.adminToken)] as const;
    const sidecars = await startSidecars(sandbox, releases, brokers);

    // A rotation begun at one, carried out by either, watched at both.
    const load = startLoad(system, sidecars);
    await sleep(LOAD_MS);
    await admins[1].putContacts(ACCOUNT, [CONTACT]);
    await writeUnknown(store.databaseUrl, keys[0]);
    const rotated = await rotate(sandbox, admins[1]);
    await sleep(LOAD_MS);
    await load.stop();
    t.deepEqual(load.failures, []);
    t.true(load.files > 50, 'there was hardly any load');

    const meanwhile = () => eventually(() => mail.mails.length > 0, 20_000);
    await takeAway(t, sandbox, { sidecars, keys: [rotated, keys], meanwhile });

    for (const admin of admins) {
      await admin.keys(ACCOUNT);
      for (const page of ['alerts', 'audit-events', 'moves', 'activity', 'overview'])
        await t.notThrowsAsync(admin.call('GET', `/v1/accounts/${ACCOUNT}/${page}`), page);
    }
    const met = await Promise.all(Object.values(brokers).map(({ statusUrl }) => troubles(statusUrl)));
    t.log(`${name}: ${String(load)}; ${mail.mails.length} mails; troubles ${JSON.stringify(met)}`);
    for (const each of met) t.deepEqual(each, { background: 0, audit: 0, internal: 0, alerts: 0 });
  });
}
