/**
 * How soon the portal's first page can be used, and how fast the administration API answers what the portal shows, with
 * 100,000 assets and 1,000,000 events in the ledger of one account: a broker as it runs, over HTTP on this machine, on
 * SQLite and on PostgreSQL.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBrokerConfig } from '../broker/config.ts';
import { startBroker } from '../broker/main.ts';
import { openStore, type StoreLocation } from '../broker/store/open-store.ts';
import { FOR_MIGRATIONS, openPostgres } from '../broker/store/postgres.ts';
import { openSqlite } from '../broker/store/sqlite.ts';
import { createLogger } from '../runtime/logger.ts';
import { createTestCa } from '../sandbox/ca.ts';
import { startIdentityProvider } from '../sandbox/identity-provider/provider.ts';
import { freePort } from '../sandbox/process.ts';
import { buildPortalIfStale } from '../scripts/build-portal.ts';
import { everyProvider } from '../test/support/every-provider.ts';
import { FakeKms } from '../test/support/fake-kms.ts';
import { PostgresServer } from '../test/support/postgres.ts';
import { BROKER_ID, brokerSettings, TOKEN } from '../test/support/settings.ts';
import { benchFirstPage } from './first-page.ts';
import { fillPortal, TYPE, type PortalData } from './portal-data.ts';

const SIZE = { assets: 100_000, events: 1_000_000 };
const ROUNDS = 25;
const MAX_P95_MS = 100;
const DAY_MS = 24 * 3_600_000;
const CLIENT = { clientId: 'cmk-portal', clientSecret: 'a-client-secret-for-tests' };

/** @returns lines; what misses its target says MISSED */
export async function benchPortal(): Promise<string[]> {
  await buildPortalIfStale();
  const dir = await mkdtemp(join(tmpdir(), 'cmk-bench-'));
  const server = await PostgresServer.start();
  try {
    const sqlite = await onDatabase('SQLite', { sqlitePath: join(dir, 'cmk.db') }, dir);
    const databaseUrl = await server.createDatabase();
    return [...sqlite, ...(await onDatabase('PostgreSQL', { databaseUrl }, dir))];
  } finally {
    await server.remove();
    await rm(dir, { recursive: true });
  }
}

async function onDatabase(name: string, location: StoreLocation, dir: string): Promise<string[]> {
  const filled = await openStore(location);
  const db =
    'databaseUrl' in location
      ? await openPostgres(location.databaseUrl, 1, FOR_MIGRATIONS)
      : await openSqlite(location.sqlitePath);
  const data = await fillPortal(db, filled, SIZE).finally(() => db.destroy());
  // What was written past it does not fit with what it remembers of the ledger.
  await filled.close();
  const store = await openStore(location);
  // As it is a while after such a ledger was written.
  await store.tallies.count(data.account);
  const identity = await (await createTestCa()).writeIdentity(dir, { uriSans: [BROKER_ID] });
  const kms = new FakeKms();
  const port = await freePort();
  const portalUrl = `http://127.0.0.1:${port}`;
  const people = await startIdentityProvider({ port: 0, portalUrl, ...CLIENT });
  const config = readBrokerConfig({
    ...brokerSettings(identity),
    CMK_PLATFORM_KEY: kms.createKey('platform'),
    CMK_ADMIN_PORT: String(port),
    CMK_PORTAL_URL: portalUrl,
    CMK_OIDC_ISSUER: people.issuer,
    CMK_OIDC_CLIENT_ID: CLIENT.clientId,
    CMK_OIDC_CLIENT_SECRET: CLIENT.clientSecret,
  });
  const logger = createLogger({ name: 'broker', level: 'fatal', destination: { write: () => undefined } });
  const broker = await startBroker({ config, store, kms: everyProvider(kms), logger });
  try {
    return [...(await benchFirstPage(name, portalUrl)), ...(await measureAll(name, portalUrl, data))];
  } finally {
    await broker.close(100);
    await people.close();
    await store.close();
  }
}

async function measureAll(name: string, url: string, data: PortalData): Promise<string[]> {
  const lines: string[] = [];
  for (const [what, pathOf] of Object.entries(requests(data))) {
    const timesMs: number[] = [];
    // The first ones warm the caches of the process and of the database, as the first visitor of the day does.
    for (let round = -3; round < ROUNDS; round++) {
      const startMs = performance.now();
      const response = await fetch(url + pathOf(Math.abs(round)), {
        headers: { authorization: `Bearer ${TOKEN}` },
      });
      const text = await response.text();
      if (response.status !== 200) throw new Error(`${what}: ${text}`);
      if (round >= 0) timesMs.push(performance.now() - startMs);
    }
    const p95 = timesMs.toSorted((a, b) => a - b)[Math.floor(ROUNDS * 0.95)] ?? Infinity;
    const verdict = p95 <= MAX_P95_MS ? 'reached' : 'MISSED';
    lines.push(`${name}, ${what}: p95 ${p95.toFixed(1)} ms, at most ${MAX_P95_MS} ms: ${verdict}`);
  }
  return lines;
}

/** What is asked for, by the number of the round: not always the same. */
function requests(data: PortalData): Record<string, (round: number) => string> {
  const { account, kek, assets } = data;
  const at = `/v1/accounts/${account}`;
  const recording = (round: number) => data.assetId(((round * 7_919) % (assets / 5)) * 5);
  const one = (round: number) => `${at}/assets/${TYPE.srvId}/${TYPE.type}/${recording(round)}`;
  const now = Date.now();
  const days = (round: number) => `from=${now - (round + 2) * DAY_MS}&until=${now - (round + 1) * DAY_MS}`;
  const late = (round: number) => [TYPE.srvId, TYPE.type, recording(round)];
  const cursor = (round: number) => Buffer.from(JSON.stringify(late(round))).toString('base64url');
  return {
    overview: () => `${at}/overview`,
    'assets, first page': () => `${at}/assets`,
    'assets, some page': (round) => `${at}/assets?cursor=${cursor(round)}`,
    'assets by the beginning of their ids': (round) =>
      `${at}/assets?idPrefix=${recording(round).slice(0, -2)}`,
    'assets by protection': () => `${at}/assets?protection=FALLBACK_KEY`,
    'one asset': one,
    'its history': (round) => `${one(round)}/history`,
    activity: () => `${at}/activity`,
    'activity, refusals': () => `${at}/activity?outcome=REFUSED,FAILED`,
    'activity, acts of people': () => `${at}/activity?action=ADMINISTER`,
    'activity, what there is little of': () => `${at}/activity?reason=LEGAL`,
    'activity, what there is none of': () => `${at}/activity?actor=nobody`,
    'activity of a day': (round) => `${at}/activity?${days(round)}`,
    'activity of a day, what there is little of': (round) => `${at}/activity?reason=LEGAL&${days(round)}`,
    'uses of a key by the hour': () => `${at}/keys/${kek.id}/uses`,
    'uses of a key by the day': () => `${at}/keys/${kek.id}/uses?bucket=day`,
    'uses of the account': () => `${at}/uses?bucket=day`,
    'KMS budget': () => `${at}/kms-budget`,
    keys: () => `${at}/keys`,
    'blast radius': () => `${at}/keys/${kek.id}/blast-radius`,
    'ledger, some page': () => `${at}/ledger`,
    'audit events': () => `${at}/audit-events`,
    moves: () => `${at}/moves`,
    alerts: () => `${at}/alerts`,
    accounts: () => '/v1/accounts',
    'accounts, and what needs attention': () => '/v1/operator/accounts',
    'health of what runs': () => '/v1/operator/health',
  };
}
