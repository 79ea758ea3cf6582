import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { startKeyServices } from '../../../broker/keys/services.ts';
import { VERIFICATION_STEPS } from '../../../broker/keys/verify-key.ts';
import { DEFAULT_CATALOGUE } from '../../../broker/model/catalogue.ts';
import { openStore } from '../../../broker/store/open-store.ts';
import { BROKER_ACCOUNT, CUSTOMER_ACCOUNT } from '../../support/aws-kms.ts';
import { ROLE, roleWorld, trust } from '../../support/aws-role.ts';
import { DrivenClock } from '../../support/driven-clock.ts';
import { everyProvider } from '../../support/every-provider.ts';
import { FakeKms } from '../../support/fake-kms.ts';
import { ASSET, PATIENT, RECORDER, Recorder } from '../../support/key-world.ts';

const SESSION = `arn:aws:sts::${CUSTOMER_ACCOUNT}:assumed-role/cmk/cmk`;

/** The use cases over an emulated AWS, where account `acme` has a key behind a role. */
async function world(t: ExecutionContext) {
  const aws = await roleWorld(t);
  const dir = await mkdtemp(join(tmpdir(), 'cmk-keys-'));
  const store = await openStore({ sqlitePath: join(dir, 'cmk.db') });
  const observer = new Recorder();
  const services = await startKeyServices({
    store,
    providers: { ...everyProvider(new FakeKms()), aws: aws.provider },
    clock: new DrivenClock(Date.now()),
    observer,
    catalogue: DEFAULT_CATALOGUE,
    settings: {
      platformKey: [aws.kms.createKey({ account: BROKER_ACCOUNT, region: 'us-east-1' })],
      leaseMs: 300_000,
      cacheEntries: 100,
      probeIntervalMs: 10_000,
      moveRate: 100,
      troubleIntervalMs: 10_000,
      kmsTimeoutMs: 10_000,
      kmsConcurrency: 64,
      kmsAccountRate: 10_000,
      kmsQuotaShare: 100,
      kmsNearest: null,
    },
  });
  t.teardown(async () => {
    await services.close();
    await store.close();
    await rm(dir, { recursive: true });
  });
  const facts = { id: 'acme', name: 'Acme', licence: 'ACCOUNT' } as const;
  const { externalId } = (await services.administration.putAccount('operator', facts)).value;
  await services.administration.setEnrolment('operator', 'acme', ASSET.srvId, ASSET.type, true);
  const letIn = (id: string | null) => aws.kms.putTrustPolicy(ROLE, trust(aws.broker.arn, id));
  const enrol = (role = ROLE, provider: 'aws' | 'azure' = 'aws', references = [aws.key]) =>
    services.enrolKey.run('operator', 'acme', { provider, references, role });
  return { ...services, ...aws, store, observer, externalId, letIn, enrol };
}

test('a key behind a role is enrolled, used and probed as the role alone', async (t) => {
  const { externalId, letIn, enrol, store, key, ...rest } = await world(t);
  letIn(externalId);
  const enrolment = await enrol();
  if (!enrolment.ok) return t.fail(enrolment.error.message);
  t.deepEqual(
    enrolment.steps.map(({ step, outcome }) => `${step} ${outcome}`),
    Object.keys(VERIFICATION_STEPS).map((step) => `${step} OK`),
  );
  const role = { arn: ROLE, externalId };
  t.deepEqual((await store.findKek(enrolment.kek.id))?.role, role);
  t.deepEqual((await store.coverage('acme', 'user-1', ASSET.srvId, ASSET.type))?.keks[0]?.role, role);

  const request = { asset: ASSET, owner: 'user-1', reason: 'STORAGE' } as const;
  await rest.issueDataKey.run(RECORDER, request, PATIENT);
  await rest.probe.runOnce();
  const users = rest.usersOfKey();
  t.deepEqual(users, Array<string>(users.length).fill(SESSION));
  t.deepEqual(
    rest.kms.events({ key }).flatMap(({ eventName, requestParameters }) => {
      const { type } = requestParameters?.encryptionContext ?? {};
      return type === undefined ? [] : [`${eventName} ${type}`];
    }),
    [
      'GenerateDataKey Canary',
      'Encrypt Canary',
      ...Array<string>(4).fill('Decrypt Canary'),
      `GenerateDataKey ${ASSET.type}`,
      'Decrypt Canary',
    ],
  );

  // The role is gone: the first probe finds its session void, the next one that there is no other.
  rest.kms.removePrincipal(rest.roleHandle.accessKeyId);
  await rest.probe.runOnce();
  t.deepEqual(rest.observer.revocations, []);
  await rest.probe.runOnce();
  t.deepEqual(rest.observer.revocations, ['KEY_PERMISSION_REVOKED']);
});

test('a role that does not demand the external id is refused, before the key is touched', async (t) => {
  const { letIn, enrol, store, usersOfKey } = await world(t);
  letIn(null);
  const enrolment = await enrol();
  if (enrolment.ok) return t.fail('it was taken');
  t.is(enrolment.error.code, 'INVALID_ARGUMENT');
  const failed = enrolment.steps.find(({ outcome }) => outcome === 'FAILED');
  t.is(failed?.step, 'EXTERNAL_ID');
  t.regex(failed?.detail ?? '', /requires sts:ExternalId/);
  t.deepEqual(usersOfKey(), []);
  t.deepEqual(await store.listKeks('acme'), []);
});

test('a role that demands another account’s external id is out of reach', async (t) => {
  const { administration, letIn, enrol } = await world(t);
  const facts = { id: 'globex', name: 'Globex', licence: 'ACCOUNT' } as const;
  letIn((await administration.putAccount('operator', facts)).value.externalId);
  const enrolment = await enrol();
  if (enrolment.ok) return t.fail('it was taken');
  t.is(enrolment.error.code, 'KEY_PERMISSION_REVOKED');
  const failed = enrolment.steps.find(({ outcome }) => outcome === 'FAILED');
  t.is(failed?.step, 'EXTERNAL_ID');
  t.regex(failed?.advice ?? '', /^In the role’s trust policy, allow/);
});

test('a role is checked before anybody is asked, and is for AWS and for customers', async (t) => {
  const { enrol, enrolKey, key, assumptions } = await world(t);
  const refused = { code: 'INVALID_ARGUMENT', message: /^role: / };
  await t.throwsAsync(enrol('cmk'), refused);
  await t.throwsAsync(enrol('arn:aws-cn:iam::111122223333:role/cmk'), refused);
  await t.throwsAsync(enrol(ROLE, 'azure', ['fake:x']), refused);
  const platforms = enrolKey.run('operator', null, { provider: 'aws', references: [key], role: ROLE });
  await t.throwsAsync(platforms, refused);
  t.is(assumptions(), 0);
});
