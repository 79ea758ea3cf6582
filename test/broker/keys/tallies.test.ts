import test from 'ava';
import { assetContext } from '../../../core/encryption-context.ts';
import { CmkError } from '../../../core/errors.ts';
import { KmsCalls, type KmsTarget } from '../../../broker/keys/kms-calls.ts';
import { Tallies } from '../../../broker/keys/tallies.ts';
import type { KmsTally } from '../../../broker/store/store.ts';
import { DrivenClock } from '../../support/driven-clock.ts';
import { everyProvider } from '../../support/every-provider.ts';
import { FakeKms } from '../../support/fake-kms.ts';
import { ASSET, Recorder } from '../../support/key-world.ts';

const CONTEXT = assetContext(ASSET, 1_700_000_000);
const HOUR_MS = 3_600_000;

/** KMS calls that are counted into a store which the test makes fail. */
function world(rate: number) {
  const clock = new DrivenClock();
  const observer = new Recorder();
  const kms = new FakeKms();
  const written: KmsTally[] = [];
  const store = { down: false };
  const tallyStore = {
    addKms(tallies: readonly KmsTally[]) {
      if (store.down) return Promise.reject(new CmkError('STORE_UNAVAILABLE', 'down'));
      written.push(...tallies);
      return Promise.resolve();
    },
    uncounted: () => Promise.resolve([]),
  };
  const tallies = new Tallies({ store: { tallies: tallyStore as never }, clock, observer });
  const settings = {
    kmsTimeoutMs: 500,
    kmsConcurrency: 4,
    kmsAccountRate: rate,
    kmsQuotaShare: 100,
    kmsNearest: null,
  };
  const providers = everyProvider(kms);
  const count = tallies.count.bind(tallies);
  const calls = new KmsCalls({ providers, clock, observer, settings, count, pause: () => Promise.resolve() });
  const reference = kms.createKey('one');
  const target: KmsTarget = {
    id: 'k',
    account: 'acme',
    provider: 'aws',
    role: null,
    canary: null,
    references: [reference],
  };
  return { clock, observer, kms, written, store, tallies, calls, reference, target };
}

test('calls are counted for the account, with how they ended', async (t) => {
  const { clock, kms, calls, tallies, written, target, reference } = world(10_000);
  const use = async (of: KmsTarget = target, context = CONTEXT) => {
    await calls.generate(of, context).then(({ dataKey }) => dataKey[Symbol.dispose]());
  };
  await use();
  await use();
  await use({ ...target, id: 'platform', account: null });
  await use({ ...target, id: 'platform', account: null }, { ...CONTEXT, srvId: '0000' });
  kms.key(reference).failure = 'KEY_DISABLED';
  await t.throwsAsync(use());
  await tallies.runOnce();
  const hour = Math.floor(clock.wallMs() / HOUR_MS);
  const tally = {
    account: 'acme',
    hour,
    kekId: 'k',
    reference,
    operation: 'generate',
    result: 'OK',
    calls: 2,
  };
  t.deepEqual(written, [
    tally,
    { ...tally, kekId: 'platform', calls: 1 },
    { ...tally, kekId: 'platform', account: null, calls: 1 },
    { ...tally, result: 'KEY_DISABLED', calls: 1 },
  ]);
});

test('what this broker’s own limits keep back is counted apart', async (t) => {
  const { calls, tallies, written, target } = world(1);
  await calls.generate(target, CONTEXT).then(({ dataKey }) => dataKey[Symbol.dispose]());
  await t.throwsAsync(calls.generate(target, CONTEXT), { code: 'KMS_THROTTLED' });
  await tallies.runOnce();
  t.deepEqual(
    written.map(({ result, calls: count }) => `${result} ${count}`),
    ['OK 1', 'LIMITED 1'],
  );
});

test('what could not be written is written later, with what came since', async (t) => {
  const { calls, tallies, written, target, store, observer } = world(10_000);
  const use = () => calls.generate(target, CONTEXT).then(({ dataKey }) => dataKey[Symbol.dispose]());
  store.down = true;
  await use();
  await tallies.runOnce();
  t.is(observer.background.length, 1);
  await use();
  store.down = false;
  await tallies.stop();
  t.deepEqual(
    written.map((each) => each.calls),
    [2],
  );
});
