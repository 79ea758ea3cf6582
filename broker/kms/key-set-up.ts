import { checkIdentifier } from '../../core/asset.ts';
import { awsSetUp } from './aws/set-up.ts';
import { azureSetUp } from './azure/set-up.ts';
import { ociSetUp } from './oci/set-up.ts';
import { pkcs11SetUp } from './pkcs11/set-up.ts';
import type { KmsConfig } from './registry.ts';
import { withPlaceholderNote, type KeySetUp, type SetUpDocument, type SetUpFacts } from './set-up.ts';
import { transitSetUp } from './transit/set-up.ts';

/** What customers of every provider are told to paste or run. @param config what the operator says of themselves */
export function createKeySetUp(config: KmsConfig): KeySetUp {
  return (account, facts) => {
    checkIdentifier('account', account);
    return documentsOf(config, account, facts).map(withPlaceholderNote);
  };
}

function documentsOf(config: KmsConfig, account: string, facts: SetUpFacts): readonly SetUpDocument[] {
  switch (facts.provider) {
    case 'aws':
      return awsSetUp(config, account, facts);
    case 'azure':
      return azureSetUp(config, account, facts);
    case 'oci':
      return ociSetUp(config, account, facts);
    case 'transit':
      return transitSetUp(config, account, facts);
    case 'pkcs11':
      return pkcs11SetUp(facts);
  }
}
