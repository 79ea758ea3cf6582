import type { KmsOperation, KmsQuota } from '../provider.ts';
import { regionOf } from './reference.ts';

const DESCRIBE_PER_SECOND = 2_000;
const USUAL_PER_SECOND = 10_000;
/** Requests a second for symmetric keys, by region, as AWS grants them without being asked for more. */
const PER_SECOND: Readonly<Record<string, number>> = {
  'us-east-1': 100_000,
  'us-west-2': 100_000,
  'eu-west-1': 100_000,
  'us-east-2': 20_000,
  'ap-southeast-1': 20_000,
  'ap-southeast-2': 20_000,
  'ap-northeast-1': 20_000,
  'eu-central-1': 20_000,
  'eu-west-2': 20_000,
};

/**
 * AWS counts against the caller's account in each region, whoever owns the key: all customers share this.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html
 */
export function awsQuota(arn: string, operation: KmsOperation): KmsQuota {
  const region = regionOf(arn);
  if (operation === 'describe') return { scope: `${region} describe`, perSecond: DESCRIBE_PER_SECOND };
  return { scope: region, perSecond: PER_SECOND[region] ?? USUAL_PER_SECOND };
}
