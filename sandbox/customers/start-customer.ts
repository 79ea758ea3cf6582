import { AwsCustomer } from './aws.ts';
import { startAzureCustomer } from './azure.ts';
import type { CustomerSide, KmsName, References } from './customer.ts';
import { startOciCustomer } from './oci.ts';
import { startTransitCustomer } from './transit.ts';

/** The emulated AWS KMS that holds the provider's platform key. */
export interface ProvidersAws {
  readonly controlUrl: string;
  readonly regions: References;
  /** ARN of the role that the broker calls KMSs as. */
  readonly brokerRole: string;
}

/** Starts what a customer of this KMS needs beside the provider's AWS. @param dir for logs, files and secrets */
export function startCustomer(kms: KmsName, dir: string, aws: ProvidersAws): Promise<CustomerSide> {
  const starts: Record<KmsName, () => Promise<CustomerSide>> = {
    // Another account of the same AWS.
    aws: () => Promise.resolve({ customer: new AwsCustomer(aws), process: null, brokerEnv: {} }),
    azure: () => startAzureCustomer(dir),
    oci: () => startOciCustomer(dir),
    transit: () => startTransitCustomer(dir),
  };
  return starts[kms]();
}
