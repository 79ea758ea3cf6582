import test, { type ExecutionContext } from 'ava';
import type { Role } from '../../sandbox/azure-kms/vault-store.ts';
import { CUSTOMER_ACCOUNT } from '../support/aws-kms.ts';
import { issue } from '../support/broker-world.ts';
import { emulatedCustomers } from '../support/emulated-customers.ts';
import { portalWorld, settled, type PortalPage } from '../support/portal-world.ts';
import { sharedWorld } from '../support/shared-world.ts';

const ASSET = { srvId: '0001', type: 'MeetingWebinarRecording', id: 'board-meeting' };

const shared = sharedWorld(async (t) => {
  const clouds = await emulatedCustomers(t);
  return { ...clouds, portal: await portalWorld(t, clouds.env, clouds.real) };
});

/** A key that is not let in as it must be, and what is done about it. */
interface Attempt {
  readonly reference: string;
  /** Step that fails → what is done, by the advice that is given. */
  readonly mends: readonly (readonly [step: RegExp, mend: (advice: string) => void])[];
}

/** What is asked of a customer who sets a key up, and what they do in their own KMS. */
interface Customer {
  readonly account: string;
  readonly kms: string;
  readonly facts: Readonly<Record<string, string>>;
  readonly way: string;
  /** Of what there is to copy. */
  readonly document: string;
  /** Makes a key by what was copied, but wrongly. */
  readonly attempt: (copied: string) => Attempt;
}

interface Policy {
  readonly Statement: { Action: string[]; Condition?: Record<string, Record<string, string>> }[];
}

function awsCustomer(): Customer {
  const { aws, makeAwsKey } = shared();
  const attempt = (copied: string): Attempt => {
    const policy = JSON.parse(copied) as Policy;
    const use = policy.Statement.find(({ Condition }) => Condition);
    if (!use?.Condition) throw new Error('the policy has no condition');
    use.Condition = { StringEquals: { 'kms:EncryptionContext:acct': 'somebody-else' } };
    use.Action = ['kms:GenerateDataKey', 'kms:Decrypt'];
    const reference = makeAwsKey(policy);
    return {
      reference,
      mends: [
        [
          /makes data keys/,
          (advice) => {
            const [, key = ''] = /condition on ([\w:]+), it must name this very account/.exec(advice) ?? [];
            use.Condition = { StringEquals: { [key]: 'globex' } };
            aws.putKeyPolicy(reference, policy);
          },
        ],
        [
          /wraps a data key that exists/,
          (advice) => {
            const [, action = ''] = /In the key policy, allow the broker’s role (kms:\w+)/.exec(advice) ?? [];
            use.Action = [...use.Action, action];
            aws.putKeyPolicy(reference, policy);
          },
        ],
      ],
    };
  };
  return {
    account: 'globex',
    kms: 'AWS KMS',
    facts: { 'AWS account': CUSTOMER_ACCOUNT, Regions: 'eu-central-1' },
    way: 'Policy',
    document: 'Key policy',
    attempt,
  };
}

function azureCustomer(): Customer {
  const { azure, makeAzureKey, consent } = shared();
  const attempt = (copied: string): Attempt => {
    const reference = makeAzureKey('initech-keys', 'recordings');
    const { host } = new URL(reference);
    let principal = '';
    return {
      reference,
      mends: [
        [
          /may look at it/,
          (advice) => {
            const [, command = ''] = /(az ad sp create --id) CLIENT_ID/.exec(advice) ?? [];
            if (!copied.startsWith(command)) throw new Error(`expected ${copied} to be what is advised`);
            principal = consent();
            azure.assignRole(host, principal, 'Key Vault Reader');
          },
        ],
        [
          /makes data keys/,
          (advice) => {
            const [, role] = /Assign the role (.+?) on the key to the service principal/.exec(advice) ?? [];
            azure.assignRole(host, principal, role as Role, 'recordings');
          },
        ],
      ],
    };
  };
  return {
    account: 'initech',
    kms: 'Azure Key Vault',
    facts: {
      'Name of the vault': 'initech-keys',
      Key: 'recordings',
      Subscription: '00000000-1111-4222-8333-444444444444',
      'Resource group': 'security',
      Location: 'westeurope',
    },
    way: 'Command line',
    document: 'Let the application in',
    attempt,
  };
}

for (const [user, makeCustomer] of [
  ['Gwen', awsCustomer],
  ['Ines', azureCustomer],
] as const) {
  test.serial(`from nothing to an active key, by keyboard alone: ${makeCustomer.name}`, async (t) => {
    t.timeout(120_000);
    const { portal } = shared();
    const customer = makeCustomer();
    const { account } = customer;
    await portal.admin('PUT', `/v1/accounts/${account}`, { name: account, licence: 'NONE' });
    const opened = await portal.openAs(user);
    const { page, keyboard, complaints } = opened;
    await page.getByText('No key yet').first().waitFor();
    await keyboard.follow('Set-up');
    await chooseKms(opened, customer);
    const copied = await copyPolicy(opened, customer);
    await enrol(t, opened, customer.attempt(copied));
    await cover(opened);
    await decideTheRest(opened);
    await page.getByText('The set-up is complete').waitFor();

    await issue(portal.recorder, { asset: { account, ...ASSET }, owner: 'user-1' });
    await keyboard.follow('Go to the overview');
    await page.getByText('1 of 1 asset is under your key.').waitFor();
    await keyboard.follow('Keys');
    await page.getByText('New data is protected by this key.').waitFor();
    await page.getByText('Active', { exact: true }).waitFor();
    await keyboard.follow('Assets');
    await keyboard.follow(ASSET.id);
    await page.getByText('It opens only with your key.').waitFor();
    await settled(page);
    t.deepEqual(
      complaints.filter((each) => !/status of (401|422)/.test(each)),
      [],
    );
  });
}

async function chooseKms({ page, keyboard }: PortalPage, { kms }: Customer): Promise<void> {
  await page.getByRole('heading', { name: 'Where is your key?' }).waitFor();
  await keyboard.choose(kms);
  await keyboard.press('Next: Policy');
}

async function copyPolicy({ page, keyboard }: PortalPage, customer: Customer): Promise<string> {
  await page.getByRole('heading', { name: 'Let the provider use it' }).waitFor();
  for (const [fact, value] of Object.entries(customer.facts)) await keyboard.write(fact, value);
  await keyboard.press('Show what to paste or run');
  await page.getByRole('tablist').waitFor();
  await keyboard.turnTo('Terraform');
  await keyboard.turnTo(customer.way);
  await keyboard.press(`Copy: ${customer.document}`);
  await page.getByText(`Copied: ${customer.document}`).waitFor();
  const copied = await page.evaluate<string>('navigator.clipboard.readText()');
  await keyboard.press('Next: Key');
  return copied;
}

/** Fails first, step by step; what the portal advises, and nothing else, is done in the KMS. */
async function enrol(t: ExecutionContext, { page, keyboard }: PortalPage, attempt: Attempt): Promise<void> {
  await keyboard.write('Identifier of the key', attempt.reference);
  for (const [step, mend] of attempt.mends) {
    await keyboard.press('Verify');
    await page.getByText('The key does not pass yet').waitFor();
    const failed = page.getByRole('list', { name: 'Verification' }).getByRole('listitem');
    const [text = ''] = await failed.filter({ hasText: 'fails' }).allInnerTexts();
    t.regex(text, step);
    const [, advice = ''] = /What to do:\s*(.+)/s.exec(text) ?? [];
    t.log(advice);
    mend(advice);
    t.is(await page.getByRole('button', { name: 'Enrol this key' }).count(), 0);
  }
  await keyboard.press('Verify');
  await page.getByText('The key passes').waitFor();
  await keyboard.press('Enrol this key');
  await page.getByText('The key is enrolled').waitFor();
  await keyboard.press('Next: Licences');
}

async function cover({ page, keyboard }: PortalPage): Promise<void> {
  await keyboard.choose('Everyone');
  await keyboard.press('See what it does…');
  await page.getByRole('dialog').getByText('Nothing changes for new assets.').waitFor();
  await keyboard.press('Make the change');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await keyboard.press('Next: Asset types');
  await keyboard.toggle('checkbox', ASSET.type);
  await page.getByRole('dialog').getByText('Provider’s key → Your key').waitFor();
  await keyboard.press('Make the change');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await keyboard.press('Next: Contacts');
}

async function decideTheRest({ page, keyboard }: PortalPage): Promise<void> {
  await keyboard.write('E-mail addresses', 'keys@customer.example');
  await keyboard.press('Save contacts');
  await page.getByText('The contacts are saved.').first().waitFor();
  await keyboard.press('Next: Fallback');
  await keyboard.choose('Stand in in outages');
  await keyboard.press('Save fallback');
  await page.getByText('Fallback is saved.').first().waitFor();
  await keyboard.press('Next: Summary');
}
