import { readFile } from 'node:fs/promises';
import test from 'ava';
import { AwsKmsProvider } from '../../../../broker/kms/aws/provider.ts';
import { KMS_CAUSES } from '../../../../broker/kms/provider.ts';
import { startAwsKms } from '../../../../sandbox/aws-kms/emulator.ts';
import { BROKER_ACCOUNT, CUSTOMER_ACCOUNT, awsConfigFor } from '../../../support/aws-kms.ts';

const CALL = { timeoutMs: 10_000 };
const RECORDING = '097A7CAE-21ED-4EBB-A062-09B685BD492E';

test('the documented policies allow and deny what the page says', async (t) => {
  const page = await readFile('docs/kms/aws.md', 'utf8');
  const blocks = [...page.matchAll(/```json\n([^]*?)```/g)].map(
    ([, text = '']) => JSON.parse(text) as { Statement: object[]; Effect?: string },
  );
  const [policy, denial] = [blocks[0], blocks.find(({ Effect }) => Effect === 'Deny')];
  if (!policy || !denial) throw new Error('expected a policy and a statement in docs/kms/aws.md');
  const kms = await startAwsKms({ regions: ['us-east-1'] });
  t.teardown(() => kms.close());
  const broker = kms.createPrincipal({ account: BROKER_ACCOUNT, kind: 'role', name: 'cmk-broker' });
  const key = kms.createKey({ account: CUSTOMER_ACCOUNT, region: 'us-east-1', policy });
  const provider = new AwsKmsProvider(awsConfigFor(kms), broker);
  t.teardown(() => provider.close());

  const context = { acct: 'acme', id: RECORDING };
  const another = { acct: 'acme', id: 'another' };
  t.is((await provider.describe(key, CALL)).state, 'ENABLED');
  const { dataKey, wrapped } = await provider.generate(key, context, CALL);
  const rewrapped = await provider.wrap(key, dataKey, another, CALL);
  await t.notThrowsAsync(provider.unwrap(key, wrapped, context, CALL));
  await t.throwsAsync(provider.generate(key, { acct: 'somebody', id: RECORDING }, CALL), {
    code: 'KEY_PERMISSION_REVOKED',
  });

  kms.putKeyPolicy(key, { ...policy, Statement: [...policy.Statement, denial] });
  await t.throwsAsync(provider.unwrap(key, wrapped, context, CALL), { code: 'KEY_PERMISSION_REVOKED' });
  await t.notThrowsAsync(provider.unwrap(key, rewrapped, another, CALL));
});

test('the documented role reaches the key for its account alone, and only with the external id', async (t) => {
  const page = await readFile('docs/kms/aws.md', 'utf8');
  const blocks = (text: string) => [...text.matchAll(/```json\n([^]*?)```/g)].map(([, json = '']) => json);
  const [keyPolicy] = blocks(page);
  const [trustPolicy, rolePolicy] = blocks(page.split('## Through a role of the customer').at(1) ?? '');
  if (!keyPolicy || !trustPolicy || !rolePolicy)
    throw new Error('expected three policies in docs/kms/aws.md');
  const kms = await startAwsKms({ regions: ['us-east-1'] });
  t.teardown(() => kms.close());
  const broker = kms.createPrincipal({ account: BROKER_ACCOUNT, kind: 'role', name: 'cmk-broker' });
  const arn = 'arn:aws:iam::111122223333:role/cmk';
  const throughRole = JSON.parse(keyPolicy.replaceAll(broker.arn, arn)) as { Statement: object[] };
  const key = kms.createKey({ account: CUSTOMER_ACCOUNT, region: 'us-east-1', policy: throughRole });
  const identityPolicy = JSON.parse(rolePolicy.replaceAll(/arn:aws:kms:[^"]+/g, key)) as object;
  const spec = { account: CUSTOMER_ACCOUNT, kind: 'role', name: 'cmk', identityPolicy } as const;
  kms.createPrincipal({ ...spec, trustPolicy: JSON.parse(trustPolicy) as object });
  const provider = new AwsKmsProvider(awsConfigFor(kms), broker);
  t.teardown(() => provider.close());

  const externalId = /"sts:ExternalId": "(.+?)"/.exec(trustPolicy)?.[1] ?? '';
  const call = { ...CALL, role: { arn: provider.parseRole(arn, [key]), externalId } };
  await t.notThrowsAsync(provider.checkRole(call.role, key, CALL));
  // With the owner's statement alone the role's own policy decides: it says the same as the key's.
  for (const Statement of [throughRole.Statement, throughRole.Statement.slice(0, 1)]) {
    kms.putKeyPolicy(key, { ...throughRole, Statement });
    t.is((await provider.describe(key, call)).state, 'ENABLED');
    const { dataKey, wrapped } = await provider.generate(key, { acct: 'acme', id: RECORDING }, call);
    await t.notThrowsAsync(provider.wrap(key, dataKey, { acct: 'acme', id: 'another' }, call));
    await t.notThrowsAsync(provider.unwrap(key, wrapped, { acct: 'acme', id: RECORDING }, call));
    await t.throwsAsync(provider.generate(key, { acct: 'somebody', id: RECORDING }, call), {
      code: 'KEY_PERMISSION_REVOKED',
    });
    await t.throwsAsync(provider.describe(key, CALL), { code: 'KEY_PERMISSION_REVOKED' });
  }
});

test('the page’s table of causes is complete, and right about whose decision each is', async (t) => {
  const page = await readFile('docs/kms/aws.md', 'utf8');
  const rows = [...page.matchAll(/^\|.+\| `([A-Z_]+)` +\| (yes|no) +\|$/gm)];
  const documented = Object.fromEntries(rows.map(([, cause = '', decision]) => [cause, decision === 'yes']));
  const actual = Object.entries(KMS_CAUSES).map(([cause, { customerDecision }]) => [cause, customerDecision]);
  t.deepEqual(documented, Object.fromEntries(actual));
});
