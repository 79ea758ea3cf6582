import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientSecretCredential } from '@azure/identity';
import { azureSettings, type AzureConfig } from '../../broker/kms/azure/config.ts';
import type { MakeCredential } from '../../broker/kms/azure/credential.ts';
import { readConfig } from '../../runtime/config.ts';
import type { AzureKms, Credentials } from '../../sandbox/azure-kms/emulator.ts';
import type { MakeRsa } from '../../sandbox/azure-kms/vault-store.ts';

/** The Entra tenant of a customer, and the provider's own. */
export const CUSTOMER_TENANT = '11111111-2222-4333-8444-555555555555';
export const PROVIDER_TENANT = '99999999-8888-4777-8666-555555555555';

/** Settings that lead to an emulator. */
export function azureConfigFor(kms: AzureKms, env: NodeJS.ProcessEnv = {}): AzureConfig {
  const azureCaPath = join(mkdtempSync(join(tmpdir(), 'cmk-azure-')), 'ca.pem');
  writeFileSync(azureCaPath, kms.caPem);
  return { ...readConfig(azureSettings, env), azureConnectTo: kms.connectTo, azureCaPath };
}

/** The broker's application in the provider's tenant, let into the customer's, with a role at a vault. */
export function brokerApplication(kms: AzureKms): Credentials & { oid: string } {
  const application = kms.registerApplication({ tenantId: PROVIDER_TENANT });
  return { ...application, oid: kms.consent(application.clientId, CUSTOMER_TENANT) };
}

/** The real credential of the Azure SDK, over TLS to the emulated Entra. */
export function withSecret({ tenantId, clientId, clientSecret }: Credentials): MakeCredential {
  return (options) => new ClientSecretCredential(tenantId, clientId, clientSecret, options);
}

const spare = new Map<number, KeyObject[]>();

/** RSA keys for emulators: making them takes long, so that those of one emulator serve the next one too. */
export function rsaKeys(): MakeRsa {
  let taken = 0;
  return (bits) => {
    const keys = spare.get(bits) ?? [];
    spare.set(bits, keys);
    const key = (keys[taken] ??= generateKeyPairSync('rsa', { modulusLength: bits }).privateKey);
    taken += 1;
    return key;
  };
}
