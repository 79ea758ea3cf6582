import test from 'ava';
import { cmk } from '../../../support/cmk-command.ts';
import { WholeSystem } from '../../../support/whole-system.ts';

test('an operator looks after a key in AWS KMS, with processes all around', async (t) => {
  t.timeout(240_000);
  const { sandbox, keys } = await WholeSystem.start(t, 'cmk-admin', 'sqlite');
  const { customer, adminUrl, adminToken } = sandbox;
  const env = { CMK_BROKER_URL: adminUrl, CMK_ADMIN_TOKEN: adminToken };
  const admin = (...args: string[]) => cmk(['admin', ...args, '--account', 'acme'], { env });
  const [key, replica = ''] = keys;

  const listed = await admin('keys', 'list');
  t.is(listed.code, 0, listed.stderr);
  t.true(listed.stdout.toString().includes(`aws ${key} ${replica}`));
  const verified = await admin('keys', 'verify', key);
  t.is(verified.code, 0, verified.stderr);
  t.is(verified.stdout.toString().match(/✔ unwrap wrong context$/gm)?.length, keys.length);

  await customer.disable([key]);
  const failed = await admin('keys', 'verify', key);
  t.is(failed.code, 6);
  t.regex(
    failed.stdout.toString(),
    /✘ describe\n {6}KEY_DISABLED: .*\n {6}→ Enable the key: aws kms enable-key/,
  );
  t.regex(failed.stderr, /\[KEY_DISABLED\]\n {5}The customer disabled the key/);
  await customer.enable([key]);
  const newKey = await customer.createKey();
  const enrolled = await admin('keys', 'enrol', '--provider', 'aws', '--reference', ...newKey, '--json');
  t.is(enrolled.code, 6, 'the broker may not use it yet');
  await customer.allowBroker(newKey, 'acme');
  const again = await admin('keys', 'enrol', '--provider', 'aws', '--reference', ...newKey, '--json');
  t.is(again.code, 0, again.stderr);
  t.like(JSON.parse(again.stdout.toString()), { key: { lifecycle: 'STANDBY', references: newKey } });

  const refused = await admin('keys', 'retire', newKey[0]);
  t.is(refused.code, 2);
  t.regex(refused.stderr, /Blast radius of key .*: 0 assets, 0 data keys\n/);
  const retired = await admin('keys', 'retire', newKey[0], '--yes', 'acme');
  t.is(retired.code, 0, retired.stderr);
  t.regex((await admin('keys', 'show', newKey[0])).stdout.toString(), /^life +retired$/m);
});
