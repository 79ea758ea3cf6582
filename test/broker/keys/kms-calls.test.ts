import test from 'ava';
import { KmsCalls } from '../../../broker/keys/kms-calls.ts';
import type { KmsCause } from '../../../broker/kms/provider.ts';
import { DrivenClock } from '../../support/driven-clock.ts';
import { everyProvider } from '../../support/every-provider.ts';
import { FakeKms } from '../../support/fake-kms.ts';
import { Recorder } from '../../support/key-world.ts';

const CONTEXT = { acct: 'acme' };

function world(options: { concurrency?: number; timeoutMs?: number } = {}) {
  const { concurrency = 64, timeoutMs = 5_000 } = options;
  const kms = new FakeKms();
  const clock = new DrivenClock();
  const calls = new KmsCalls({
    providers: everyProvider(kms),
    clock,
    timeoutMs,
    concurrency,
    observer: new Recorder(),
  });
  const primary = kms.createKey('primary');
  const replica = kms.replicate(primary, 'replica');
  const target = { provider: 'aws', references: [primary, replica] } as const;
  return { kms, clock, calls, primary, replica, target };
}

const OUTCOMES: readonly [
  primary: KmsCause | null,
  replica: KmsCause | null,
  outcome: string,
  asked: number,
][] = [
  [null, 'UNREACHABLE', 'primary', 1],
  ['UNREACHABLE', null, 'replica', 2],
  ['THROTTLED', null, 'replica', 2],
  ['KEY_DISABLED', null, 'replica', 2],
  ['UNREACHABLE', 'THROTTLED', 'KMS_THROTTLED', 2],
  ['UNREACHABLE', 'KEY_DISABLED', 'KEY_DISABLED', 2],
  ['KEY_DISABLED', 'UNREACHABLE', 'KEY_DISABLED', 2],
  ['KEY_DISABLED', 'PERMISSION_REVOKED', 'KEY_PERMISSION_REVOKED', 2],
  ['CONTEXT_MISMATCH', null, 'KMS_CONTEXT_MISMATCH', 1],
];

for (const [first, second, outcome, asked] of OUTCOMES) {
  test(`primary ${first ?? 'OK'}, replica ${second ?? 'OK'}: ${outcome}`, async (t) => {
    const { kms, calls, primary, replica, target } = world();
    kms.key(primary).failure = first;
    kms.key(replica).failure = second;
    const running = calls.generate(target, CONTEXT);
    const expected = outcome.toUpperCase() === outcome ? outcome : null;
    if (expected) await t.throwsAsync(running, { code: expected });
    else t.is((await running).reference, `fake:${outcome}`);
    t.is(kms.calls.length, asked);
  });
}

test('a key that does not answer is tried last for a while, not first each time', async (t) => {
  const { kms, clock, calls, primary, replica, target } = world();
  kms.key(primary).failure = 'UNREACHABLE';
  const asked = async () => {
    kms.calls.length = 0;
    await calls.generate(target, CONTEXT);
    return kms.calls.map(({ reference }) => reference);
  };
  t.deepEqual(await asked(), [primary, replica]);
  t.deepEqual(await asked(), [replica]);
  kms.key(replica).failure = 'UNREACHABLE';
  kms.key(primary).failure = null;
  t.deepEqual(await asked(), [replica, primary]);
  clock.advance(10_000);
  t.deepEqual(await asked(), [primary]);
});

test('what a provider throws against its contract is no customer’s decision', async (t) => {
  const { kms, calls, target } = world();
  kms.generate = () => Promise.reject(new TypeError('a defect'));
  await t.throwsAsync(calls.generate(target, CONTEXT), { code: 'KMS_INVALID_RESPONSE' });
});

test('a dead key holds a bounded number of calls, and another key’s calls pass', async (t) => {
  const { kms, calls, primary } = world({ concurrency: 2 });
  let release: () => void = () => undefined;
  const dead = new Promise<void>((resolve) => (release = resolve));
  kms.onCall = ({ reference }) => (reference === primary ? dead : undefined);
  const target = { provider: 'aws', references: [primary] } as const;
  const outcomes = Promise.allSettled(Array.from({ length: 100 }, () => calls.generate(target, CONTEXT)));
  t.is(kms.calls.length, 2);
  const alive = { provider: 'aws', references: [kms.createKey('alive')] } as const;
  await t.notThrowsAsync(calls.generate(alive, CONTEXT));
  release();
  const served = (await outcomes).filter(({ status }) => status === 'fulfilled').length;
  // Two at once and sixteen waiting for each of them; the rest was refused at the door.
  t.is(served, 2 + 2 * 16);
});

test('who waits longer than a call may take is refused', async (t) => {
  const { kms, clock, calls, primary } = world({ concurrency: 1 });
  const release = kms.hold();
  const target = { provider: 'aws', references: [primary] } as const;
  const first = calls.generate(target, CONTEXT);
  const second = calls.generate(target, CONTEXT);
  clock.advance(5_000);
  await t.throwsAsync(second, { code: 'KMS_THROTTLED' });
  release();
  await t.notThrowsAsync(first);
  await t.notThrowsAsync(calls.generate(target, CONTEXT));
});
