import { AzureKmsProvider } from '../../../../broker/kms/azure/provider.ts';
import { startAzureKms, type AzureKms } from '../../../../sandbox/azure-kms/emulator.ts';
import type { FaultEffect } from '../../../../sandbox/azure-kms/faults.ts';
import { testKmsProvider, type KmsFault, type KmsHarness } from '../../../contracts/kms.ts';
import {
  CUSTOMER_TENANT,
  azureConfigFor,
  brokerApplication,
  rsaKeys,
  withSecret,
} from '../../../support/azure-kms.ts';

const EFFECTS: Readonly<Record<Exclude<KmsFault, 'refused connection'>, FaultEffect>> = {
  'delay beyond the deadline': { kind: 'latency', ms: 2_000 },
  throttled: { kind: 'throttle' },
  'throttled with Retry-After': { kind: 'throttle', retryAfterSeconds: 7 },
  'internal error': { kind: 'error', type: 'InternalServerError' },
  'bad gateway': { kind: 'malformed', what: 'bare-502' },
  silence: { kind: 'silence' },
  reset: { kind: 'reset', at: 'start' },
  'reset in the answer': { kind: 'reset', at: 'mid-body' },
  'garbled answer': { kind: 'malformed', what: 'not-json' },
  'empty answer': { kind: 'malformed', what: 'empty-body' },
  'answer for another key': { kind: 'malformed', what: 'other-key' },
  'short data key': { kind: 'malformed', what: 'short-value' },
  'no wrapped key': { kind: 'malformed', what: 'no-value' },
  'clock skew': { kind: 'clock-skew', ms: 2 * 3_600_000 },
};

const cannotHappen = { 'permission taken away for one context': 'unseen-context' } as const;

testKmsProvider('azure key vault', () => start('vault'), { column: 'Azure Key Vault', cannotHappen });
testKmsProvider('azure managed hsm', () => start('managed-hsm'), {
  column: 'Azure Managed HSM',
  cannotHappen,
  notes: { 'key pending deletion': 'deleted-unseen' },
});

async function start(kind: 'vault' | 'managed-hsm'): Promise<KmsHarness> {
  const kms = await startAzureKms({ makeRsa: rsaKeys() });
  const broker = brokerApplication(kms);
  const home = kms.createVault({ name: 'acme-keys', tenantId: CUSTOMER_TENANT, kind });
  const away = kms.createVault({ name: 'acme-away', tenantId: CUSTOMER_TENANT, kind });
  const grant = () => [home, away].forEach((vault) => kms.assignRole(vault, broker.oid));
  grant();
  const type = kind === 'vault' ? 'RSA' : 'oct-HSM';
  const key = kms.createKey({ vault: home, name: 'recordings', type });
  const config = azureConfigFor(kms);
  return {
    provider: new AzureKmsProvider(config, withSecret(broker)),
    stranger: new AzureKmsProvider(config, withSecret({ ...broker, clientSecret: 'unknown' })),
    key,
    otherKey: kms.createKey({ vault: home, name: 'another', type }),
    replica: kms.restoreKey(key, away),
    missingKey: `https://${home}/keys/missing`,
    wrongKind: kms.createKey({ vault: home, name: 'signing', type: kind === 'vault' ? 'EC' : 'EC-HSM' }),
    malformed: {
      nothing: '',
      'a name alone': 'recordings',
      'a host that ends alike': 'https://acme-keys.vault.azure.net.evil.test/keys/recordings',
    },
    makesDataKeys: false,
    deniesByContext: false,
    disable: (reference) => kms.updateKey(reference, { enabled: false }),
    enable: (reference) => kms.updateKey(reference, { enabled: true }),
    scheduleDeletion: (reference) => kms.deleteKey(reference),
    // The role for wrapping does not let its holder see deleted keys of a Managed HSM.
    ...(kind === 'vault' ? {} : { pendingDeletionCause: 'KEY_NOT_FOUND' }),
    rotate: (reference) => void kms.rotateKey(reference),
    revoke(_reference, denied) {
      if (denied === null) grant();
      else for (const vault of [home, away]) kms.removeRoles(vault, broker.oid);
    },
    breakWith: (fault) => breakWith(kms, fault),
    connections: () => kms.connections(),
    close: () => kms.close(),
  };
}

async function breakWith(kms: AzureKms, fault: KmsFault): Promise<() => Promise<void>> {
  if (fault === 'refused connection') {
    await kms.stop();
    return () => kms.start();
  }
  const remove = kms.faults.add({ effect: EFFECTS[fault] });
  return () => {
    remove();
    return Promise.resolve();
  };
}
