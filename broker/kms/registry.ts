import type { ProviderName } from '../model/types.ts';
import type { AwsCredentials } from './aws/client.ts';
import { awsSettings, type AwsConfig } from './aws/config.ts';
import { AwsKmsProvider } from './aws/provider.ts';
import type { KmsProvider } from './provider.ts';

/** The settings of every provider, to be read with the broker's own. */
export const kmsSettings = { ...awsSettings };

export type KmsConfig = AwsConfig;

/** Credentials given in place of what each provider's SDK finds by itself. */
export interface KmsCredentials {
  readonly aws?: AwsCredentials;
}

/** Every provider, by name. */
export function createProviders(
  config: KmsConfig,
  credentials: KmsCredentials = {},
): Readonly<Record<ProviderName, KmsProvider>> {
  return {
    aws: new AwsKmsProvider(config, credentials.aws),
  };
}
