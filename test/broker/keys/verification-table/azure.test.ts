import test, { type ExecutionContext } from 'ava';
import { AzureKmsProvider } from '../../../../broker/kms/azure/provider.ts';
import { startAzureKms, type AzureKms, type Credentials } from '../../../../sandbox/azure-kms/emulator.ts';
import type { KeySpec, VaultSpec } from '../../../../sandbox/azure-kms/vault-store.ts';
import {
  CUSTOMER_TENANT,
  azureConfigFor,
  brokerApplication,
  rsaKeys,
  withSecret,
} from '../../../support/azure-kms.ts';
import {
  failedAs,
  passed,
  verifyCandidate,
  type Candidate,
  type Expected,
} from '../../../support/verification-table.ts';

const DAY_MS = 86_400_000;

interface World {
  readonly kms: AzureKms;
  readonly broker: Credentials & { oid: string };
  readonly vault: string;
  readonly key: string;
  readonly replica: string;
}

interface Row extends Expected {
  readonly spoil?: (world: World) => void | Promise<void>;
  /** What is enrolled in place of the key and its replica. */
  readonly enrol?: (world: World) => Partial<Candidate>;
}

const otherKey =
  (spec: Partial<KeySpec>) =>
  ({ kms, vault }: World) => ({ references: [kms.createKey({ vault, name: 'other', ...spec })] as const });
const keyIn =
  (spec: Partial<VaultSpec>, permissions: readonly string[] | null = null) =>
  ({ kms, broker }: World) => {
    const vault = kms.createVault({ name: 'acme-other', tenantId: CUSTOMER_TENANT, ...spec });
    if (permissions) kms.setAccessPolicy(vault, broker.oid, permissions);
    else kms.assignRole(vault, broker.oid);
    return { references: [kms.createKey({ vault, name: 'recordings' })] as const };
  };

const ROWS: Readonly<Record<string, Row>> = {
  'the key is disabled': {
    spoil: ({ kms, key }) => kms.updateKey(key, { enabled: false }),
    step: 'DESCRIBE',
    cause: 'KEY_DISABLED',
    advice: /az keyvault key set-attributes with --enabled true/,
    detail: /disabled/,
  },
  'the key has expired': {
    spoil: ({ kms, key }) => kms.updateKey(key, { expiresAtMs: Date.now() - DAY_MS }),
    step: 'DESCRIBE',
    cause: 'KEY_DISABLED',
    advice: /--expires/,
    detail: /expired/,
  },
  'the key is not valid yet': {
    spoil: ({ kms, key }) => kms.updateKey(key, { notBeforeMs: Date.now() + DAY_MS }),
    step: 'DESCRIBE',
    cause: 'KEY_DISABLED',
    advice: /--not-before/,
    detail: /not valid before/,
  },
  'the key is deleted': {
    spoil: ({ kms, key }) => kms.deleteKey(key),
    step: 'DESCRIBE',
    cause: 'KEY_PENDING_DELETION',
    advice: /az keyvault key recover/,
  },
  'there is no such key': {
    enrol: ({ vault }) => ({ references: [`https://${vault}/keys/missing`] }),
    step: 'DESCRIBE',
    cause: 'KEY_NOT_FOUND',
    advice: /Check the vault, the name and the version/,
  },
  'the application has no role': {
    spoil: ({ kms, broker, vault }) => kms.removeRoles(vault, broker.oid),
    step: 'DESCRIBE',
    cause: 'PERMISSION_REVOKED',
    advice: /Key Vault Crypto Service Encryption User.*Microsoft\.KeyVault\/vaults\/keys\/read/,
  },
  'the role may only read': {
    spoil({ kms, broker, vault }) {
      kms.removeRoles(vault, broker.oid);
      kms.assignRole(vault, broker.oid, 'Key Vault Reader');
    },
    step: 'GENERATE',
    cause: 'PERMISSION_REVOKED',
    advice: /does not hold Microsoft\.KeyVault\/vaults\/keys\/wrap\/action/,
  },
  'the access policy lacks get': {
    enrol: keyIn({ authorization: 'access-policy' }, ['wrapKey', 'unwrapKey']),
    step: 'DESCRIBE',
    cause: 'PERMISSION_REVOKED',
    advice: /Add the key permission get to the vault’s access policy/,
  },
  'the access policy lacks wrapKey': {
    enrol: keyIn({ authorization: 'access-policy' }, ['get', 'unwrapKey']),
    step: 'GENERATE',
    cause: 'PERMISSION_REVOKED',
    advice: /Add the key permission wrapKey to the vault’s access policy/,
  },
  'the access policy lacks unwrapKey': {
    enrol: keyIn({ authorization: 'access-policy' }, ['get', 'wrapKey']),
    step: 'UNWRAP',
    cause: 'PERMISSION_REVOKED',
    advice: /Add the key permission unwrapKey to the vault’s access policy/,
  },
  'the replica’s vault gave no role': {
    spoil: ({ kms, broker, replica }) => kms.removeRoles(new URL(replica).host, broker.oid),
    step: 'DESCRIBE',
    on: 'the replica',
    cause: 'PERMISSION_REVOKED',
    advice: /az role assignment create/,
  },
  'the vault’s firewall is on': {
    spoil: ({ kms, vault }) => kms.setNetwork(vault, 'firewall'),
    step: 'DESCRIBE',
    cause: 'PERMISSION_REVOKED',
    advice: /az keyvault network-rule add/,
    detail: /firewall/,
  },
  'the vault takes private links alone': {
    spoil: ({ kms, vault }) => kms.setNetwork(vault, 'no-public-access'),
    step: 'DESCRIBE',
    cause: 'PERMISSION_REVOKED',
    advice: /the vault’s firewall/,
  },
  'the tenant has not let the application in': {
    spoil: ({ kms, broker }) => kms.withdrawConsent(broker.clientId, CUSTOMER_TENANT),
    step: 'DESCRIBE',
    cause: 'PERMISSION_REVOKED',
    advice: /az ad sp create/,
  },
  'the vault has no purge protection': {
    enrol: keyIn({ purgeProtection: false }),
    step: 'DELETION_PROTECTION',
    cause: 'NOT_PROTECTED',
    advice: /--enable-purge-protection true/,
    detail: /purged at once/,
  },
  'the vault has no soft delete': {
    enrol: keyIn({ softDelete: false, purgeProtection: false }),
    step: 'DELETION_PROTECTION',
    cause: 'NOT_PROTECTED',
    advice: /soft delete/,
    detail: /destroyed at once/,
  },
  'the Managed HSM has no purge protection': {
    enrol: keyIn({ kind: 'managed-hsm', purgeProtection: false }),
    step: 'DELETION_PROTECTION',
    cause: 'NOT_PROTECTED',
    advice: /az keyvault update-hsm/,
  },
  'it is an EC key': {
    enrol: otherKey({ type: 'EC' }),
    step: 'KIND',
    cause: 'WRONG_KIND',
    advice: /--kty RSA-HSM/,
    detail: /neither an RSA key/,
  },
  'it permits wrapping alone': {
    enrol: otherKey({ operations: ['wrapKey'] }),
    step: 'KIND',
    cause: 'WRONG_KIND',
    advice: /--ops wrapKey unwrapKey/,
    detail: /leave out unwrapKey/,
  },
  'the replica is another key of that name': {
    enrol({ kms, broker, key }) {
      const vault = kms.createVault({ name: 'acme-third', tenantId: CUSTOMER_TENANT });
      kms.assignRole(vault, broker.oid);
      return { references: [key, kms.createKey({ vault, name: 'recordings' })] };
    },
    step: 'UNWRAP',
    on: 'the replica',
    cause: 'CONTEXT_MISMATCH',
    advice: /az keyvault key restore/,
  },
  'another account has enrolled the key': {
    enrol: ({ key }) => ({ taken: [key] }),
    step: 'NOT_ENROLLED_ELSEWHERE',
    cause: 'CONFLICT',
    advice: /a key for this account alone/,
  },
  'another account has enrolled a version of the key': {
    enrol: ({ key }) => ({ references: [key], taken: [`${key}/${'0'.repeat(32)}`] }),
    step: 'NOT_ENROLLED_ELSEWHERE',
    cause: 'CONFLICT',
    advice: /a key for this account alone/,
  },
  'the vault limits the rate': {
    spoil({ kms }) {
      kms.faults.add({ effect: { kind: 'throttle' } });
    },
    step: 'DESCRIBE',
    cause: 'THROTTLED',
    advice: /a vault of its own/,
  },
  'nothing answers': {
    spoil: ({ kms }) => kms.stop(),
    step: 'DESCRIBE',
    cause: 'UNREACHABLE',
    advice: /status page/,
  },
};

async function start(t: ExecutionContext): Promise<World & { provider: AzureKmsProvider }> {
  const kms = await startAzureKms({ makeRsa: rsaKeys() });
  t.teardown(() => kms.close());
  const broker = brokerApplication(kms);
  const vault = kms.createVault({ name: 'acme-keys', tenantId: CUSTOMER_TENANT });
  const away = kms.createVault({ name: 'acme-away', tenantId: CUSTOMER_TENANT });
  for (const each of [vault, away]) kms.assignRole(each, broker.oid);
  const key = kms.createKey({ vault, name: 'recordings' });
  const replica = kms.restoreKey(key, away);
  const provider = new AzureKmsProvider(azureConfigFor(kms), withSecret(broker));
  t.teardown(() => provider.close());
  return { kms, broker, vault, key, replica, provider };
}

test('Azure: nothing is wrong', async (t) => {
  const { provider, key, replica } = await start(t);
  passed(t, await verifyCandidate('azure', provider, { references: [key, replica] }));
});

for (const [title, { spoil, enrol, ...expected }] of Object.entries(ROWS)) {
  test(`Azure: ${title}`, async (t) => {
    const world = await start(t);
    await spoil?.(world);
    const candidate: Candidate = { references: [world.key, world.replica], ...enrol?.(world) };
    failedAs(t, await verifyCandidate('azure', world.provider, candidate), candidate, expected);
  });
}
