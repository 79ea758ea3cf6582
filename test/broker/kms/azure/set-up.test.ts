import test from 'ava';
import { AzureKmsProvider } from '../../../../broker/kms/azure/provider.ts';
import type { AzureSetUpFacts } from '../../../../broker/kms/azure/set-up.ts';
import { startAzureKms } from '../../../../sandbox/azure-kms/emulator.ts';
import {
  ROLES,
  type KeyOperation,
  type KeyType,
  type Role,
} from '../../../../sandbox/azure-kms/vault-store.ts';
import {
  CUSTOMER_TENANT,
  PROVIDER_TENANT,
  azureConfigFor,
  rsaKeys,
  withSecret,
} from '../../../support/azure-kms.ts';
import { CustomersShell, keySetUpFor, OPERATOR, optionOf, textOf } from '../../../support/set-up.ts';

const CALL = { timeoutMs: 10_000 };
const CONTEXT = { acct: 'acme', id: 'meeting-1' };
const DENIED = { code: 'KEY_PERMISSION_REVOKED' };
const FACTS: AzureSetUpFacts = {
  kind: 'vault',
  vault: 'acme-keys',
  key: 'recordings',
  subscription: '11111111-2222-4333-8444-555555555555',
  resourceGroup: 'keys(eu)',
  location: 'westeurope',
};

const documentsOf = (facts: Partial<AzureSetUpFacts> = {}, env: NodeJS.ProcessEnv = OPERATOR) =>
  keySetUpFor(env)('acme', { provider: 'azure', ...FACTS, ...facts });

for (const kind of ['vault', 'managed-hsm'] as const) {
  test(`what the commands set up is enough, and no part of it can be left out: ${kind}`, async (t) => {
    const kms = await startAzureKms({ makeRsa: rsaKeys() });
    t.teardown(() => kms.close());
    const application = kms.registerApplication({ tenantId: PROVIDER_TENANT });
    const provider = new AzureKmsProvider(azureConfigFor(kms), withSecret(application));
    t.teardown(() => provider.close());
    const env = { CMK_AZURE_APPLICATION: `${PROVIDER_TENANT}/${application.clientId}` };
    const documents = documentsOf({ kind }, env);
    const shell = new CustomersShell();
    t.teardown(() => shell.remove());
    const run = (title: string, answer?: string) => shell.run(textOf(documents, title), answer);

    const [vault] = run(kind === 'vault' ? 'Vault' : 'Managed HSM').slice(-1);
    t.is(optionOf(vault, '--enable-purge-protection'), 'true');
    t.is(optionOf(vault, '--resource-group'), FACTS.resourceGroup);
    const name = optionOf(vault, kind === 'vault' ? '--name' : '--hsm-name');
    const host = kms.createVault({ name, tenantId: CUSTOMER_TENANT, kind });
    const [made] = run('Key');
    const at = made?.indexOf('--ops') ?? 0;
    const key = kms.createKey({
      vault: host,
      name: optionOf(made, '--name'),
      type: optionOf(made, '--kty') as KeyType,
      bits: Number(optionOf(made, '--size')),
      operations: made?.slice(at + 1) as KeyOperation[],
    });
    await t.throwsAsync(provider.generate(key, CONTEXT, CALL), DENIED, 'before the application is let in');
    const [principal] = run('Let the application in');
    const oid = kms.consent(optionOf(principal, '--id'), CUSTOMER_TENANT);
    await t.throwsAsync(provider.generate(key, CONTEXT, CALL), DENIED, 'before the role');

    const [shown, assignment] = run('Role', oid);
    t.is(optionOf(shown, '--id'), application.clientId);
    t.is(optionOf(assignment, '--assignee-object-id'), oid);
    const role = optionOf(assignment, '--role') as Role;
    t.true(role in ROLES);
    const scope = optionOf(assignment, '--scope');
    kms.assignRole(host, oid, role, scope.split('/').at(-1));
    t.like(await provider.describe(key, CALL), { state: 'ENABLED', usable: true, deletion: 'PROTECTED' });
    const { wrapped } = await provider.generate(key, CONTEXT, CALL);
    await t.notThrowsAsync(provider.unwrap(key, wrapped, CONTEXT, CALL));
    const another = kms.createKey({ vault: host, name: 'another', type: optionOf(made, '--kty') as KeyType });
    await t.throwsAsync(provider.generate(another, CONTEXT, CALL), DENIED, 'on another key');
  });
}

test('the role is on this one key', (t) => {
  const shell = new CustomersShell();
  t.teardown(() => shell.remove());
  const scopeOf = (kind: AzureSetUpFacts['kind']) =>
    optionOf(shell.run(textOf(documentsOf({ kind }), 'Role'))[1], '--scope');
  t.is(
    scopeOf('vault'),
    `/subscriptions/${FACTS.subscription}/resourceGroups/keys(eu)/providers/Microsoft.KeyVault/vaults/acme-keys/keys/recordings`,
  );
  t.is(scopeOf('managed-hsm'), '/keys/recordings');
});

test('Terraform makes the same', (t) => {
  const vault = textOf(documentsOf(), 'Terraform');
  for (const line of [
    /purge_protection_enabled += true/,
    /rbac_authorization_enabled += true/,
    /key_opts += \["wrapKey", "unwrapKey"\]/,
    /role_definition_name += "Key Vault Crypto Service Encryption User"/,
    /scope += azurerm_key_vault_key\.cmk\.resource_versionless_id/,
    /client_id += "33333333-2222-4111-8000-999999999999"/,
  ])
    t.regex(vault, line);
  const hsm = textOf(documentsOf({ kind: 'managed-hsm' }), 'Terraform');
  t.regex(hsm, /scope += "\/keys\/recordings"/);
  t.regex(hsm, /key_opts += \["wrapKey", "unwrapKey"\]/);
});

test('consent is asked for in the operator’s cloud', (t) => {
  const env = { ...OPERATOR, CMK_AZURE_CLOUD: 'china' };
  const url = new URL(textOf(documentsOf({}, env), 'Let the application in: in the browser'));
  t.is(url.origin, 'https://login.partner.microsoftonline.cn');
  t.is(url.searchParams.get('client_id'), '33333333-2222-4111-8000-999999999999');
});

for (const [name, facts] of Object.entries<Partial<AzureSetUpFacts>>({
  'a vault with a dot': { vault: 'acme.keys' },
  'a key with a slash': { key: 'a/b' },
  'a key like an option': { key: '-o' },
  'a subscription by name': { subscription: 'production' },
  'a resource group with a quote': { resourceGroup: "a'b" },
  'a resource group like a file': { resourceGroup: '@file' },
  'a location of two lines': { location: 'west\neurope' },
})) {
  test(`refused: ${name}`, (t) => {
    t.throws(() => documentsOf(facts), { code: 'INVALID_ARGUMENT' });
  });
}
