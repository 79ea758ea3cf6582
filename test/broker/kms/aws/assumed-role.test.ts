import test from 'ava';
import { AwsKmsProvider } from '../../../../broker/kms/aws/provider.ts';
import { KmsError, type KmsCause } from '../../../../broker/kms/provider.ts';
import { awsSettings } from '../../../../broker/kms/aws/config.ts';
import { readConfig } from '../../../../runtime/config.ts';
import type { FaultEffect } from '../../../../sandbox/aws-kms/faults.ts';
import { awsKmsSettings } from '../../../../sandbox/settings.ts';
import { awsConfigFor, CUSTOMER_ACCOUNT, customerPolicy } from '../../../support/aws-kms.ts';
import { EXTERNAL_ID, ROLE, roleWorld, trust } from '../../../support/aws-role.ts';
import { eventually } from '../../../support/eventually.ts';

const CONTEXT = { acct: 'acme', id: 'meeting-1' };
const TIMEOUT = { timeoutMs: 10_000 };
const MINUTE = 60_000;
const SESSION = `arn:aws:sts::${CUSTOMER_ACCOUNT}:assumed-role/cmk/cmk`;
const STRANGER = { accessKeyId: 'AKIAUNKNOWNUNKNOWN00', secretAccessKey: 'unknown' };

test('every call is the role’s, with one session for all', async (t) => {
  const world = await roleWorld(t);
  const { provider, key, role } = world;
  const call = { ...TIMEOUT, role };
  const [{ dataKey, wrapped }] = await Promise.all([
    provider.generate(key, CONTEXT, call),
    provider.describe(key, call),
    provider.describe(key, call),
  ]);
  const again = await provider.wrap(key, dataKey, CONTEXT, call);
  for (const blob of [wrapped, again]) {
    t.deepEqual((await provider.unwrap(key, blob, CONTEXT, call)).copyBytes(), dataKey.copyBytes());
  }
  t.deepEqual(world.usersOfKey(), Array<string>(6).fill(SESSION));
  const [assumption, ...others] = world.kms.events({ key: ROLE });
  t.deepEqual(others, []);
  t.deepEqual(assumption?.requestParameters, {
    roleArn: ROLE,
    roleSessionName: 'cmk',
    durationSeconds: '900',
    externalId: EXTERNAL_ID,
  });
});

test('the broker itself is not let in, and with a role never tries to be', async (t) => {
  const world = await roleWorld(t);
  const { kms, provider, key, role, broker } = world;
  await t.throwsAsync(provider.describe(key, TIMEOUT), { code: 'KEY_PERMISSION_REVOKED' });
  // Even a key that would let the broker in itself is not asked by it.
  kms.putKeyPolicy(key, customerPolicy(broker.arn));
  const before = world.usersOfKey().length;
  kms.putTrustPolicy(ROLE, trust(broker.arn, 'somebody-else'));
  await t.throwsAsync(provider.generate(key, CONTEXT, { ...TIMEOUT, role }), {
    code: 'KEY_PERMISSION_REVOKED',
    message: /the role’s trust policy does not let the broker assume it/,
  });
  t.is(world.usersOfKey().length, before, 'the KMS was not called at all');
});

test('another account’s external id does not open the role', async (t) => {
  const { provider, key } = await roleWorld(t);
  const role = { arn: ROLE, externalId: 'cmk-ffffffffffffffffffffffffffffffff' };
  await t.notThrowsAsync(provider.describe(key, { ...TIMEOUT, role: { ...role, externalId: EXTERNAL_ID } }));
  await t.throwsAsync(provider.describe(key, { ...TIMEOUT, role }), { code: 'KEY_PERMISSION_REVOKED' });
});

test('a session is renewed some minutes before it ends, in the background', async (t) => {
  const world = await roleWorld(t);
  const call = { ...TIMEOUT, role: world.role };
  const describe = () => world.provider.describe(world.key, call);
  await describe();
  world.pass(9 * MINUTE);
  await describe();
  t.is(world.assumptions(), 1);
  world.pass(2 * MINUTE);
  const mend = world.kms.faults.add({ effect: { kind: 'throttle' }, operation: 'AssumeRole' });
  await t.notThrowsAsync(describe(), 'the session at hand is good while STS has no other');
  await eventually(() => world.assumptions() === 2);
  mend();
  await eventually(async () => {
    world.pass(10_000);
    await describe();
    return world.assumptions() === 3;
  });
});

test('a session that ended is replaced before it is used', async (t) => {
  const world = await roleWorld(t);
  const describe = () => world.provider.describe(world.key, { ...TIMEOUT, role: world.role });
  await describe();
  world.kms.expireSessions(ROLE);
  world.pass(15 * MINUTE);
  await t.notThrowsAsync(describe());
  t.is(world.assumptions(), 2);
});

test('a session that AWS no longer accepts fails once, and the next call has another', async (t) => {
  const world = await roleWorld(t);
  const describe = () => world.provider.describe(world.key, { ...TIMEOUT, role: world.role });
  await describe();
  world.kms.expireSessions(ROLE);
  await t.throwsAsync(describe(), { code: 'KMS_AUTH_FAILED', message: /session of the customer’s role/ });
  await t.notThrowsAsync(describe());
});

test('a role that is taken away is the customer’s decision', async (t) => {
  const world = await roleWorld(t);
  const describe = () => world.provider.describe(world.key, { ...TIMEOUT, role: world.role });
  await describe();
  world.kms.removePrincipal(world.roleHandle.accessKeyId);
  await t.throwsAsync(describe(), { code: 'KMS_AUTH_FAILED' }, 'its sessions are void');
  const error = await t.throwsAsync<KmsError>(describe(), { instanceOf: KmsError });
  t.is(error.kmsCause, 'PERMISSION_REVOKED');
  t.true(error.customerDecision);
});

test('a trust policy that lets nobody in has its effect when the session is to be renewed', async (t) => {
  const world = await roleWorld(t);
  const describe = () => world.provider.describe(world.key, { ...TIMEOUT, role: world.role });
  await describe();
  world.kms.putTrustPolicy(ROLE, trust(world.broker.arn, 'another'));
  await t.notThrowsAsync(describe());
  world.pass(11 * MINUTE);
  await eventually(() =>
    describe().then(
      () => false,
      (error: unknown) => error instanceof KmsError && error.kmsCause === 'PERMISSION_REVOKED',
    ),
  );
});

test('what the role’s own policy does not allow is the customer’s decision too', async (t) => {
  const Statement = [{ Effect: 'Allow', Action: 'kms:DescribeKey', Resource: '*' }];
  const world = await roleWorld(t, { Version: '2012-10-17', Statement });
  const call = { ...TIMEOUT, role: world.role };
  const accountDecides = customerPolicy(null);
  world.kms.putKeyPolicy(world.key, accountDecides);
  await t.notThrowsAsync(world.provider.describe(world.key, call));
  await t.throwsAsync(world.provider.generate(world.key, CONTEXT, call), {
    code: 'KEY_PERMISSION_REVOKED',
    message: /that of the customer’s role/,
  });
});

const FAULTS: Record<string, { effect: FaultEffect; cause: KmsCause }> = {
  throttled: { effect: { kind: 'throttle' }, cause: 'THROTTLED' },
  'internal error': { effect: { kind: 'error', type: 'InternalFailure' }, cause: 'UNREACHABLE' },
  'bad gateway': { effect: { kind: 'malformed', what: 'bare-502' }, cause: 'UNREACHABLE' },
  reset: { effect: { kind: 'reset', at: 'start' }, cause: 'UNREACHABLE' },
  'reset in the answer': { effect: { kind: 'reset', at: 'mid-body' }, cause: 'UNREACHABLE' },
  silence: { effect: { kind: 'silence' }, cause: 'UNREACHABLE' },
  'garbled answer': { effect: { kind: 'malformed', what: 'not-json' }, cause: 'INVALID_RESPONSE' },
  'no credentials': { effect: { kind: 'malformed', what: 'empty-body' }, cause: 'INVALID_RESPONSE' },
  'region not enabled': {
    effect: { kind: 'error', type: 'RegionDisabledException' },
    cause: 'ACCOUNT_ISSUE',
  },
  'our session ended': { effect: { kind: 'error', type: 'ExpiredTokenException' }, cause: 'AUTH_FAILED' },
  'our clock is off': { effect: { kind: 'error', type: 'InvalidSignatureException' }, cause: 'AUTH_FAILED' },
};

for (const [name, { effect, cause }] of Object.entries(FAULTS)) {
  test(`STS, ${name}: ${cause}, and then all is well again`, async (t) => {
    const { kms, provider, key, role } = await roleWorld(t);
    const mend = kms.faults.add({ effect, operation: 'AssumeRole' });
    const startedMs = performance.now();
    const call = { timeoutMs: effect.kind === 'silence' ? 300 : 10_000, role };
    const error = await t.throwsAsync<KmsError>(provider.describe(key, call), { instanceOf: KmsError });
    t.is(error.kmsCause, cause);
    t.true(performance.now() - startedMs < 5_000);
    t.is(kms.events({ key }).filter(({ eventName }) => eventName === 'DescribeKey').length, 0);
    mend();
    if (effect.kind !== 'silence') await t.notThrowsAsync(provider.describe(key, { ...TIMEOUT, role }));
  });
}

test('STS that cannot be reached, or does not know the broker', async (t) => {
  const { kms, key, role, broker } = await roleWorld(t);
  const nowhere = { ...awsKmsSettings(kms), CMK_AWS_STS_ENDPOINT: 'us-east-1=http://127.0.0.1:1' };
  const cutOff = new AwsKmsProvider(readConfig(awsSettings, nowhere), broker);
  const stranger = new AwsKmsProvider(awsConfigFor(kms), STRANGER);
  const call = { ...TIMEOUT, role };
  await t.throwsAsync(cutOff.describe(key, call), { code: 'KMS_UNREACHABLE', message: /AWS STS/ });
  await t.throwsAsync(stranger.describe(key, call), { code: 'KMS_AUTH_FAILED' });
  for (const each of [cutOff, stranger]) each.close();
});

test('a broker whose own policy forbids assuming roles is not the customer’s decision', async (t) => {
  const { kms, key, role } = await roleWorld(t);
  const poor = kms.createPrincipal({
    account: '444455556666',
    kind: 'role',
    name: 'cmk-broker',
    identityPolicy: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }],
    },
  });
  const provider = new AwsKmsProvider(awsConfigFor(kms), poor);
  t.teardown(() => provider.close());
  await t.throwsAsync(provider.describe(key, { ...TIMEOUT, role }), { code: 'KMS_AUTH_FAILED' });
});

test('a region’s session comes from that region', async (t) => {
  const world = await roleWorld(t);
  const { kms, provider, role } = world;
  const policy = customerPolicy(ROLE);
  const away = kms.createKey({ account: CUSTOMER_ACCOUNT, region: 'us-west-2', policy });
  kms.faults.add({ effect: { kind: 'throttle' }, operation: 'AssumeRole', region: 'us-east-1' });
  await t.notThrowsAsync(provider.describe(away, { ...TIMEOUT, role }));
});

const LOOSE: Record<string, [externalId: string | null, operator: string, expected: RegExp | null]> = {
  'the external id': [EXTERNAL_ID, 'StringEquals', null],
  'no external id': [null, '', /can be assumed without one$/],
  'any external id': ['cmk-*', 'StringLike', /can be assumed with another one$/],
  'one that begins like it': [`${EXTERNAL_ID.slice(0, 20)}*`, 'StringLike', /with another one$/],
  'it, if there is one': [EXTERNAL_ID, 'StringEqualsIfExists', /without one$/],
};

for (const [name, [externalId, operator, expected]] of Object.entries(LOOSE)) {
  test(`a trust policy that demands ${name}: ${expected ? 'refused' : 'accepted'} at set-up`, async (t) => {
    const { kms, provider, key, role, broker } = await roleWorld(t);
    kms.putTrustPolicy(ROLE, trust(broker.arn, externalId, operator));
    const check = provider.checkRole(role, key, TIMEOUT);
    if (expected) await t.throwsAsync(check, { code: 'INVALID_ARGUMENT', message: expected });
    else await t.notThrowsAsync(check);
  });
}

test('at set-up only a refusal proves anything', async (t) => {
  const { kms, provider, key, role, broker } = await roleWorld(t);
  kms.faults.add({ effect: { kind: 'throttle' }, operation: 'AssumeRole' });
  await t.throwsAsync(provider.checkRole(role, key, TIMEOUT), { code: 'KMS_THROTTLED' });
  kms.faults.clear();
  kms.putTrustPolicy(ROLE, trust(broker.arn, 'another'));
  await t.throwsAsync(provider.checkRole(role, key, TIMEOUT), { code: 'KEY_PERMISSION_REVOKED' });
});
