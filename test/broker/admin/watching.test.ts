import test from 'ava';
import { adminWorld, OPERATOR, principal, type AdminWorld } from '../../support/admin-world.ts';
import { ASSET, PATIENT, RECORDER } from '../../support/key-world.ts';
import { resolveRequest } from '../../support/resolve-request.ts';
import { anAuditEvent } from '../../support/stored-facts.ts';

const AUDITOR = principal('AUDITOR', 'acme');
const ACME = '/v1/accounts/acme';
const HOUR = 3_600_000;

interface Uses {
  readonly from: number;
  readonly until: number;
  readonly total: Record<string, number>;
  readonly buckets: readonly Record<string, number>[];
}

async function get(world: AdminWorld, path: string, who = AUDITOR) {
  const { status, body } = await world.ask(who, 'GET', path);
  t200(status, body);
  return body;
}

function t200(status: number, body: unknown): void {
  if (status !== 200) throw new Error(JSON.stringify(body));
}

/** One data key made, two more uses of it from the cache, 10 by a sidecar, one refusal for an asset and one for a data key. */
async function used(world: AdminWorld): Promise<void> {
  const { kek, store, clock } = world;
  for (let use = 0; use < 3; use++) await world.issue({ id: 'one' });
  const at = Math.trunc(clock.wallMs());
  await store.appendAudit([
    anAuditEvent({ at, action: 'USE', source: 'SIDECAR_CACHE', kekId: kek.id, count: 10 }),
    anAuditEvent({ at, action: 'RESOLVE', outcome: 'REFUSED', detail: 'DATA_KEY_UNKNOWN: none' }),
  ]);
  const request = await resolveRequest(store, { ...ASSET, id: 'one' });
  const forged = { ...request, context: { ...request.context, id: 'another' } };
  await world.resolveDataKey.run(RECORDER, forged, PATIENT).catch(() => undefined);
  await world.tallies.runOnce();
}

test('uses are told by the hour, those of caches beside those of the KMS', async (t) => {
  const world = await adminWorld(t);
  await used(world);
  const { uses } = (await get(world, `${ACME}/keys/${world.kek.id}/uses`)) as unknown as { uses: Uses };
  t.is(uses.buckets.length, 25);
  t.is(uses.from % HOUR, 0);
  t.like(uses.total, { wraps: 1, unwraps: 0, brokerCache: 2, sidecarCache: 10, refused: 1, failed: 0 });
  const { kms, ...counts } = uses.total;
  t.like(uses.buckets.at(-1), counts, 'now');
  t.like(uses.buckets.at(0), { wraps: 0, brokerCache: 0 });
  const { calls, failures } = kms as unknown as { calls: number; failures: number };
  t.true(calls > 0, 'those of the enrolment as well');
  t.is(failures, 0);
  const account = (await get(world, `${ACME}/uses?bucket=day`)) as unknown as { uses: Uses };
  t.is(account.uses.buckets.length, 31);
  t.like(account.uses.total, { wraps: 1, brokerCache: 2, sidecarCache: 10, refused: 2 });
});

test('uses of a span that is asked for', async (t) => {
  const world = await adminWorld(t);
  await used(world);
  const now = Math.trunc(world.clock.wallMs());
  const span = (from: number, until: number) => `${ACME}/uses?from=${from}&until=${until}`;
  const here = (await get(world, span(now, now))) as unknown as { uses: Uses };
  t.deepEqual([here.uses.buckets.length, here.uses.total['wraps']], [1, 1]);
  const before = (await get(world, span(now - 2 * HOUR, now - HOUR))) as unknown as { uses: Uses };
  t.deepEqual([before.uses.buckets.length, before.uses.total['wraps']], [2, 0]);
});

test('the KMS budget counts calls and failures, by key and replica', async (t) => {
  const world = await adminWorld(t);
  const before = await budget(world);
  t.is(before.limits.callsPerSecond, 500);
  t.deepEqual(
    before.replicas.map(({ reference }) => reference),
    [...world.kek.references],
  );
  for (const name of world.kek.references) world.kms.key(name).failure = 'KEY_DISABLED';
  await t.throwsAsync(world.issue({ id: 'one' }));
  await world.issue({ id: 'two', type: 'MeetingWebinarSummary' });
  await world.tallies.runOnce();
  const after = await budget(world);
  const [first] = after.replicas;
  t.true((first?.failures ?? 0) > 0);
  t.is(first?.throttled, 0);
  t.is(first?.busiestHour?.calls, first?.calls);
  const platform = after.replicas.find((each) => each.platform);
  t.like(platform, { reference: null, calls: 1, failures: 0 });
});

interface Budget {
  readonly limits: { readonly callsPerSecond: number };
  readonly replicas: readonly {
    readonly reference: string | null;
    readonly platform: boolean;
    readonly calls: number;
    readonly failures: number;
    readonly throttled: number;
    readonly busiestHour: { readonly calls: number } | null;
  }[];
}

async function budget(world: AdminWorld): Promise<Budget> {
  return ((await get(world, `${ACME}/kms-budget`)) as unknown as { budget: Budget }).budget;
}

test('operators see brokers, services and sidecars, and what needs attention in each account', async (t) => {
  const world = await adminWorld(t);
  const { store, clock } = world;
  const heardAt = Math.trunc(clock.wallMs());
  const broker = { id: 'b1', host: 'pod-1', version: '1.0.0', startedAt: heardAt, heardAt };
  await store.processes.beat(broker, 0);
  await store.processes.beat({ ...broker, id: 'b2', heardAt: heardAt - 60_000 }, 0);
  const holder = { instance: 'i1', spiffeId: 'spiffe://cmk.test/service/0001', heardAt, patienceMs: 1 };
  await store.noteLease(holder, { account: 'acme', srvId: '0001', until: heardAt + 1 });
  const { health } = (await get(world, '/v1/operator/health', OPERATOR)) as unknown as {
    health: { brokers: { id: string; state: string }[]; services: { srvId: string; sidecars: object }[] };
  };
  t.deepEqual(
    health.brokers.map(({ id, state }) => `${id} ${state}`),
    ['b1 UP', 'b2 SILENT'],
  );
  t.deepEqual(health.services.find(({ srvId }) => srvId === '0001')?.sidecars, { live: 1, gap: 0, ended: 0 });
  await store.putAccount({ id: 'globex', name: 'Globex', licence: 'ACCOUNT' }, anAuditEvent());
  const first = await get(world, '/v1/operator/accounts?limit=1', OPERATOR);
  t.is((first['accounts'] as { account: { id: string } }[])[0]?.account.id, 'acme');
  const second = await get(world, `/v1/operator/accounts?limit=1&cursor=${String(first['next'])}`, OPERATOR);
  const [globex] = second['accounts'] as { attention: { code: string }[] }[];
  t.deepEqual(
    globex?.attention.map(({ code }) => code),
    ['NO_KEY', 'NOTHING_ENROLLED', 'NO_CONTACTS'],
  );
  t.is(second['next'], null);
  t.is(((await get(world, '/v1/operator/sidecars', OPERATOR))['sidecars'] as unknown[]).length, 1);
});

test('what operators see, nobody else does', async (t) => {
  const world = await adminWorld(t);
  for (const path of ['health', 'sidecars', 'accounts']) {
    const { body } = await world.ask(principal('ADMINISTRATOR', 'acme'), 'GET', `/v1/operator/${path}`);
    t.is(body['code'], 'ROLE_INSUFFICIENT', path);
  }
  const theirs = principal('ADMINISTRATOR', 'globex');
  await world.store.putAccount({ id: 'globex', name: 'Globex', licence: 'NONE' }, anAuditEvent());
  const path = `/v1/accounts/globex/keys/${world.kek.id}/uses`;
  t.is((await world.ask(theirs, 'GET', path)).body['code'], 'NOT_FOUND');
});
