import { awsSettings, type AwsConfig } from '../../broker/kms/aws/config.ts';
import { readConfig } from '../../runtime/config.ts';
import { awsKmsSettings, type AwsEndpoints } from '../../sandbox/settings.ts';

/** The AWS account of a customer, and the provider's own. */
export const CUSTOMER_ACCOUNT = '111122223333';
export const BROKER_ACCOUNT = '444455556666';

/** Settings that lead to an emulator. */
export function awsConfigFor(kms: AwsEndpoints): AwsConfig {
  return readConfig(awsSettings, awsKmsSettings(kms));
}

/** The key policy that a customer gives the broker, with more statements as the test needs them. */
export function customerPolicy(brokerArn: string | null, more: readonly object[] = []): object {
  const owner = {
    Sid: 'owner',
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${CUSTOMER_ACCOUNT}:root` },
    Action: 'kms:*',
    Resource: '*',
  };
  const broker = {
    Sid: 'broker',
    Effect: 'Allow',
    Principal: { AWS: brokerArn },
    Action: ['kms:Decrypt', 'kms:Encrypt', 'kms:DescribeKey', 'kms:GenerateDataKey*'],
    Resource: '*',
  };
  return { Version: '2012-10-17', Statement: [owner, ...(brokerArn === null ? [] : [broker]), ...more] };
}
