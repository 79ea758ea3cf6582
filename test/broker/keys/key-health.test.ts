import test from 'ava';
import { KeyHealth } from '../../../broker/keys/key-health.ts';
import { KmsError } from '../../../broker/kms/provider.ts';
import { DataKey } from '../../../core/data-key.ts';
import { canaryKey } from '../../support/canaries.ts';
import { DrivenClock } from '../../support/driven-clock.ts';
import { Recorder } from '../../support/key-world.ts';
import { aKek } from '../../support/stored-facts.ts';

function world() {
  const clock = new DrivenClock();
  const observer = new Recorder();
  const revocations = { publish: () => Promise.resolve() };
  const ledger = { event: () => ({}) };
  const unused = {};
  const facts = { kms: unused, revocations, ledger, clock, observer };
  const health = new KeyHealth(facts as unknown as ConstructorParameters<typeof KeyHealth>[0]);
  const kek = aKek();
  const refuse = async () => {
    clock.advance(1);
    const refused = () => Promise.reject(new KmsError('KEY_DISABLED', 'disabled'));
    await health.observe(kek, refused).catch(() => undefined);
    await health.settled();
    clock.advance(1);
  };
  const allow = () => health.observe(kek, () => Promise.resolve({ startedAtMs: clock.monotonicMs() }));
  return { health, kek, clock, observer, refuse, allow };
}

test('a key may come back ten times at once, and then each five seconds', async (t) => {
  const { clock, observer, refuse, allow } = world();
  const flip = async () => {
    await refuse();
    return allow().then(
      () => true,
      () => false,
    );
  };
  for (let turn = 0; turn < 10; turn++) t.true(await flip());
  for (let turn = 0; turn < 10; turn++) t.false(await flip());
  t.is(observer.revocations.length, 11);
  clock.advance(5_000);
  t.true(await flip());
  t.false(await flip());
  clock.advance(3_600_000);
  for (let turn = 0; turn < 10; turn++) t.true(await flip());
  t.false(await flip());
});

test('a use that waited for its turn while the key came back for the last time and went is not believed', async (t) => {
  const { health, kek, clock, refuse, allow } = world();
  for (let turn = 0; turn < 9; turn++) {
    await refuse();
    await allow();
  }
  await refuse();
  const dataKey = DataKey.take(canaryKey());
  const use = health.observe(kek, async () => {
    await allow();
    await refuse();
    return { startedAtMs: clock.monotonicMs(), dataKey };
  });
  await t.throwsAsync(use, { code: 'KEY_DISABLED', message: /comes and goes too often/ });
  t.throws(() => dataKey.copyBytes(), undefined, 'what it brought is gone');
});
