import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { AwsAccount } from '../../../sandbox/customers/aws.ts';
import { KMS_NAMES } from '../../../sandbox/customers/customer.ts';
import { startCustomer, type ProvidersAws } from '../../../sandbox/customers/start-customer.ts';
import { launchEmulator } from '../../../sandbox/parts.ts';

/** What `npm start` invites to be tried with curl works on every customer's KMS. Their use by a broker: the story. */

const dir = mkdtempSync(join(tmpdir(), 'cmk-customers-'));
mkdirSync(join(dir, 'logs'));
test.after.always(() => rmSync(dir, { recursive: true }));

const regions = ['us-east-1', 'us-west-2'] as const;
let provider: ProvidersAws;
let stopAws: () => Promise<void>;

test.before(async () => {
  const { process, addresses } = await launchEmulator(dir, 'aws-kms', ['--regions', regions.join(',')]);
  stopAws = () => process.stop();
  const { controlUrl } = addresses;
  const { arn } = await new AwsAccount(controlUrl, '409910850980').createRole('cmk-broker');
  provider = { controlUrl, regions, brokerRole: arn };
});
test.after.always(() => stopAws());

for (const kms of KMS_NAMES) {
  test(`${kms}: a key is turned off and on at its address, and the log is an array`, async (t) => {
    const { customer, process } = await startCustomer(kms, dir, provider);
    t.teardown(async () => process?.stop());
    t.is(customer.kms, kms);
    const references = await customer.createKey();
    await customer.allowBroker(references, 'acme');
    t.is(references.length, kms === 'aws' ? 2 : 1);
    for (const reference of references) {
      t.not(customer.placeOf(reference), '');
      for (const action of ['disable', 'enable']) {
        const response = await fetch(`${customer.keyUrl(reference)}/${action}`, { method: 'POST' });
        t.is(response.status, 200, await response.text());
      }
      const unknown = await fetch(`${customer.keyUrl(`${reference}x`)}/disable`, { method: 'POST' });
      t.not(unknown.status, 200);
    }
    await customer.destroy(references);
    for (const reference of references) {
      const destroyed = await fetch(`${customer.keyUrl(reference)}/disable`, { method: 'POST' });
      t.not(destroyed.status, 200, 'it is no key of theirs any more');
    }
    t.true(Array.isArray(await (await fetch(customer.logUrl)).json()));
    t.deepEqual(await customer.keyUses(), [], 'nobody has used it yet');
  });
}
