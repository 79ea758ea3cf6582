import test, { type ExecutionContext } from 'ava';
import { CreateKeyCommand, DisableKeyCommand, EnableKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { AwsKmsProvider } from '../../../../broker/kms/aws/provider.ts';
import type { AwsSetUpFacts } from '../../../../broker/kms/aws/set-up.ts';
import { startAwsKms, type AwsKms, type PrincipalHandle } from '../../../../sandbox/aws-kms/emulator.ts';
import { BROKER_ACCOUNT, CUSTOMER_ACCOUNT, awsConfigFor } from '../../../support/aws-kms.ts';
import { CustomersShell, keySetUpFor, OPERATOR, optionOf, textOf } from '../../../support/set-up.ts';

const [HOME, AWAY] = ['us-east-1', 'us-west-2'];
const FACTS: AwsSetUpFacts = { awsAccount: CUSTOMER_ACCOUNT, regions: [HOME, AWAY] };
const ROLE = { name: 'cmk', externalId: 'ext:0001' };
const CALL = { timeoutMs: 10_000 };
const CONTEXT = { acct: 'acme', id: 'meeting-1' };
/** By the key's policy, and by that of the caller's own account. */
const DENIED = ['KEY_PERMISSION_REVOKED', 'KMS_AUTH_FAILED'];

interface Policy {
  Statement: Record<string, unknown>[];
}

const documentsOf = (facts: Partial<AwsSetUpFacts> = {}, env: NodeJS.ProcessEnv = OPERATOR) =>
  keySetUpFor(env)('acme', { provider: 'aws', ...FACTS, ...facts });
const policyOf = (title = 'Key policy', facts: Partial<AwsSetUpFacts> = {}) =>
  JSON.parse(textOf(documentsOf(facts), title)) as Policy;

async function start(t: ExecutionContext) {
  const kms = await startAwsKms({ regions: [HOME, AWAY] });
  t.teardown(() => kms.close());
  return kms;
}

function providerAs(t: ExecutionContext, kms: AwsKms, principal: PrincipalHandle): AwsKmsProvider {
  const provider = new AwsKmsProvider(awsConfigFor(kms), principal);
  t.teardown(() => provider.close());
  return provider;
}

/** Every call of the broker: which are refused. */
async function refusals(provider: AwsKmsProvider, owner: AwsKms, key: string, context = CONTEXT) {
  // What is to be unwrapped was wrapped when everything was allowed.
  const calls = {
    GenerateDataKey: () => provider.generate(key, context, CALL),
    Encrypt: async () => provider.wrap(key, await plainKey(owner, key), context, CALL),
    Decrypt: async () => provider.unwrap(key, await wrappedKey(owner, key, context), context, CALL),
    DescribeKey: () => provider.describe(key, CALL),
  };
  const refused: string[] = [];
  for (const [name, call] of Object.entries(calls)) {
    await call().catch((error: unknown) => {
      if (!DENIED.includes(String((error as { code?: string }).code))) throw error as Error;
      refused.push(name);
    });
  }
  return refused;
}

/** Made by an administrator of the customer's account. */
async function made(kms: AwsKms, key: string, context: Record<string, string>) {
  const owner = kms.createPrincipal({ account: CUSTOMER_ACCOUNT, kind: 'user', name: 'owner' });
  const provider = new AwsKmsProvider(awsConfigFor(kms), owner);
  try {
    return await provider.generate(key, context, CALL);
  } finally {
    provider.close();
  }
}
const plainKey = async (kms: AwsKms, key: string) => (await made(kms, key, CONTEXT)).dataKey;
const wrappedKey = async (kms: AwsKms, key: string, context: Record<string, string>) =>
  (await made(kms, key, context)).wrapped;

const ALL = ['GenerateDataKey', 'Encrypt', 'Decrypt', 'DescribeKey'];

test('the broker may make, wrap and unwrap data keys of the account, and look at the key and its replica', async (t) => {
  const kms = await start(t);
  const broker = kms.createPrincipal({ account: BROKER_ACCOUNT, kind: 'role', name: 'cmk-broker' });
  t.is(broker.arn, OPERATOR.CMK_AWS_PRINCIPAL);
  const policy = policyOf();
  const key = kms.createKey({ account: CUSTOMER_ACCOUNT, region: HOME, multiRegion: true, policy });
  const replica = kms.replicateKey(key, AWAY, policy);
  const provider = providerAs(t, kms, broker);
  t.deepEqual(await refusals(provider, kms, key), []);
  t.deepEqual(await refusals(provider, kms, replica), []);
  const { wrapped } = await provider.generate(key, CONTEXT, CALL);
  await t.notThrowsAsync(provider.unwrap(replica, wrapped, CONTEXT, CALL));

  for (const acct of ['globex', 'ACME', 'acme2', ''])
    t.deepEqual(
      await refusals(provider, kms, key, { ...CONTEXT, acct }),
      ALL.slice(0, 1).concat('Encrypt', 'Decrypt'),
      acct,
    );
  const another = kms.createPrincipal({ account: BROKER_ACCOUNT, kind: 'role', name: 'another' });
  t.deepEqual(await refusals(providerAs(t, kms, another), kms, key), ALL);
});

test('the policy of the broker’s own role is enough', async (t) => {
  const kms = await start(t);
  const identityPolicy = JSON.parse(textOf(documentsOf(), 'Policy of the broker’s role')) as object;
  const broker = { account: BROKER_ACCOUNT, kind: 'role', name: 'cmk-broker', identityPolicy } as const;
  const key = kms.createKey({ account: CUSTOMER_ACCOUNT, region: HOME, policy: policyOf() });
  t.deepEqual(await refusals(providerAs(t, kms, kms.createPrincipal(broker)), kms, key), []);
  const without = kms.createPrincipal({
    ...broker,
    identityPolicy: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'kms:ListKeys', Resource: '*' }],
    },
  });
  t.deepEqual(await refusals(providerAs(t, kms, without), kms, key), ALL);
});

test('the owner administers the key, and the broker does not', async (t) => {
  const kms = await start(t);
  const key = kms.createKey({ account: CUSTOMER_ACCOUNT, region: HOME, policy: policyOf() });
  const clientOf = (account: string, kind: 'user' | 'role', name: string) => {
    const client = new KMSClient({
      region: HOME,
      endpoint: kms.endpoints[HOME] ?? '',
      credentials: kms.createPrincipal({ account, kind, name }),
    });
    t.teardown(() => client.destroy());
    return client;
  };
  const [owner, broker] = [
    clientOf(CUSTOMER_ACCOUNT, 'user', 'admin'),
    clientOf(BROKER_ACCOUNT, 'role', 'cmk-broker'),
  ];
  await t.throwsAsync(broker.send(new DisableKeyCommand({ KeyId: key })), { name: 'AccessDeniedException' });
  await t.notThrowsAsync(owner.send(new DisableKeyCommand({ KeyId: key })));
  await t.notThrowsAsync(owner.send(new EnableKeyCommand({ KeyId: key })));
  // AWS itself refuses a policy that would lock its maker out, and takes this one.
  await t.notThrowsAsync(owner.send(new CreateKeyCommand({ Policy: JSON.stringify(policyOf()) })));
});

const PARTS: Record<string, { without: (policy: Policy) => Policy; breaks: readonly string[] }> = {
  'the statement of the uses': {
    without: (policy) => dropping(policy, 1),
    breaks: ['GenerateDataKey', 'Encrypt', 'Decrypt'],
  },
  'the statement of looking': { without: (policy) => dropping(policy, 2), breaks: ['DescribeKey'] },
  'making data keys': {
    without: (policy) => withoutAction(policy, 'kms:GenerateDataKey'),
    breaks: ['GenerateDataKey'],
  },
  wrapping: { without: (policy) => withoutAction(policy, 'kms:Encrypt'), breaks: ['Encrypt'] },
  unwrapping: { without: (policy) => withoutAction(policy, 'kms:Decrypt'), breaks: ['Decrypt'] },
};

function dropping(policy: Policy, index: number): Policy {
  return { ...policy, Statement: policy.Statement.filter((_, at) => at !== index) };
}

function withoutAction(policy: Policy, action: string): Policy {
  const Statement = policy.Statement.map((each) => {
    const { Action } = each;
    return Array.isArray(Action) ? { ...each, Action: Action.filter((one) => one !== action) } : each;
  });
  return { ...policy, Statement };
}

for (const [name, { without, breaks }] of Object.entries(PARTS)) {
  test(`no part of the policy can be left out: ${name}`, async (t) => {
    const kms = await start(t);
    const broker = kms.createPrincipal({ account: BROKER_ACCOUNT, kind: 'role', name: 'cmk-broker' });
    const policy = without(policyOf());
    const key = kms.createKey({ account: CUSTOMER_ACCOUNT, region: HOME, policy });
    t.deepEqual(await refusals(providerAs(t, kms, broker), kms, key), breaks);
  });
}

test('no part of the policy can be left out: the owner', async (t) => {
  const kms = await start(t);
  const key = kms.createKey({ account: CUSTOMER_ACCOUNT, region: HOME, policy: policyOf() });
  const message = /will not allow you to update the key policy/;
  t.throws(() => kms.putKeyPolicy(key, dropping(policyOf(), 0)), { message });
});

test('with a role: the customer’s role may what the broker may otherwise, and the broker’s own may nothing', async (t) => {
  const kms = await start(t);
  const policy = policyOf('Key policy', { role: ROLE });
  const key = kms.createKey({ account: CUSTOMER_ACCOUNT, region: HOME, multiRegion: true, policy });
  const keyId = key.split('/')[1] ?? '';
  const identityPolicy = policyOf('Permissions of the role', { role: ROLE, keyId });
  const role = { account: CUSTOMER_ACCOUNT, kind: 'role', name: ROLE.name, identityPolicy } as const;
  const provider = providerAs(t, kms, kms.createPrincipal(role));
  t.deepEqual(await refusals(provider, kms, key), []);
  t.deepEqual(await refusals(provider, kms, key, { ...CONTEXT, acct: 'globex' }), [
    'GenerateDataKey',
    'Encrypt',
    'Decrypt',
  ]);
  // The permissions suffice by themselves where the key leaves it to its account, and for this key alone.
  kms.putKeyPolicy(key, dropping(dropping(policy, 2), 1));
  t.deepEqual(await refusals(provider, kms, key), []);
  const other = kms.createKey({ account: CUSTOMER_ACCOUNT, region: HOME });
  t.deepEqual(await refusals(provider, kms, other), ALL);
  kms.putKeyPolicy(key, policy);
  const broker = kms.createPrincipal({ account: BROKER_ACCOUNT, kind: 'role', name: 'cmk-broker' });
  t.deepEqual(await refusals(providerAs(t, kms, broker), kms, key), ALL);
});

test('with a role: the broker alone assumes it, and only with the external id', (t) => {
  t.deepEqual(policyOf('Trust policy of the role', { role: ROLE }).Statement, [
    {
      Effect: 'Allow',
      Principal: { AWS: OPERATOR.CMK_AWS_PRINCIPAL },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': ROLE.externalId } },
    },
  ]);
  t.deepEqual(policyOf('Policy of the broker’s role', { role: ROLE }).Statement, [
    { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: `arn:aws:iam::${CUSTOMER_ACCOUNT}:role/cmk` },
  ]);
});

for (const [name, role] of [
  ['without a role', undefined],
  ['with a role', ROLE],
] as const) {
  test(`commands and Terraform hold the same policies: ${name}`, (t) => {
    const documents = documentsOf(role ? { role } : {});
    const json = (title: string) => JSON.parse(textOf(documents, title)) as unknown;
    const shell = new CustomersShell();
    t.teardown(() => shell.remove());
    const arn = `arn:aws:kms:${HOME}:${CUSTOMER_ACCOUNT}:key/mrk-${'0'.repeat(32)}`;
    const calls = documents
      .filter(({ language }) => language === 'sh')
      .flatMap(({ text }) => shell.run(text, arn));
    const find = (command: string) => calls.filter((call) => call[2] === command);
    const policies = ['create-key', 'replicate-key', 'put-key-policy'].flatMap(find);
    t.is(policies.length, 4);
    for (const call of policies) t.deepEqual(JSON.parse(optionOf(call, '--policy')), json('Key policy'));
    t.deepEqual(
      find('put-key-policy').map((call) => optionOf(call, '--region')),
      [HOME, AWAY],
    );
    const [create] = find('create-key');
    t.true(create?.includes('--multi-region'));
    t.is(optionOf(create, '--region'), HOME);
    const [replicate] = find('replicate-key');
    t.is(optionOf(replicate, '--replica-region'), AWAY);
    t.is(optionOf(replicate, '--key-id'), arn);

    const encoded = [...textOf(documents, 'Terraform').matchAll(/jsonencode\(([^]*?)\n {2}\}\)/g)].map(
      ([, text = '']) => JSON.parse(`${text}}`) as unknown,
    );
    t.deepEqual(encoded, [json('Key policy'), ...(role ? [json('Trust policy of the role')] : [])]);
    if (!role) return;
    t.deepEqual(
      JSON.parse(optionOf(find('create-role')[0], '--assume-role-policy-document')),
      json('Trust policy of the role'),
    );
    t.deepEqual(
      JSON.parse(optionOf(find('put-role-policy')[0], '--policy-document')),
      json('Permissions of the role'),
    );
  });
}

test('other partitions have ARNs of their own', (t) => {
  const env = { CMK_AWS_PRINCIPAL: 'arn:aws-cn:iam::444455556666:role/cmk-broker' };
  const documents = documentsOf({ regions: ['cn-north-1'], role: ROLE }, env);
  t.false(JSON.stringify(documents).includes('arn:aws:'));
  t.true(textOf(documents, 'Key policy').includes('arn:aws-cn:iam::111122223333:root'));
});

for (const [name, facts] of Object.entries<Partial<AwsSetUpFacts>>({
  'no region': { regions: [] },
  'a region that is none': { regions: ['here'] },
  'a region twice': { regions: [HOME, HOME] },
  'regions of two partitions': { regions: [HOME, 'cn-north-1'] },
  'a partition that the broker is not in': { regions: ['cn-north-1'] },
  'an account of letters': { awsAccount: 'acme' },
  'a key by its ARN': { keyId: `arn:aws:kms:us-east-1:111122223333:key/mrk-${'0'.repeat(32)}` },
  'a role with a path': { role: { ...ROLE, name: 'a/b' } },
  'an external id with a quote': { role: { ...ROLE, externalId: `a'b` } },
})) {
  test(`refused: ${name}`, (t) => {
    const error = t.throws(() => documentsOf(facts), { code: 'INVALID_ARGUMENT' });
    t.regex(error.message, /^\w+: expected .+, got /);
  });
}
