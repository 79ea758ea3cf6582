import test, { type ExecutionContext } from 'ava';
import { OciKmsProvider } from '../../../../broker/kms/oci/provider.ts';
import type { OciSetUpFacts } from '../../../../broker/kms/oci/set-up.ts';
import { ociConfigFor, startOciWorld, type OciWorld } from '../../../support/oci-kms.ts';
import { CustomersShell, keySetUpFor, OPERATOR, optionOf, textOf } from '../../../support/set-up.ts';

const CALL = { timeoutMs: 10_000 };
const CONTEXT = { acct: 'acme', id: 'meeting' };
const DENIED = { code: 'KEY_PERMISSION_REVOKED' };
const FACTS: OciSetUpFacts = {
  tenancy: 'ocid1.tenancy.oc1..aaaacustomer',
  compartment: 'Keys',
  key: `ocid1.key.oc1.iad.examplevault1.${'a'.repeat(60)}`,
};

const documentsOf = (facts: Partial<OciSetUpFacts> = {}, env: NodeJS.ProcessEnv = OPERATOR) =>
  keySetUpFor(env)('acme', { provider: 'oci', ...FACTS, ...facts });

async function start(t: ExecutionContext) {
  const world = await startOciWorld();
  t.teardown(() => world.kms.close());
  const oci = new OciKmsProvider(ociConfigFor(world.kms), world.broker);
  t.teardown(() => oci.close());
  return { world, oci };
}

function statementsFor({ provider, customer }: OciWorld, key: string) {
  const env = {
    CMK_OCI_TENANCY: provider.tenancy,
    CMK_OCI_GROUP: provider.group,
    CMK_OCI_GROUP_NAME: 'cmk-broker',
  };
  const documents = documentsOf({ tenancy: customer.tenancy, key }, env);
  const linesOf = (title: string) => textOf(documents, title).split('\n');
  return { endorse: linesOf('Endorse: statements'), admit: linesOf('Admit: statements') };
}

test('the statements of both sides allow what the broker does with this key, and with no other', async (t) => {
  const { world, oci } = await start(t);
  const { kms, provider, customer } = world;
  const [key, other] = [kms.createKey({ vault: customer.vault }), kms.createKey({ vault: customer.vault })];
  const { endorse, admit } = statementsFor(world, key);
  kms.putPolicy({ tenancy: provider.tenancy, name: 'cmk', statements: endorse });
  kms.putPolicy({ tenancy: customer.tenancy, name: 'cmk', statements: admit });
  t.like(await oci.describe(key, CALL), { state: 'ENABLED', usable: true });
  const { dataKey, wrapped } = await oci.generate(key, CONTEXT, CALL);
  await t.notThrowsAsync(oci.wrap(key, dataKey, CONTEXT, CALL));
  await t.notThrowsAsync(oci.unwrap(key, wrapped, CONTEXT, CALL));
  for (const call of [oci.describe(other, CALL), oci.generate(other, CONTEXT, CALL)])
    await t.throwsAsync(call, DENIED);

  kms.removePolicy(provider.tenancy, 'cmk');
  await t.throwsAsync(oci.describe(key, CALL), DENIED, 'without Endorse');
  kms.putPolicy({ tenancy: provider.tenancy, name: 'cmk', statements: endorse });
  kms.removePolicy(customer.tenancy, 'cmk');
  await t.throwsAsync(oci.describe(key, CALL), DENIED, 'without Admit');
});

test('no Define can be left out', async (t) => {
  const { world } = await start(t);
  const { kms, provider } = world;
  const { endorse, admit } = statementsFor(world, FACTS.key);
  for (const statements of [endorse, admit]) {
    for (const [at, statement] of statements.entries()) {
      if (!statement.startsWith('Define')) continue;
      const rest = statements.filter((_, index) => index !== at);
      const message = /names what no Define of this policy defines/;
      t.throws(() => kms.putPolicy({ tenancy: provider.tenancy, name: 'cmk', statements: rest }), {
        message,
      });
    }
  }
});

test('commands and Terraform hold the same statements', (t) => {
  const documents = documentsOf();
  const shell = new CustomersShell();
  t.teardown(() => shell.remove());
  for (const side of ['Endorse', 'Admit']) {
    const statements = textOf(documents, `${side}: statements`).split('\n');
    const [call, ...others] = shell.run(textOf(documents, `${side}: OCI CLI`));
    t.deepEqual(others, []);
    t.deepEqual(JSON.parse(optionOf(call, '--statements')), statements);
    const tenancy = side === 'Admit' ? FACTS.tenancy : OPERATOR.CMK_OCI_TENANCY;
    t.is(optionOf(call, '--compartment-id'), tenancy);
    const terraform = textOf(documents, `${side}: Terraform`);
    t.deepEqual(JSON.parse(/statements = (\[[^]*\])\n\}/.exec(terraform)?.[1] ?? ''), statements);
    t.true(terraform.includes(`"${tenancy}"`));
  }
});

test('a broker outside of OCI is in a group', (t) => {
  const env = { ...OPERATOR, CMK_OCI_GROUP: 'ocid1.group.oc1..aaaabroker' };
  const documents = documentsOf({ compartment: 'ocid1.compartment.oc1..aaaakeys' }, env);
  t.false(JSON.stringify(documents).includes('dynamic-group'));
  t.true(
    textOf(documents, 'Admit: statements').includes(
      'in compartment id ocid1.compartment.oc1..aaaakeys where',
    ),
  );
});

for (const [name, facts] of Object.entries<Partial<OciSetUpFacts>>({
  'a statement after the compartment': { compartment: 'Keys where any {request.permission != 1}' },
  'a compartment of two lines': { compartment: 'Keys\nAllow' },
  'the word id as a compartment': { compartment: 'id' },
  'a quote in the key': { key: `${FACTS.key}'` },
  'a vault in place of the key': { key: FACTS.key.replace('key', 'vault') },
  'a group in place of the tenancy': { tenancy: 'ocid1.group.oc1..aaaacustomer' },
  'a tenancy and more': { tenancy: `${FACTS.tenancy}\nEndorse` },
})) {
  test(`refused: ${name}`, (t) => {
    t.throws(() => documentsOf(facts), { code: 'INVALID_ARGUMENT' });
  });
}
