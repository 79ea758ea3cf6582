import test, { type ExecutionContext } from 'ava';
import { KmsCalls, type KmsTarget } from '../../../broker/keys/kms-calls.ts';
import { AwsKmsProvider } from '../../../broker/kms/aws/provider.ts';
import { assetContext } from '../../../core/encryption-context.ts';
import { CmkError } from '../../../core/errors.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { startAwsKms } from '../../../sandbox/aws-kms/emulator.ts';
import { BROKER_ACCOUNT, CUSTOMER_ACCOUNT, awsConfigFor, customerPolicy } from '../../support/aws-kms.ts';
import { canaryBytes } from '../../support/canaries.ts';
import { everyProvider } from '../../support/every-provider.ts';
import { eventually } from '../../support/eventually.ts';
import { ASSET, Recorder } from '../../support/key-world.ts';

const HOME = 'us-east-1';
const AWAY = 'eu-central-1';
const TIMEOUT_MS = 1_500;
/** For a machine that is busy with other tests. */
const GRACE_MS = 2_500;
const CONTEXT = assetContext(ASSET, 1_700_000_000);

/** The real SDK against the emulator, with two accounts. */
async function world(t: ExecutionContext, kmsTimeoutMs = TIMEOUT_MS) {
  const kms = await startAwsKms({ regions: [HOME, AWAY], randomBytes: canaryBytes });
  const broker = kms.createPrincipal({ account: BROKER_ACCOUNT, kind: 'role', name: 'key-broker' });
  const provider = new AwsKmsProvider(awsConfigFor(kms), broker);
  t.teardown(async () => {
    calls.close();
    provider.close();
    await kms.close();
  });
  const observer = new Recorder();
  const calls = new KmsCalls({
    providers: everyProvider(provider),
    clock: systemClock,
    observer,
    settings: {
      kmsTimeoutMs,
      kmsConcurrency: 16,
      kmsAccountRate: 1_000,
      kmsQuotaShare: 100,
      kmsNearest: null,
    },
  });
  const allowed = customerPolicy(broker.arn);
  const newKey = async (account: string): Promise<KmsTarget & { references: readonly [string, string] }> => {
    const key = kms.createKey({
      account: CUSTOMER_ACCOUNT,
      region: HOME,
      multiRegion: true,
      policy: allowed,
    });
    const replica = kms.replicateKey(key, AWAY, allowed);
    const target = { account, provider: 'aws', references: [key, replica], role: null } as const;
    const { dataKey, wrapped } = await calls.generate({ ...target, canary: null }, CONTEXT);
    dataKey[Symbol.dispose]();
    return { ...target, canary: { wrapped, context: CONTEXT } };
  };
  return { kms, calls, newKey, observer };
}

async function generate(calls: KmsCalls, target: KmsTarget) {
  const startedMs = performance.now();
  try {
    const { dataKey, reference } = await calls.generate(target, CONTEXT);
    dataKey[Symbol.dispose]();
    return { outcome: reference, ms: performance.now() - startedMs };
  } catch (error) {
    return {
      outcome: error instanceof CmkError ? error.code : String(error),
      ms: performance.now() - startedMs,
    };
  }
}

function generateMany(calls: KmsCalls, target: KmsTarget, count: number) {
  return Promise.all(Array.from({ length: count }, () => generate(calls, target)));
}

test.serial(
  'a silent first replica fails no call, is left alone, and is used again when it is back',
  async (t) => {
    const timeoutMs = 4_000;
    const { kms, calls, newKey } = await world(t, timeoutMs);
    const target = await newKey('acme');
    const [primary, replica] = target.references;
    const mend = kms.faults.add({ key: primary, effect: { kind: 'silence' } });
    const first = await generateMany(calls, target, 20);
    t.deepEqual([...new Set(first.map(({ outcome }) => outcome))], [replica]);
    const opened = await generateMany(calls, target, 20);
    t.deepEqual([...new Set(opened.map(({ outcome }) => outcome))], [replica]);
    t.true(
      Math.max(...opened.map(({ ms }) => ms)) < timeoutMs / 2,
      'nobody waits for the silent one any more',
    );
    mend();
    await eventually(async () => (await generate(calls, target)).outcome === primary, 30_000);
  },
);

for (const effect of [{ kind: 'latency', ms: 10_000 }, { kind: 'silence' }, { kind: 'throttle' }] as const) {
  test.serial(
    `${effect.kind} of one account: its calls end by their deadline, another account's go on`,
    async (t) => {
      const { kms, calls, newKey, observer } = await world(t);
      const [sick, well] = [await newKey('sick'), await newKey('well')];
      for (const key of sick.references) kms.faults.add({ key, effect });
      const outcomes = generateMany(calls, sick, 60);
      const others = await generateMany(calls, well, 5);
      for (const { outcome } of others) t.true(well.references.includes(outcome), outcome);
      for (const { outcome, ms } of await outcomes) {
        t.regex(outcome, /^KMS_(UNREACHABLE|THROTTLED)$/);
        t.true(ms < TIMEOUT_MS + GRACE_MS, `${Math.round(ms)} ms`);
      }
      // By now the breakers are open.
      observer.guarded.length = 0;
      const steady = await generateMany(calls, sick, 100);
      const remembered = observer.guarded.filter((event) => event === 'RESTING').length;
      t.true(remembered >= 2 * (steady.length - 4), `${remembered} answers from memory`);
    },
  );
}
