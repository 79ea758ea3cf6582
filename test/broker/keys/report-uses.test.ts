import { randomUUID } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import type { UsesRequest } from '../../../broker/keys/report-uses.ts';
import { LedgerVerifier } from '../../../core/ledger-verifier.ts';
import { ASSET, keyWorld, PATIENT, PHONE, RECORDER, type KeyWorld } from '../../support/key-world.ts';

interface Reporting {
  readonly world: KeyWorld;
  readonly dataKeyId: string;
  readonly instanceId: string;
  readonly report: (facts?: Partial<UsesRequest>) => UsesRequest;
}

/** A sidecar of the Meeting Recorder that was lent an asset's data key. */
async function reporting(t: ExecutionContext): Promise<Reporting> {
  const world = await keyWorld(t);
  const instanceId = randomUUID();
  const request = { asset: ASSET, owner: 'user-1', reason: 'STORAGE', instanceId } as const;
  const { dataKey, dataKeyId } = await world.issueDataKey.run(RECORDER, request, PATIENT);
  dataKey[Symbol.dispose]();
  const use = {
    asset: ASSET,
    dataKeyId,
    reason: 'LEGAL',
    operation: 'OPEN',
    count: 7,
    firstAt: 1,
    lastAt: 2,
  } as const;
  const report = (facts: Partial<UsesRequest> = {}): UsesRequest => ({
    instanceId,
    sequence: 1,
    uses: [use],
    lost: [],
    ageMs: 0,
    complete: true,
    intervalMs: 10_000,
    final: false,
    ...facts,
  });
  return { world, dataKeyId, instanceId, report };
}

/** The newest events, without what is said elsewhere. */
async function newest(world: KeyWorld, count: number) {
  return (await world.store.listAudit(null, count)).map((event) => ({ ...event }));
}

test('uses come into the ledger once, with all that is known of them', async (t) => {
  const { world, dataKeyId, instanceId, report } = await reporting(t);
  for (let twice = 0; twice < 2; twice++) await world.reportUses.run(RECORDER, report());
  const uses = (await world.store.listAudit('acme', 100)).filter(({ action }) => action === 'USE');
  t.is(uses.length, 1);
  t.like(uses[0], {
    outcome: 'ALLOWED',
    actor: RECORDER.spiffeId,
    asset: ASSET,
    reason: 'LEGAL',
    dataKeyId,
    kekId: world.kek.id,
    source: 'SIDECAR_CACHE',
    operation: 'OPEN',
    count: 7,
    from: 1,
    until: 2,
    detail: `instance ${instanceId}, report 1`,
  });
  const verifier = new LedgerVerifier('acme');
  for (const record of await world.ledgerReading.after('acme', 0, 1_000)) verifier.add(record);
  t.is(verifier.end(await world.ledgerReading.head('acme')), null);
});

test('nobody writes into another’s ledger: unknown data keys and accounts stand in nobody’s', async (t) => {
  const { world, report } = await reporting(t);
  const [use] = report().uses;
  if (!use) return t.fail();
  const lost = { account: 'nobody', srvId: '0001', count: 3, firstAt: 1, lastAt: 2 };
  await world.reportUses.run(
    RECORDER,
    report({
      uses: [{ ...use, asset: { ...ASSET, account: 'globex' } }],
      lost: [lost, { ...lost, account: 'acme' }, { ...lost, account: '' }],
    }),
  );
  t.like((await newest(world, 4)).toReversed(), [
    { action: 'USE', outcome: 'REFUSED', account: null },
    { action: 'GAP', account: null, count: 3 },
    { action: 'GAP', account: 'acme', count: 3, from: 1, until: 2 },
    { action: 'GAP', account: null, count: 3 },
  ]);
});

test('a report that never came shows', async (t) => {
  const { world, report } = await reporting(t);
  await world.reportUses.run(RECORDER, report());
  await world.reportUses.run(RECORDER, report({ sequence: 4, uses: [] }));
  const [gap] = await newest(world, 1);
  t.like(gap, { action: 'GAP', account: null });
  t.regex(gap?.detail ?? '', /report 4: the one before it that is known is 1$/);
});

for (const [name, facts, code] of [
  ['no instance', { instanceId: '' }, 'INVALID_ARGUMENT'],
  ['an instance that is no UUID', { instanceId: 'x' }, 'INVALID_ARGUMENT'],
  ['number 0', { sequence: 0 }, 'INVALID_ARGUMENT'],
  ['no interval', { intervalMs: 0 }, 'INVALID_ARGUMENT'],
  ['an endless interval', { intervalMs: 300_001 }, 'INVALID_ARGUMENT'],
  [
    'a lost account that is none',
    { lost: [{ account: 'a b', srvId: '0001', count: 1, firstAt: 1, lastAt: 1 }] },
    'INVALID_ARGUMENT',
  ],
  [
    'another service',
    { lost: [{ account: 'acme', srvId: '0002', count: 1, firstAt: 1, lastAt: 1 }] },
    'NOT_AUTHORIZED',
  ],
] as const) {
  test(`refused whole: ${name}`, async (t) => {
    const { world, report } = await reporting(t);
    await t.throwsAsync(world.reportUses.run(RECORDER, report(facts as Partial<UsesRequest>)), { code });
    t.false((await world.audit()).some(({ action, outcome }) => action === 'USE' && outcome === 'ALLOWED'));
  });
}

for (const [name, change] of Object.entries({
  'no asset': { asset: null },
  'no data key': { dataKeyId: 'x' },
  'no reason': { reason: null },
  'no operation': { operation: null },
  'no count': { count: 0 },
  'a count that is none': { count: 2 ** 60 },
  'an end before the beginning': { lastAt: 0 },
})) {
  test(`refused whole, for one of its uses: ${name}`, async (t) => {
    const { world, report } = await reporting(t);
    const [use] = report().uses;
    const uses = [use, { ...use, ...change }] as UsesRequest['uses'];
    const code = name === 'no asset' ? 'NOT_AUTHORIZED' : 'INVALID_ARGUMENT';
    await t.throwsAsync(world.reportUses.run(RECORDER, report({ uses })), { code });
    t.false((await world.audit()).some(({ action, outcome }) => action === 'USE' && outcome === 'ALLOWED'));
  });
}

test('another service’s sidecar is refused, and so is another identity with the instance of this one', async (t) => {
  const { world, report } = await reporting(t);
  await t.throwsAsync(world.reportUses.run(PHONE, report()), { code: 'NOT_AUTHORIZED' });
  t.like((await newest(world, 1))[0], { action: 'USE', outcome: 'REFUSED', actor: PHONE.spiffeId });
  await t.throwsAsync(world.reportUses.run(PHONE, report({ uses: [] })), { code: 'CONFLICT' });
});

/** Lets time pass in which the broker looks for silence. */
async function watch(world: KeyWorld, ms: number): Promise<void> {
  await world.useGaps.runOnce();
  world.clock.advance(ms);
  await world.useGaps.runOnce();
}

test('a sidecar that stops without its last report leaves a gap in each ledger that it may concern', async (t) => {
  const { world, instanceId, report } = await reporting(t);
  const other = await world.another();
  await world.reportUses.run(RECORDER, report());
  const coveredUntil = world.clock.wallMs();
  await Promise.all([watch(world, 41_000), other.useGaps.runOnce()]);
  await Promise.all([world.useGaps.runOnce(), other.useGaps.runOnce()]);
  const gaps = (await world.audit()).filter(({ action }) => action === 'GAP');
  t.is(gaps.length, 1);
  t.like(gaps[0], {
    account: 'acme',
    actor: RECORDER.spiffeId,
    from: coveredUntil,
    count: null,
    outcome: 'FAILED',
  });
  const span = (gaps[0]?.until ?? 0) - coveredUntil;
  t.true(span >= 300_000 && span <= 600_000, 'until its last lease has ended, a little rounded');
  t.regex(gaps[0]?.detail ?? '', new RegExp(`^instance ${instanceId} stopped .* service 0001$`));
});

test('no gap: the last report came, or the broker itself was away, or the leases were over', async (t) => {
  const { world, report } = await reporting(t);
  const gaps = async () => (await world.audit()).filter(({ action }) => action === 'GAP').length;
  await world.reportUses.run(RECORDER, report());
  world.clock.advance(41_000);
  await world.useGaps.runOnce();
  t.is(await gaps(), 0, 'it has just begun to watch');

  world.clock.advance(3_600_000);
  await world.reportUses.run(RECORDER, report({ sequence: 2 }));
  await watch(world, 41_000);
  t.is(await gaps(), 0, 'there was nothing left to use');

  await world.reportUses.run(RECORDER, report({ sequence: 3, final: true }));
  await watch(world, 3_600_000);
  t.is(await gaps(), 0, 'it said that it stops');
});

test('a data key is not handed out when it cannot be noted who holds it', async (t) => {
  const around = (store: KeyWorld['store']) =>
    new Proxy(store, {
      get(target, name) {
        if (name === 'noteLease') return () => Promise.reject(new Error('as the test wishes'));
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  const { issueDataKey } = await keyWorld(t, { around });
  const request = { asset: ASSET, owner: 'user-1', reason: 'STORAGE' } as const;
  await t.throwsAsync(issueDataKey.run(RECORDER, { ...request, instanceId: randomUUID() }, PATIENT), {
    message: 'as the test wishes',
  });
  const { dataKey } = await issueDataKey.run(RECORDER, request, PATIENT);
  dataKey[Symbol.dispose]();
  t.pass('one that does not report needs no note');
});
