import { readFile } from 'node:fs/promises';
import test from 'ava';
import { AzureKmsProvider } from '../../../../broker/kms/azure/provider.ts';
import { KMS_CAUSES } from '../../../../broker/kms/provider.ts';
import { startAzureKms } from '../../../../sandbox/azure-kms/emulator.ts';
import { ROLES, type KeyOperation, type Role } from '../../../../sandbox/azure-kms/vault-store.ts';
import {
  CUSTOMER_TENANT,
  azureConfigFor,
  brokerApplication,
  rsaKeys,
  withSecret,
} from '../../../support/azure-kms.ts';

const CALL = { timeoutMs: 10_000 };
const CONTEXT = { acct: 'acme', id: 'meeting-1' };
const page = await readFile('docs/kms/azure.md', 'utf8');

test('the documented set-up is enough, and no part of it can be left out', async (t) => {
  const [, vault = '', name = '', bits = '', operations = ''] =
    /key create --vault-name (\S+) --name (\S+) \\\s+--kty RSA-HSM --size (\d+) --ops (.+)/.exec(page) ?? [];
  const role = /role assignment create --role '(.+?)'/.exec(page)?.[1] as Role;
  t.true(role in ROLES);
  const kms = await startAzureKms({ makeRsa: rsaKeys() });
  t.teardown(() => kms.close());
  const application = kms.registerApplication({ tenantId: '99999999-8888-4777-8666-555555555555' });
  const provider = new AzureKmsProvider(azureConfigFor(kms), withSecret(application));
  t.teardown(() => provider.close());
  kms.createVault({ name: vault, tenantId: CUSTOMER_TENANT });
  const key = kms.createKey({
    vault,
    name,
    type: 'RSA-HSM',
    bits: Number(bits),
    operations: operations.split(' ') as KeyOperation[],
  });
  const denied = { code: 'KEY_PERMISSION_REVOKED' };
  await t.throwsAsync(provider.generate(key, CONTEXT, CALL), denied, 'before step 1');
  const oid = kms.consent(application.clientId, CUSTOMER_TENANT);
  await t.throwsAsync(provider.generate(key, CONTEXT, CALL), denied, 'before step 4');
  kms.assignRole(vault, oid, role, name);

  t.deepEqual(await provider.describe(key, CALL), {
    state: 'ENABLED',
    usable: true,
    kind: `RSA-HSM ${bits}`,
    deletion: 'PROTECTED',
  });
  const { wrapped } = await provider.generate(key, CONTEXT, CALL);
  await t.notThrowsAsync(provider.unwrap(key, wrapped, CONTEXT, CALL));
});

test('the log shows what the page says', async (t) => {
  const kms = await startAzureKms({ makeRsa: rsaKeys() });
  t.teardown(() => kms.close());
  const broker = brokerApplication(kms);
  const vault = kms.createVault({ name: 'acme-keys', tenantId: CUSTOMER_TENANT });
  kms.assignRole(vault, broker.oid);
  const key = kms.createKey({ vault, name: 'recordings' });
  const provider = new AzureKmsProvider(azureConfigFor(kms), withSecret(broker));
  t.teardown(() => provider.close());
  const { wrapped } = await provider.generate(key, CONTEXT, CALL);
  await provider.unwrap(key, wrapped, CONTEXT, CALL);
  await provider.describe(key, CALL);

  const events = kms.events();
  const names = new Set(events.map(({ operationName }) => operationName));
  t.deepEqual([...names].sort(), ['Authentication', 'KeyGet', 'KeyUnwrap', 'KeyWrap']);
  for (const name of names) t.true(page.includes(`\`${name}\``), name);
  for (const event of events.filter(({ resultType }) => resultType === 'Success')) {
    t.is(event.identity.claim?.appid, broker.clientId);
    t.is(event.properties.clientInfo, 'cmk');
    t.is(event.properties.id, kms.latestVersion(key));
  }
  t.false(JSON.stringify(events).includes('meeting-1'));
});

test('the page’s table of causes is complete, and right about whose decision each is', (t) => {
  const rows = [...page.matchAll(/^\|.+\| `([A-Z_]+)` +\| (yes|no) +\|$/gm)];
  const documented = Object.fromEntries(rows.map(([, cause = '', decision]) => [cause, decision === 'yes']));
  const actual = Object.entries(KMS_CAUSES).map(([cause, { customerDecision }]) => [cause, customerDecision]);
  t.deepEqual(documented, Object.fromEntries(actual));
});
