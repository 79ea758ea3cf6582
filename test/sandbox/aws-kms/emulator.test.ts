import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GetKeyPolicyCommand,
  KMSClient,
  KMSServiceException,
  PutKeyPolicyCommand,
  ReplicateKeyCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import test, { type ExecutionContext } from 'ava';
import {
  startAwsKms,
  type AwsKms,
  type AwsKmsOptions,
  type PrincipalHandle,
} from '../../../sandbox/aws-kms/emulator.ts';
import { BROKER_ACCOUNT, CUSTOMER_ACCOUNT, customerPolicy } from '../../support/aws-kms.ts';

const HOME = 'us-east-1';
const AWAY = 'us-west-2';
const CONTEXT = { acct: 'acme', id: 'meeting-1' };

async function start(t: ExecutionContext, options: Partial<AwsKmsOptions> = {}): Promise<AwsKms> {
  const kms = await startAwsKms({ regions: [HOME, AWAY], ...options });
  t.teardown(() => kms.close());
  return kms;
}

function connect(t: ExecutionContext, kms: AwsKms, credentials: PrincipalHandle, region = HOME): KMSClient {
  const client = new KMSClient({
    region,
    endpoint: kms.endpoints[region] ?? '',
    credentials,
    maxAttempts: 1,
  });
  t.teardown(() => client.destroy());
  return client;
}

function admin(kms: AwsKms): PrincipalHandle {
  return kms.createPrincipal({ account: CUSTOMER_ACCOUNT, kind: 'user', name: 'admin' });
}

async function failsWith(t: ExecutionContext, name: string, call: Promise<unknown>): Promise<void> {
  const error = await t.throwsAsync(call, { instanceOf: KMSServiceException });
  t.is(error.name, name);
}

test('a customer manages a multi-region key through the SDK', async (t) => {
  const kms = await start(t);
  const client = connect(t, kms, admin(kms));
  const { KeyMetadata: made } = await client.send(
    new CreateKeyCommand({ MultiRegion: true, Description: 'ours' }),
  );
  const KeyId = made?.Arn ?? '';
  t.regex(KeyId, /^arn:aws:kms:us-east-1:111122223333:key\/mrk-[0-9a-f]{32}$/);
  const { ReplicaKeyMetadata: replica } = await client.send(
    new ReplicateKeyCommand({ KeyId, ReplicaRegion: AWAY }),
  );
  t.is(replica?.Arn, KeyId.replace(HOME, AWAY));
  t.is(replica?.MultiRegionConfiguration?.MultiRegionKeyType, 'REPLICA');

  const sealed = await client.send(
    new EncryptCommand({ KeyId, Plaintext: Buffer.from('hello'), EncryptionContext: CONTEXT }),
  );
  await client.send(new RotateKeyOnDemandCommand({ KeyId }));
  const away = connect(t, kms, admin(kms), AWAY);
  const opened = await away.send(
    new DecryptCommand({ CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: CONTEXT }),
  );
  t.is(Buffer.from(opened.Plaintext ?? []).toString(), 'hello');
  t.is(opened.KeyId, replica?.Arn, 'the key was found by the blob, in the caller’s region');
});

test('a replica has a policy of its own, and cannot be disabled from afar', async (t) => {
  const kms = await start(t);
  const broker = kms.createPrincipal({ account: BROKER_ACCOUNT, kind: 'role', name: 'broker' });
  const key = kms.createKey({
    account: CUSTOMER_ACCOUNT,
    region: HOME,
    multiRegion: true,
    policy: customerPolicy(broker.arn),
  });
  const replica = kms.replicateKey(key, AWAY);
  const home = connect(t, kms, broker);
  const away = connect(t, kms, broker, AWAY);
  await failsWith(t, 'AccessDeniedException', away.send(new DescribeKeyCommand({ KeyId: replica })));
  kms.putKeyPolicy(replica, customerPolicy(broker.arn));
  kms.disableKey(key);
  const asked = { KeySpec: 'AES_256', EncryptionContext: CONTEXT } as const;
  await failsWith(t, 'DisabledException', home.send(new GenerateDataKeyCommand({ KeyId: key, ...asked })));
  await t.notThrowsAsync(away.send(new GenerateDataKeyCommand({ KeyId: replica, ...asked })));
});

test('requests that real KMS refuses are refused', async (t) => {
  const kms = await start(t);
  const client = connect(t, kms, admin(kms));
  const key = kms.createKey({ account: CUSTOMER_ACCOUNT, region: HOME });
  const away = kms.createKey({ account: CUSTOMER_ACCOUNT, region: AWAY });
  await failsWith(t, 'NotFoundException', client.send(new DescribeKeyCommand({ KeyId: away })));
  await failsWith(t, 'NotFoundException', client.send(new DescribeKeyCommand({ KeyId: 'alias/ours' })));
  await failsWith(t, 'InvalidArnException', client.send(new DescribeKeyCommand({ KeyId: 'arn:aws:kms:x' })));
  await failsWith(t, 'ValidationException', client.send(new GenerateDataKeyCommand({ KeyId: key })));
  await failsWith(
    t,
    'ValidationException',
    client.send(new ScheduleKeyDeletionCommand({ KeyId: key, PendingWindowInDays: 1 })),
  );
  await failsWith(
    t,
    'UnsupportedOperationException',
    client.send(new ReplicateKeyCommand({ KeyId: key, ReplicaRegion: AWAY })),
  );
  await failsWith(
    t,
    'UnsupportedOperationException',
    client.send(new GenerateDataKeyCommand({ KeyId: key, KeySpec: 'AES_256', DryRun: true })),
  );
  await failsWith(
    t,
    'InvalidCiphertextException',
    client.send(new DecryptCommand({ CiphertextBlob: Buffer.from('nonsense') })),
  );
  const lockedOut = JSON.stringify(customerPolicy(null)).replace('kms:*', 'kms:Decrypt');
  await failsWith(
    t,
    'MalformedPolicyDocumentException',
    client.send(new PutKeyPolicyCommand({ KeyId: key, Policy: lockedOut })),
  );
  const { Policy } = await client.send(new GetKeyPolicyCommand({ KeyId: key }));
  t.regex(Policy ?? '', /Enable IAM User Permissions/);
});

test('a primary key waits for its replicas before it is deleted', async (t) => {
  let nowMs = Date.now();
  const kms = await start(t, { nowMs: () => nowMs });
  const primary = kms.createKey({ account: CUSTOMER_ACCOUNT, region: HOME, multiRegion: true });
  const replica = kms.replicateKey(primary, AWAY);
  const client = connect(t, kms, admin(kms));
  const state = async () =>
    (await client.send(new DescribeKeyCommand({ KeyId: primary }))).KeyMetadata?.KeyState;
  kms.scheduleKeyDeletion(primary, 7);
  t.is(await state(), 'PendingReplicaDeletion');
  kms.deleteKey(replica);
  t.is(await state(), 'PendingDeletion');
  kms.cancelKeyDeletion(primary);
  t.is(await state(), 'Disabled');
  kms.scheduleKeyDeletion(primary, 7);
  nowMs += 7 * 86_400_000;
  t.throws(() => kms.enableKey(primary), { message: /does not exist/ });
});

test('the log shows every call as CloudTrail does, and no secrets', async (t) => {
  const kms = await start(t);
  const broker = kms.createPrincipal({ account: BROKER_ACCOUNT, kind: 'role', name: 'broker' });
  const key = kms.createKey({ account: CUSTOMER_ACCOUNT, region: HOME, policy: customerPolicy(broker.arn) });
  const client = connect(t, kms, broker);
  const made = await client.send(
    new GenerateDataKeyCommand({ KeyId: key, KeySpec: 'AES_256', EncryptionContext: CONTEXT }),
  );
  const opening = { KeyId: key, CiphertextBlob: made.CiphertextBlob, EncryptionContext: CONTEXT };
  await client.send(new DecryptCommand(opening));
  kms.disableKey(key);
  await failsWith(t, 'DisabledException', client.send(new DecryptCommand(opening)));

  t.deepEqual(
    kms.events({ key }).map(({ eventName, errorCode, readOnly }) => [eventName, errorCode ?? null, readOnly]),
    [
      ['CreateKey', null, false],
      ['GenerateDataKey', null, true],
      ['Decrypt', null, true],
      ['DisableKey', null, false],
      ['Decrypt', 'DisabledException', true],
    ],
  );
  const [decrypt] = kms.events({ eventName: 'Decrypt' });
  t.like(decrypt, {
    eventSource: 'kms.amazonaws.com',
    awsRegion: HOME,
    sourceIPAddress: '127.0.0.1',
    requestParameters: { encryptionAlgorithm: 'SYMMETRIC_DEFAULT', encryptionContext: CONTEXT, keyId: key },
    resources: [{ accountId: CUSTOMER_ACCOUNT, type: 'AWS::KMS::Key', ARN: key }],
    recipientAccountId: CUSTOMER_ACCOUNT,
  });
  t.like(decrypt?.userIdentity, { type: 'AWSAccount', accountId: BROKER_ACCOUNT });
  t.regex(decrypt?.eventTime ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  t.regex(decrypt?.userAgent ?? '', /^aws-sdk-js\//);
  const log = JSON.stringify(kms.events());
  for (const secret of [made.Plaintext, made.CiphertextBlob]) {
    t.false(log.includes(Buffer.from(secret ?? []).toString('base64')));
  }
});

test('throttling strikes the next calls, or those beyond a rate', async (t) => {
  let nowMs = Date.now();
  const kms = await start(t, { nowMs: () => nowMs });
  const key = kms.createKey({ account: CUSTOMER_ACCOUNT, region: HOME });
  const other = kms.createKey({ account: CUSTOMER_ACCOUNT, region: HOME });
  const client = connect(t, kms, admin(kms));
  const describe = (KeyId: string) => client.send(new DescribeKeyCommand({ KeyId }));

  kms.faults.add({ effect: { kind: 'throttle' }, key, times: 2 });
  await t.notThrowsAsync(describe(other));
  for (let call = 0; call < 2; call++) await failsWith(t, 'ThrottlingException', describe(key));
  await t.notThrowsAsync(describe(key));

  const remove = kms.faults.add({ effect: { kind: 'throttle', perSecond: 2 }, region: HOME });
  for (let call = 0; call < 2; call++) await t.notThrowsAsync(describe(key));
  await failsWith(t, 'ThrottlingException', describe(key));
  nowMs += 500;
  await t.notThrowsAsync(describe(key));
  await failsWith(t, 'ThrottlingException', describe(key));
  remove();
  await t.notThrowsAsync(describe(key));
});

test('latency delays one operation and not the others', async (t) => {
  const kms = await start(t);
  const key = kms.createKey({ account: CUSTOMER_ACCOUNT, region: HOME });
  const client = connect(t, kms, admin(kms));
  kms.faults.add({ effect: { kind: 'latency', ms: 1_500 }, operation: 'GetKeyPolicy' });
  const startedMs = performance.now();
  const ended: string[] = [];
  const delayed = client.send(new GetKeyPolicyCommand({ KeyId: key })).then(() => ended.push('delayed'));
  await client.send(new DescribeKeyCommand({ KeyId: key })).then(() => ended.push('other'));
  await delayed;
  t.true(performance.now() - startedMs >= 1_495);
  t.deepEqual(ended, ['other', 'delayed']);
});

test('a restart keeps keys and access keys, if it is told where', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'cmk-kms-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const paths = { statePath: join(dir, 'state.json'), eventsPath: join(dir, 'events.jsonl') };
  const before = await startAwsKms({ regions: [HOME, AWAY], ...paths });
  const credentials = admin(before);
  const key = before.createKey({ account: CUSTOMER_ACCOUNT, region: HOME, multiRegion: true });
  const replica = before.replicateKey(key, AWAY);
  const sealed = await connect(t, before, credentials).send(
    new EncryptCommand({ KeyId: key, Plaintext: Buffer.from('hello'), EncryptionContext: CONTEXT }),
  );
  before.rotateKey(key);
  before.disableKey(replica);
  await before.close();

  const after = await start(t, paths);
  const opening = { CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: CONTEXT };
  const opened = await connect(t, after, credentials).send(new DecryptCommand({ KeyId: key, ...opening }));
  t.is(Buffer.from(opened.Plaintext ?? []).toString(), 'hello');
  const away = connect(t, after, credentials, AWAY);
  await failsWith(t, 'DisabledException', away.send(new DecryptCommand({ KeyId: replica, ...opening })));
  t.is((await stat(paths.statePath)).mode & 0o777, 0o600);
  const lines = (await readFile(paths.eventsPath, 'utf8')).trim().split('\n');
  t.deepEqual(
    lines.map((line) => (JSON.parse(line) as { eventName: string }).eventName),
    ['CreateKey', 'ReplicateKey', 'Encrypt', 'RotateKeyOnDemand', 'DisableKey', 'Decrypt', 'Decrypt'],
  );
});

test('the control API acts as the customer', async (t) => {
  const kms = await start(t, { controlPort: 0 });
  const control = async (
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ) => {
    const response = await fetch(`${kms.controlUrl ?? ''}${path}`, {
      method,
      headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, body: await response.json() };
  };
  const { body: broker } = await control('POST', '/principals', {
    account: BROKER_ACCOUNT,
    kind: 'role',
    name: 'broker',
  });
  const { arn: brokerArn } = broker as PrincipalHandle;
  const policy = customerPolicy(brokerArn);
  const { body: created } = await control('POST', '/keys', {
    account: CUSTOMER_ACCOUNT,
    region: HOME,
    multiRegion: true,
    policy,
  });
  const { arn } = created as { arn: string };
  const replica = arn.replace(HOME, AWAY);
  t.deepEqual(await control('POST', `/keys/${arn}/replicate?region=${AWAY}`, policy), {
    status: 200,
    body: { arn: replica },
  });

  const client = connect(t, kms, broker as PrincipalHandle);
  await t.notThrowsAsync(client.send(new DescribeKeyCommand({ KeyId: arn })));
  const id = arn.split('/')[1] ?? '';
  t.deepEqual(await control('POST', `/keys/${id}/disable`), {
    status: 200,
    body: [
      { arn, state: 'Disabled' },
      { arn: replica, state: 'Disabled' },
    ],
  });
  t.deepEqual((await control('POST', `/keys/${id}/enable?region=${AWAY}`)).body, [
    { arn: replica, state: 'Enabled' },
  ]);
  await control('POST', `/keys/${arn}/policy`, customerPolicy(null));
  await failsWith(t, 'AccessDeniedException', client.send(new DescribeKeyCommand({ KeyId: arn })));
  const { body: denied } = await control('GET', '/events?errorCode=AccessDenied');
  t.is((denied as object[]).length, 1);

  t.is((await control('POST', '/keys/unknown/disable')).status, 404);
  t.is((await control('POST', `/keys/${id}/explode`)).status, 404);
  t.is((await control('POST', `/keys/${id}/disable`, undefined, { origin: 'https://web.test' })).status, 400);
});

test('a region that is gone refuses connections until it is back', async (t) => {
  const kms = await start(t);
  const key = kms.createKey({ account: CUSTOMER_ACCOUNT, region: HOME });
  const client = connect(t, kms, admin(kms));
  await kms.stopRegion(HOME);
  await t.throwsAsync(client.send(new DescribeKeyCommand({ KeyId: key })), { code: 'ECONNREFUSED' });
  await kms.startRegion(HOME);
  await t.notThrowsAsync(client.send(new DescribeKeyCommand({ KeyId: key })));
});
