import test from 'ava';
import { assetContext } from '../../../core/encryption-context.ts';
import { KmsCalls, type KmsTarget } from '../../../broker/keys/kms-calls.ts';
import { KmsError, type KmsCause } from '../../../broker/kms/provider.ts';
import { DrivenClock } from '../../support/driven-clock.ts';
import { everyProvider } from '../../support/every-provider.ts';
import { FakeKms } from '../../support/fake-kms.ts';
import { ASSET, Recorder } from '../../support/key-world.ts';

const CONTEXT = assetContext(ASSET, 1_700_000_000);
const CANARY_CONTEXT = { ...CONTEXT, type: 'Canary' };
const TIMEOUT_MS = 5_000;

async function world(options: { nearest?: string[]; rate?: number } = {}) {
  const kms = new FakeKms();
  const clock = new DrivenClock();
  const observer = new Recorder();
  const calls = new KmsCalls({
    providers: everyProvider(kms),
    clock,
    observer,
    settings: {
      kmsTimeoutMs: TIMEOUT_MS,
      kmsConcurrency: 64,
      kmsAccountRate: options.rate ?? 10_000,
      kmsQuotaShare: 100,
      kmsNearest: options.nearest ?? null,
    },
    jitter: () => 0.5,
    pause: (ms) => new Promise<void>((resolve) => clock.schedule(ms, resolve)),
  });
  const primary = kms.createKey('us-1');
  const replica = kms.replicate(primary, 'eu-1');
  const { wrapped, dataKey } = await kms.generate(primary, CANARY_CONTEXT, { timeoutMs: TIMEOUT_MS });
  dataKey[Symbol.dispose]();
  kms.calls.length = 0;
  const canary = { wrapped, context: CANARY_CONTEXT };
  const facts = { account: 'acme', provider: 'aws', role: null, canary } as const;
  const target: KmsTarget = { ...facts, references: [primary, replica] };
  const alone: KmsTarget = { ...facts, references: [primary] };
  /** What an operation asked of the KMS, trials left out, and what of it was trials. */
  const asked = async (what: KmsTarget = target) => {
    kms.calls.length = 0;
    await calls.generate(what, CONTEXT).catch(() => undefined);
    await settle();
    return {
      calls: kms.calls.filter(({ operation }) => operation === 'generate').map(({ reference }) => reference),
      trials: kms.calls.filter(({ operation }) => operation === 'unwrap').map(({ reference }) => reference),
    };
  };
  return { kms, clock, calls, observer, primary, replica, target, alone, asked };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Lets driven time pass until the operation has ended. */
async function running<T>(clock: DrivenClock, operation: Promise<T>): Promise<T> {
  const state = { ended: false };
  const end = () => void (state.ended = true);
  operation.then(end, end);
  for (let step = 0; step < 1_000 && !state.ended; step++) {
    await settle();
    clock.advance(10);
  }
  return operation;
}

const OUTCOMES: readonly [
  primary: KmsCause | null,
  replica: KmsCause | null,
  outcome: string,
  askedOnce: number,
][] = [
  [null, 'UNREACHABLE', 'fake:us-1', 1],
  ['UNREACHABLE', null, 'fake:eu-1', 2],
  ['THROTTLED', null, 'fake:eu-1', 2],
  ['KEY_DISABLED', null, 'fake:eu-1', 2],
  // Whatever may come back tells more than what was taken away.
  ['UNREACHABLE', 'KEY_DISABLED', 'KMS_UNREACHABLE', 6],
  ['KEY_DISABLED', 'THROTTLED', 'KMS_THROTTLED', 6],
  ['KEY_DISABLED', 'AUTH_FAILED', 'KMS_AUTH_FAILED', 2],
  ['KEY_DISABLED', 'PERMISSION_REVOKED', 'KEY_PERMISSION_REVOKED', 2],
  ['PERMISSION_REVOKED', 'KEY_DISABLED', 'KEY_PERMISSION_REVOKED', 2],
  // A replica restored from a backup knows versions of the key that the other does not.
  ['CONTEXT_MISMATCH', null, 'fake:eu-1', 2],
  ['CONTEXT_MISMATCH', 'CONTEXT_MISMATCH', 'KMS_CONTEXT_MISMATCH', 2],
  ['AUTH_FAILED', 'AUTH_FAILED', 'KMS_AUTH_FAILED', 2],
];

for (const [first, second, outcome, count] of OUTCOMES) {
  test(`primary ${first ?? 'OK'}, replica ${second ?? 'OK'}: ${outcome}`, async (t) => {
    const { kms, calls, clock, primary, replica, target } = await world();
    kms.key(primary).failure = first;
    kms.key(replica).failure = second;
    const operation = running(clock, calls.generate(target, CONTEXT));
    if (outcome.startsWith('fake:')) t.is((await operation).reference, outcome);
    else await t.throwsAsync(operation, { code: outcome });
    t.is(kms.calls.length, count);
  });
}

test('an outage everywhere is retried twice, with pauses, and then told', async (t) => {
  const { kms, calls, clock, primary, replica, target, observer } = await world();
  for (const reference of [primary, replica]) kms.key(reference).failure = 'UNREACHABLE';
  const startedAtMs = clock.monotonicMs();
  await t.throwsAsync(running(clock, calls.generate(target, CONTEXT)), { code: 'KMS_UNREACHABLE' });
  t.is(kms.calls.length, 6);
  t.is(observer.guarded.filter((event) => event === 'RETRY').length, 2);
  t.true(clock.monotonicMs() - startedAtMs >= 300);
});

test('a retry that comes through is a success', async (t) => {
  const { kms, calls, clock, primary, alone } = await world();
  kms.key(primary).failure = 'THROTTLED';
  kms.onCall = () => {
    if (kms.calls.length === 2) kms.key(primary).failure = null;
  };
  t.is((await running(clock, calls.generate(alone, CONTEXT))).reference, primary);
});

test('a KMS that asks for more patience than there is time is not asked again', async (t) => {
  const { kms, calls, clock, alone } = await world();
  kms.generate = () => {
    kms.calls.push({ operation: 'generate', reference: '', context: {} });
    return Promise.reject(new KmsError('THROTTLED', 'later', { retryAfterMs: TIMEOUT_MS }));
  };
  await t.throwsAsync(running(clock, calls.generate(alone, CONTEXT)), { code: 'KMS_THROTTLED' });
  t.is(kms.calls.length, 1);
});

test('what the customer decided is not retried', async (t) => {
  const { kms, calls, clock, primary, alone } = await world();
  kms.key(primary).failure = 'KEY_DISABLED';
  await t.throwsAsync(running(clock, calls.generate(alone, CONTEXT)), { code: 'KEY_DISABLED' });
  t.is(kms.calls.length, 1);
});

test('a key that failed rests while its replica serves, is tried behind the callers’ backs, and is used again', async (t) => {
  const { kms, clock, primary, replica, asked } = await world();
  kms.key(primary).failure = 'UNREACHABLE';
  t.deepEqual(await asked(), { calls: [primary, replica], trials: [] });
  t.deepEqual(await asked(), { calls: [replica], trials: [] });
  clock.advance(1_000);
  t.deepEqual(await asked(), { calls: [replica], trials: [primary] });
  t.deepEqual(await asked(), { calls: [replica], trials: [] });
  kms.key(primary).failure = null;
  clock.advance(10_000);
  t.deepEqual(await asked(), { calls: [replica], trials: [primary] });
  t.deepEqual(await asked(), { calls: [primary], trials: [] });
});

test('when everything rests, everything is tried', async (t) => {
  const { kms, clock, calls, primary, replica, target, asked } = await world();
  kms.key(primary).failure = 'UNREACHABLE';
  await asked();
  kms.key(replica).failure = 'UNREACHABLE';
  kms.key(primary).failure = null;
  t.is((await running(clock, calls.generate(target, CONTEXT))).reference, primary);
});

test('a dead key without replica: five failures, then one attempt a second, and its recovery is seen within a second', async (t) => {
  const { kms, clock, calls, primary, alone, observer } = await world();
  kms.key(primary).failure = 'KEY_DISABLED';
  for (let count = 0; count < 100; count++) {
    await t.throwsAsync(calls.generate(alone, CONTEXT), { code: 'KEY_DISABLED' });
  }
  t.is(kms.calls.length, 5);
  t.is(observer.guarded.filter((event) => event === 'RESTING').length, 95);
  kms.key(primary).failure = null;
  clock.advance(1_000);
  t.is((await calls.generate(alone, CONTEXT)).reference, primary);
  t.is((await calls.generate(alone, CONTEXT)).reference, primary);
});

test('in a steady outage there are at most 1.2 attempts a call', async (t) => {
  const { kms, clock, calls, primary, alone } = await world();
  kms.key(primary).failure = 'UNREACHABLE';
  const CALLS = 500;
  for (let count = 0; count < CALLS; count++) {
    await running(clock, calls.generate(alone, CONTEXT)).catch(() => undefined);
    // Once a second: the breaker lets every one of them through.
    clock.advance(1_000);
  }
  t.true(kms.calls.length >= CALLS, `${kms.calls.length} attempts`);
  t.true(kms.calls.length <= 1.2 * CALLS, `${kms.calls.length} attempts`);
});

test('a refusal that may concern one context alone is asked for anew each time', async (t) => {
  const { kms, calls, primary, alone } = await world();
  kms.key(primary).denied = ({ id }) => id === ASSET.id;
  for (let count = 0; count < 10; count++) {
    await t.throwsAsync(calls.generate(alone, CONTEXT), { code: 'KEY_PERMISSION_REVOKED' });
  }
  t.is(kms.calls.length, 10);
  await t.notThrowsAsync(calls.generate(alone, { ...CONTEXT, id: 'another' }));
});

test('the nearest replica is asked first', async (t) => {
  const { primary, replica, asked, kms } = await world({ nearest: ['eu', 'us'] });
  t.deepEqual((await asked()).calls, [replica]);
  kms.key(replica).failure = 'UNREACHABLE';
  t.deepEqual((await asked()).calls, [replica, primary]);
});

test('replicas share the time, and who rests gets what is left', async (t) => {
  const { calls, kms, primary, replica, target } = await world();
  const timeouts: [string, number][] = [];
  const generate = kms.generate.bind(kms);
  kms.generate = (reference, context, call) => {
    timeouts.push([reference, call.timeoutMs]);
    return generate(reference, context, call);
  };
  kms.key(primary).failure = 'UNREACHABLE';
  await calls.generate(target, CONTEXT);
  await calls.generate(target, CONTEXT);
  t.deepEqual(timeouts, [
    [primary, TIMEOUT_MS / 2],
    [replica, TIMEOUT_MS],
    [replica, TIMEOUT_MS],
  ]);
});

test('what a provider throws against its contract is no customer’s decision', async (t) => {
  const { kms, clock, calls, target } = await world();
  kms.generate = () => Promise.reject(new TypeError('a defect'));
  await t.throwsAsync(running(clock, calls.generate(target, CONTEXT)), { code: 'KMS_INVALID_RESPONSE' });
});

test('wrapping goes the same way', async (t) => {
  const { kms, calls, primary, target } = await world();
  const { dataKey } = await calls.generate(target, CONTEXT);
  kms.key(primary).failure = 'UNREACHABLE';
  const { wrapped, reference } = await calls.wrap(target, dataKey, CONTEXT);
  t.is(reference, 'fake:eu-1');
  const unwrapped = await calls.unwrap(target, wrapped, CONTEXT);
  t.deepEqual(unwrapped.dataKey.copyBytes(), dataKey.copyBytes());
});

test('under the platform key each account has its own share', async (t) => {
  const { kms, clock, calls, alone } = await world({ rate: 5 });
  const platform = { ...alone, account: null };
  const generate = (acct: string) => calls.generate(platform, { ...CONTEXT, acct });
  for (let count = 0; count < 5; count++) await generate('acme');
  const late = running(clock, generate('acme'));
  t.is((await generate('globex')).reference, alone.references[0]);
  t.is(kms.count('generate'), 6, 'the account that used up its share waits');
  await t.notThrowsAsync(late);
});

test('however many accounts are silent in one region, another region’s are served', async (t) => {
  const { kms, calls, primary, replica, alone } = await world();
  const { release, released } = gate();
  kms.onCall = ({ reference }) => (reference === primary ? released : undefined);
  const silent = Array.from({ length: 2_000 }, (_, index) =>
    calls.generate({ ...alone, account: `account-${index}` }, CONTEXT),
  );
  await settle();
  t.is(kms.count('generate'), 64 * 16, 'as many as one region may have');
  const { reference, dataKey } = await calls.generate({ ...alone, references: [replica] }, CONTEXT);
  dataKey[Symbol.dispose]();
  t.is(reference, replica);
  release();
  for (const each of await Promise.all(silent)) each.dataKey[Symbol.dispose]();
});

function gate() {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  return { release, released };
}
