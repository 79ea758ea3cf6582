import type { KmsProvider } from '../../broker/kms/provider.ts';
import { PROVIDER_NAMES, type ProviderName } from '../../broker/model/types.ts';

/** One KMS in the place of all. */
export function everyProvider(kms: KmsProvider): Readonly<Record<ProviderName, KmsProvider>> {
  return Object.fromEntries(PROVIDER_NAMES.map((name) => [name, kms])) as Record<ProviderName, KmsProvider>;
}
