import type { ProviderName } from '../model/types.ts';
import type { AwsCredentials } from './aws/client.ts';
import { awsSettings, type AwsConfig } from './aws/config.ts';
import { AwsKmsProvider } from './aws/provider.ts';
import { azureSettings, type AzureConfig } from './azure/config.ts';
import type { MakeCredential } from './azure/credential.ts';
import { AzureKmsProvider } from './azure/provider.ts';
import { ociSettings, type OciConfig } from './oci/config.ts';
import type { OciCredentials } from './oci/identity.ts';
import { OciKmsProvider } from './oci/provider.ts';
import { pkcs11Settings, type Pkcs11Config } from './pkcs11/config.ts';
import { Pkcs11Provider } from './pkcs11/provider.ts';
import type { KmsProvider } from './provider.ts';
import { transitSettings, type TransitConfig } from './transit/config.ts';
import { TransitProvider } from './transit/provider.ts';

/** The settings of every provider, to be read with the broker's own. */
export const kmsSettings = {
  ...awsSettings,
  ...azureSettings,
  ...ociSettings,
  ...transitSettings,
  ...pkcs11Settings,
};

export type KmsConfig = AwsConfig & AzureConfig & OciConfig & TransitConfig & Pkcs11Config;

/** Credentials given in place of what each provider's SDK finds by itself. */
export interface KmsCredentials {
  readonly aws?: AwsCredentials;
  readonly azure?: MakeCredential;
  readonly oci?: OciCredentials;
}

/** Every provider, by name. */
export function createProviders(
  config: KmsConfig,
  credentials: KmsCredentials = {},
): Readonly<Record<ProviderName, KmsProvider>> {
  return {
    aws: new AwsKmsProvider(config, credentials.aws),
    azure: new AzureKmsProvider(config, credentials.azure),
    oci: new OciKmsProvider(config, credentials.oci),
    transit: new TransitProvider(config),
    pkcs11: new Pkcs11Provider(config),
  };
}
