import test from 'ava';
import {
  CallGuard,
  type GuardedCall,
  type GuardLimit,
  type GuardSettings,
} from '../../../../broker/keys/guard/call-guard.ts';
import { KmsError } from '../../../../broker/kms/provider.ts';
import { DrivenClock } from '../../../support/driven-clock.ts';

const PLENTY: GuardSettings = { kmsConcurrency: 1_000, kmsAccountRate: 100_000, kmsQuotaShare: 100 };
const ACME: GuardedCall = {
  account: 'acme',
  provider: 'aws',
  place: 'eu-central-1',
  quota: null,
  maxWaitMs: 1_000,
};
const GLOBEX: GuardedCall = { ...ACME, account: 'globex' };

function world(settings: Partial<GuardSettings>) {
  const clock = new DrivenClock();
  const refused: GuardLimit[] = [];
  const guard = new CallGuard({
    clock,
    settings: { ...PLENTY, ...settings },
    onRefused: (_provider, limit) => refused.push(limit),
  });
  let running = 0;
  const releases: (() => void)[] = [];
  /** Work that goes on until it is released. */
  const hang = (call: GuardedCall) =>
    guard.run(call, () => {
      running++;
      return new Promise<void>((resolve) => releases.push(resolve));
    });
  const many = (count: number, call: GuardedCall) =>
    Promise.allSettled(Array.from({ length: count }, () => hang(call)));
  const release = () => releases.splice(0).forEach((go) => go());
  return { clock, guard, refused, many, hang, release, running: () => running };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test('a dead account holds its share of calls, sixteen times as many wait, the rest is refused', async (t) => {
  const { guard, clock, many, running, refused } = world({ kmsConcurrency: 2 });
  void many(100, ACME);
  await settle();
  t.is(running(), 2);
  t.deepEqual([...new Set(refused)], ['ACCOUNT_CONCURRENCY']);
  t.is(refused.length, 100 - 2 - 2 * 16);
  t.is(await guard.run(GLOBEX, () => Promise.resolve('served')), 'served');
  clock.advance(1_000);
  await settle();
  t.is(refused.length, 98);
});

test('a place goes to the next in the queue', async (t) => {
  const { many, running, release } = world({ kmsConcurrency: 1 });
  const outcomes = many(5, ACME);
  for (let turn = 1; turn <= 5; turn++) {
    await settle();
    t.is(running(), turn);
    release();
  }
  t.true((await outcomes).every(({ status }) => status === 'fulfilled'));
});

test('an account has its rate, another account its own', async (t) => {
  const { guard, clock, refused } = world({ kmsAccountRate: 10 });
  const ask = (call: GuardedCall) => guard.run({ ...call, maxWaitMs: 100 }, () => Promise.resolve('ok'));
  for (let calls = 0; calls < 10; calls++) await ask(ACME);
  const late = ask(ACME);
  const error = await t.throwsAsync(ask(ACME), { instanceOf: KmsError });
  t.is(error.kmsCause, 'THROTTLED');
  t.deepEqual(refused, ['ACCOUNT_RATE']);
  t.is(await ask(GLOBEX), 'ok');
  clock.advance(100);
  t.is(await late, 'ok');
});

test('all accounts together keep to the share of the provider’s quota, each scope for itself', async (t) => {
  const { guard, refused } = world({ kmsQuotaShare: 30 });
  const ask = (account: string, scope: string) =>
    guard.run({ ...ACME, account, quota: { scope, perSecond: 100 }, maxWaitMs: 0 }, () => Promise.resolve());
  const outcomes = await Promise.allSettled(Array.from({ length: 40 }, (_, i) => ask(`account-${i}`, 'one')));
  t.is(outcomes.filter(({ status }) => status === 'fulfilled').length, 30);
  t.deepEqual([...new Set(refused)], ['PROVIDER_QUOTA']);
  await t.notThrowsAsync(ask('acme', 'two'));
});

test('many sick accounts in one place together hold no more than its share', async (t) => {
  const { many, running, refused } = world({ kmsConcurrency: 1 });
  for (let i = 0; i < 20; i++) void many(1, { ...ACME, account: `account-${i}` });
  await settle();
  t.is(running(), 16);
  t.deepEqual(refused, []);
});

test('a dead region and hundreds of dead hosts slow nobody elsewhere', async (t) => {
  const { guard, many, running, refused } = world({ kmsConcurrency: 2 });
  for (let i = 0; i < 500; i++) void many(1, { ...ACME, account: `account-${i}`, place: 'dead-1' });
  await settle();
  t.is(running(), 2 * 16);
  for (let i = 0; i < 500; i++) {
    void many(2, { ...ACME, account: `host-${i}`, provider: 'azure', place: `dead-${i}.vault.azure.net` });
  }
  await settle();
  t.is(running(), 2 * 16 + 1_000);
  t.is(await guard.run({ ...GLOBEX, maxWaitMs: 0 }, () => Promise.resolve('served')), 'served');
  const vault = { ...GLOBEX, provider: 'azure', place: 'well.vault.azure.net', maxWaitMs: 0 } as const;
  t.is(await guard.run(vault, () => Promise.resolve('served')), 'served');
  // The same name elsewhere is another place.
  t.is(await guard.run({ ...vault, place: 'dead-1' }, () => Promise.resolve('served')), 'served');
  t.deepEqual([...new Set(refused)], []);
});

test('a KMS that throttles is asked less by the account that it throttled, not by others', async (t) => {
  const { guard, clock } = world({ kmsAccountRate: 10 });
  const throttled = () => Promise.reject(new KmsError('THROTTLED', 'too much'));
  await t.throwsAsync(guard.run(ACME, throttled));
  clock.advance(1_000);
  const served = async (call: GuardedCall) => {
    const calls = Array.from({ length: 10 }, () =>
      guard.run({ ...call, maxWaitMs: 0 }, () => Promise.resolve()),
    );
    return (await Promise.allSettled(calls)).filter(({ status }) => status === 'fulfilled').length;
  };
  t.is(await served(ACME), 7);
  t.is(await served(GLOBEX), 10);
});

test('work that fails gives its place back', async (t) => {
  const { guard } = world({ kmsConcurrency: 1 });
  await t.throwsAsync(
    guard.run(ACME, () => Promise.reject(new Error('failed'))),
    { message: 'failed' },
  );
  t.is(await guard.run(ACME, () => Promise.resolve('served')), 'served');
});
