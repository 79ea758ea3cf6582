import test, { type ExecutionContext } from 'ava';
import { CmkError } from '../../core/errors.ts';
import { eventually } from '../support/eventually.ts';
import { asset, SidecarFixture } from '../support/sidecar-fixture.ts';

const INTERVAL_MS = 10_000;
const CONTENT = Buffer.from('a recording');

async function fixtureOf(t: ExecutionContext): Promise<SidecarFixture> {
  const fixture = await SidecarFixture.start();
  t.teardown(() => fixture.close());
  return fixture;
}

/** Lets an interval pass, and waits for its report. */
async function report(fixture: SidecarFixture): Promise<void> {
  const before = fixture.broker.reports.length;
  await eventually(() => {
    fixture.clock.advance(INTERVAL_MS);
    return fixture.broker.reports.length > before;
  });
}

function counts({ broker }: SidecarFixture) {
  return broker.reports.flatMap(({ uses }) =>
    uses.map(({ operation, reason, count }) => [operation, reason, count]),
  );
}

test('streams that are served from the cache are reported, those that the broker granted are not', async (t) => {
  const fixture = await fixtureOf(t);
  const sealed = await fixture.seal([CONTENT]);
  for (let index = 0; index < 3; index++) await fixture.seal([CONTENT]);
  for (let index = 0; index < 5; index++) await fixture.open([sealed.data]);
  await fixture.open([sealed.data], { asset, reason: 'REASON_LEGAL' });
  await report(fixture);
  t.deepEqual(counts(fixture), [
    ['USE_OPERATION_SEAL', 'REASON_STORAGE', 3],
    ['USE_OPERATION_OPEN', 'REASON_USER_ACCESS', 4],
    ['USE_OPERATION_OPEN', 'REASON_LEGAL', 1],
  ]);
  t.like(fixture.broker.reports[0], {
    sequence: 1,
    complete: true,
    final: false,
    intervalMs: INTERVAL_MS,
    lost: [],
  });
  t.like(fixture.broker.reports[0]?.uses[0], { asset, dataKeyId: sealed.started?.dataKeyId });

  await report(fixture);
  t.like(fixture.broker.reports[1], { sequence: 2, uses: [], complete: true }, 'a sign of life');
  t.is(await fixture.metric('cmk_uses_reported_total'), 8);
});

test('whoever waits for the same grant as another is reported', async (t) => {
  const fixture = await fixtureOf(t);
  const release = fixture.broker.hold();
  const sealing = Array.from({ length: 10 }, () => fixture.seal([CONTENT]));
  await eventually(async () => (await fixture.metric('cmk_key_cache_coalesced_total')) === 9);
  release();
  await Promise.all(sealing);
  t.is(fixture.broker.count('IssueDataKey'), 1);
  await report(fixture);
  t.deepEqual(counts(fixture), [['USE_OPERATION_SEAL', 'REASON_STORAGE', 9]]);
});

test('a report that fails is repeated as it was, under its number', async (t) => {
  const fixture = await fixtureOf(t);
  for (let index = 0; index < 3; index++) await fixture.seal([CONTENT]);
  fixture.broker.reportRefusal = new CmkError('STORE_UNAVAILABLE', 'as the test wishes');
  const failed = () =>
    fixture.metric(
      'cmk_broker_request_duration_seconds_count{operation="ReportUses",outcome="STORE_UNAVAILABLE"}',
    );
  await eventually(async () => {
    fixture.clock.advance(INTERVAL_MS);
    return (await failed()) > 0;
  });
  await fixture.seal([CONTENT]);
  fixture.broker.reportRefusal = null;
  await report(fixture);
  await report(fixture);
  const [first, second] = fixture.broker.reports;
  t.like(first, { sequence: 1, complete: true });
  t.true((first?.ageMs ?? 0) >= INTERVAL_MS, 'it tells how old it is');
  t.deepEqual(
    counts(fixture).map(([, , count]) => count),
    [2, 1],
  );
  t.is(second?.sequence, 2);
});

test('of uses that the broker refuses to hear the number is told', async (t) => {
  const fixture = await fixtureOf(t);
  for (let index = 0; index < 4; index++) await fixture.seal([CONTENT]);
  fixture.broker.reportRefusal = new CmkError('NOT_AUTHORIZED', 'as the test wishes');
  await eventually(async () => {
    fixture.clock.advance(INTERVAL_MS);
    return (await fixture.metric('cmk_uses_lost_total')) === 3;
  });
  fixture.broker.reportRefusal = null;
  await report(fixture);
  const [first] = fixture.broker.reports;
  t.like(first, { sequence: 1, uses: [] });
  t.deepEqual(
    first?.lost.map(({ account, srvId, count }) => [account, srvId, count]),
    [['acme', '0001', 3]],
  );
});

test('the last report comes when the sidecar stops; one that used no key sends none', async (t) => {
  const used = await SidecarFixture.start();
  for (let index = 0; index < 3; index++) await used.seal([CONTENT]);
  await used.close();
  t.like(used.broker.reports.at(-1), { final: true, complete: true });
  t.deepEqual(
    counts(used).map(([, , count]) => count),
    [2],
  );

  const unused = await SidecarFixture.start();
  await unused.close();
  t.deepEqual(unused.broker.reports, []);
});
