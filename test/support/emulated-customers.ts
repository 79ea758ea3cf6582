import { AwsKmsProvider } from '../../broker/kms/aws/provider.ts';
import { AzureKmsProvider } from '../../broker/kms/azure/provider.ts';
import type { Providers } from '../../broker/main.ts';
import { startAwsKms, type AwsKms } from '../../sandbox/aws-kms/emulator.ts';
import { startAzureKms, type AzureKms } from '../../sandbox/azure-kms/emulator.ts';
import { awsConfigFor, BROKER_ACCOUNT, CUSTOMER_ACCOUNT } from './aws-kms.ts';
import { azureConfigFor, CUSTOMER_TENANT, PROVIDER_TENANT, rsaKeys, withSecret } from './azure-kms.ts';
import type { Teardowns } from './shared-world.ts';

const REGION = 'eu-central-1';

/** Emulated clouds with customers who have let nobody in yet, and the broker's own providers over them. */
export interface EmulatedCustomers {
  readonly aws: AwsKms;
  readonly azure: AzureKms;
  readonly real: Pick<Providers, 'aws' | 'azure'>;
  /** Settings that tell a broker who it is there. */
  readonly env: Record<string, string>;
  /** A key of the AWS customer's. @returns its ARN */
  readonly makeAwsKey: (policy: object) => string;
  /** A key of the Azure customer's, in a vault of its own. @returns its identifier */
  readonly makeAzureKey: (vault: string, name: string) => string;
  /** Lets the broker's application into the customer's tenant. @returns the id of its principal there */
  readonly consent: () => string;
}

export async function emulatedCustomers(t: Teardowns): Promise<EmulatedCustomers> {
  const aws = await startAwsKms({ regions: [REGION] });
  t.teardown(() => aws.close());
  const azure = await startAzureKms({ makeRsa: rsaKeys() });
  t.teardown(() => azure.close());
  const role = aws.createPrincipal({ account: BROKER_ACCOUNT, kind: 'role', name: 'cmk-broker' });
  const application = azure.registerApplication({ tenantId: PROVIDER_TENANT });
  const real = {
    aws: new AwsKmsProvider(awsConfigFor(aws), role),
    azure: new AzureKmsProvider(azureConfigFor(azure), withSecret(application)),
  };
  t.teardown(() => {
    real.aws.close();
    real.azure.close();
  });
  return {
    aws,
    azure,
    real,
    env: {
      CMK_PLATFORM_KEY: aws.createKey({ account: BROKER_ACCOUNT, region: REGION }),
      CMK_AWS_PRINCIPAL: role.arn,
      CMK_AZURE_APPLICATION: `${application.tenantId}/${application.clientId}`,
    },
    makeAwsKey: (policy) =>
      aws.createKey({ account: CUSTOMER_ACCOUNT, region: REGION, multiRegion: true, policy }),
    makeAzureKey(vault, name) {
      const host = azure.createVault({ name: vault, tenantId: CUSTOMER_TENANT });
      return azure.createKey({ vault: host, name, type: 'RSA-HSM', bits: 3_072 });
    },
    consent: () => azure.consent(application.clientId, CUSTOMER_TENANT),
  };
}
