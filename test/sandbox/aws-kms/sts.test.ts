import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  AssumeRoleCommand,
  GetCallerIdentityCommand,
  STSClient,
  STSServiceException,
} from '@aws-sdk/client-sts';
import test, { type ExecutionContext } from 'ava';
import { startAwsKms, type AwsKms, type AwsKmsOptions } from '../../../sandbox/aws-kms/emulator.ts';
import { BROKER_ACCOUNT, CUSTOMER_ACCOUNT, customerPolicy } from '../../support/aws-kms.ts';
import { EXTERNAL_ID, ROLE, trust } from '../../support/aws-role.ts';

const HOME = 'us-east-1';
const ASKED = { RoleArn: ROLE, RoleSessionName: 'cmk', ExternalId: EXTERNAL_ID };
const BROKER = { account: BROKER_ACCOUNT, kind: 'role', name: 'broker' } as const;
const OWNER = { account: CUSTOMER_ACCOUNT, kind: 'role', name: 'cmk' } as const;

async function start(t: ExecutionContext, options: Partial<AwsKmsOptions> = {}) {
  const kms = await startAwsKms({ regions: [HOME, 'us-west-2'], ...options });
  t.teardown(() => kms.close());
  const broker = kms.createPrincipal(BROKER);
  const trustPolicy = trust(broker.arn, EXTERNAL_ID);
  const role = kms.createPrincipal({ ...OWNER, trustPolicy });
  return { kms, broker, role };
}

function connect(t: ExecutionContext, kms: AwsKms, credentials: object, region = HOME): STSClient {
  const endpoint = kms.stsEndpoints[HOME] ?? '';
  const client = new STSClient({ region, endpoint, credentials: credentials as never, maxAttempts: 1 });
  t.teardown(() => client.destroy());
  return client;
}

async function failsWith(t: ExecutionContext, name: string, status: number, call: Promise<unknown>) {
  const error = await t.throwsAsync(call, { instanceOf: STSServiceException });
  t.deepEqual([error.name, error.$metadata.httpStatusCode], [name, status]);
  return error;
}

test('a role is assumed through the SDK, and its session reaches the key in every region', async (t) => {
  const { kms, broker } = await start(t);
  const asked = new AssumeRoleCommand({ ...ASKED, DurationSeconds: 900 });
  const { AssumedRoleUser, Credentials } = await connect(t, kms, broker).send(asked);
  t.is(AssumedRoleUser?.Arn, `arn:aws:sts::${CUSTOMER_ACCOUNT}:assumed-role/cmk/cmk`);
  t.regex(AssumedRoleUser?.AssumedRoleId ?? '', /^AROA[A-Z2-7]{17}:cmk$/);
  t.regex(Credentials?.AccessKeyId ?? '', /^ASIA/);
  const leftMs = (Credentials?.Expiration?.getTime() ?? 0) - Date.now();
  t.true(leftMs > 890_000 && leftMs <= 900_000);
  const credentials = {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  };
  for (const region of [HOME, 'us-west-2']) {
    const key = kms.createKey({ account: CUSTOMER_ACCOUNT, region, policy: customerPolicy(ROLE) });
    const client = new KMSClient({
      region,
      endpoint: kms.endpoints[region] ?? '',
      credentials,
      maxAttempts: 1,
    });
    t.teardown(() => client.destroy());
    await t.notThrowsAsync(client.send(new DescribeKeyCommand({ KeyId: key })));
  }
  const [event] = kms.events({ eventName: 'AssumeRole', account: CUSTOMER_ACCOUNT });
  t.like(event, { eventSource: 'sts.amazonaws.com', awsRegion: HOME, recipientAccountId: CUSTOMER_ACCOUNT });
  t.false(JSON.stringify(kms.events()).includes(credentials.secretAccessKey));
});

test('whom the trust policy does not let in is denied, whatever is the matter', async (t) => {
  const { kms, broker } = await start(t);
  const sts = connect(t, kms, broker);
  const { ExternalId: _, ...without } = ASKED;
  const stranger = kms.createPrincipal({ ...BROKER, name: 'stranger' });
  for (const [asked, client] of [
    [without, sts],
    [{ ...ASKED, ExternalId: 'another' }, sts],
    [{ ...ASKED, RoleArn: `${ROLE}-of-nobody` }, sts],
    [{ ...ASKED, RoleArn: broker.arn }, sts],
    [ASKED, connect(t, kms, stranger)],
  ] as const) {
    const error = await failsWith(t, 'AccessDenied', 403, client.send(new AssumeRoleCommand(asked)));
    t.regex(
      error.message,
      /^User: arn:aws:sts::.+ is not authorized to perform: sts:AssumeRole on resource: /,
    );
    t.notRegex(error.message, /policy/, 'STS does not say which of them it is');
  }
  t.is(kms.events({ errorCode: 'AccessDenied' }).length, 5);
});

test('a caller of another account needs their own policy’s leave as well', async (t) => {
  const { kms } = await start(t);
  const nothing = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }] };
  const poor = kms.createPrincipal({ ...BROKER, identityPolicy: nothing });
  const asked = new AssumeRoleCommand(ASKED);
  const error = await failsWith(t, 'AccessDenied', 403, connect(t, kms, poor).send(asked));
  t.regex(error.message, /because no identity-based policy allows the sts:AssumeRole action$/);
});

test('the ARN of the caller can be a condition', async (t) => {
  const { kms, broker } = await start(t);
  const sts = connect(t, kms, broker);
  const letIn = (arn: string) => ({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${BROKER_ACCOUNT}:root` },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'aws:PrincipalArn': arn, 'sts:ExternalId': EXTERNAL_ID } },
      },
    ],
  });
  kms.putTrustPolicy(ROLE, letIn(broker.arn));
  await t.notThrowsAsync(sts.send(new AssumeRoleCommand(ASKED)));
  kms.putTrustPolicy(ROLE, letIn(`${broker.arn}-2`));
  await failsWith(t, 'AccessDenied', 403, sts.send(new AssumeRoleCommand(ASKED)));
});

test('requests that real STS refuses are refused', async (t) => {
  const { kms, broker } = await start(t);
  const sts = connect(t, kms, broker);
  for (const wrong of [
    { DurationSeconds: 899 },
    { DurationSeconds: 3_601 },
    { RoleArn: 'arn:aws:iam::111122223333:user/cmk' },
    { RoleSessionName: 'c m k' },
    { ExternalId: 'x' },
  ]) {
    await failsWith(t, 'ValidationError', 400, sts.send(new AssumeRoleCommand({ ...ASKED, ...wrong })));
  }
  const withPolicy = new AssumeRoleCommand({ ...ASKED, Policy: '{}' });
  await failsWith(t, 'UnsupportedOperationException', 400, sts.send(withPolicy));
  await failsWith(t, 'InvalidAction', 400, sts.send(new GetCallerIdentityCommand({})));
  const asked = () => new AssumeRoleCommand(ASKED);
  const unknown = { accessKeyId: 'AKIAUNKNOWNUNKNOWN00', secretAccessKey: 'x' };
  await failsWith(t, 'InvalidClientTokenId', 403, connect(t, kms, unknown).send(asked()));
  const forged = { ...broker, secretAccessKey: 'x' };
  await failsWith(t, 'SignatureDoesNotMatch', 403, connect(t, kms, forged).send(asked()));
  await failsWith(t, 'SignatureDoesNotMatch', 403, connect(t, kms, broker, 'us-west-2').send(asked()));
  const late = kms.createPrincipal({ ...BROKER, expiresAtMs: 1 });
  const error = await t.throwsAsync(connect(t, kms, late).send(asked()), { instanceOf: STSServiceException });
  t.regex(error.name, /^ExpiredToken/);
});

test('a signature for KMS is none for STS', async (t) => {
  const { kms, broker } = await start(t);
  const client = new KMSClient({
    region: HOME,
    endpoint: kms.stsEndpoints[HOME] ?? '',
    credentials: broker,
    maxAttempts: 1,
  });
  t.teardown(() => client.destroy());
  await t.throwsAsync(client.send(new DescribeKeyCommand({ KeyId: 'x' })));
  t.deepEqual(kms.events(), []);
});

for (const [title, statement] of [
  ['a resource', { Resource: '*' }],
  ['an action of KMS', { Action: 'kms:Decrypt' }],
  ['a condition on a context', { Condition: { StringEquals: { 'kms:EncryptionContext:acct': 'acme' } } }],
  ['a condition that is not known', { Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } }],
  ['a service', { Principal: { Service: 'ec2.amazonaws.com' } }],
] as const) {
  test(`a trust policy with ${title} is refused`, async (t) => {
    const { kms, broker } = await start(t);
    const letIn = { Effect: 'Allow', Principal: { AWS: broker.arn }, Action: 'sts:AssumeRole' };
    const trustPolicy = { Version: '2012-10-17', Statement: [{ ...letIn, ...statement }] };
    t.throws(() => kms.createPrincipal({ ...OWNER, trustPolicy }), { message: /./ });
    t.throws(() => kms.putTrustPolicy(ROLE, trustPolicy), { message: /./ });
  });
}

test('the control API makes roles, changes whom they trust, and takes them away', async (t) => {
  const { kms, broker } = await start(t, { controlPort: 0 });
  const control = async (method: string, path: string, body: object | null = null) => {
    const url = `${kms.controlUrl ?? ''}${path}`;
    const response = await fetch(url, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
    t.is(response.status, 200);
    return (await response.json()) as { arn: string; accessKeyId: string };
  };
  const trustPolicy = trust(broker.arn, EXTERNAL_ID);
  const { arn, accessKeyId } = await control('POST', '/principals', { ...OWNER, name: 'keys', trustPolicy });
  const sts = connect(t, kms, broker);
  const assume = () => sts.send(new AssumeRoleCommand({ ...ASKED, RoleArn: arn }));
  await t.notThrowsAsync(assume());
  await control('POST', `/roles/${arn}/trust-policy`, trust(broker.arn, 'another'));
  await failsWith(t, 'AccessDenied', 403, assume());
  await control('POST', `/roles/${arn}/trust-policy`, trustPolicy);
  await t.notThrowsAsync(assume());
  await control('DELETE', `/principals/${accessKeyId}`);
  await failsWith(t, 'AccessDenied', 403, assume());
});
