import type { ExecutionContext } from 'ava';
import { AwsKmsProvider } from '../../broker/kms/aws/provider.ts';
import type { AssumedRole } from '../../broker/model/types.ts';
import { startAwsKms, type AwsKms, type PrincipalHandle } from '../../sandbox/aws-kms/emulator.ts';
import { awsConfigFor, BROKER_ACCOUNT, CUSTOMER_ACCOUNT, customerPolicy } from './aws-kms.ts';

export const EXTERNAL_ID = 'cmk-00112233445566778899aabbccddeeff';
export const ROLE = `arn:aws:iam::${CUSTOMER_ACCOUNT}:role/cmk`;

/** An emulated AWS with a customer's key that lets in a role alone, and a broker that may assume it. */
export interface RoleWorld {
  readonly kms: AwsKms;
  readonly broker: PrincipalHandle;
  /** The access key that stands for the role. */
  readonly roleHandle: PrincipalHandle;
  readonly role: AssumedRole;
  readonly key: string;
  readonly provider: AwsKmsProvider;
  /** Time passes for the broker. */
  pass(ms: number): void;
  /** Who used the key, as its owner's log shows it. */
  readonly usersOfKey: () => string[];
  /** How often STS was asked for the role. */
  readonly assumptions: () => number;
}

/** A trust policy for the broker; with null it demands no external id. */
export function trust(brokerArn: string, externalId: string | null, operator = 'StringEquals'): object {
  const condition =
    externalId === null ? {} : { Condition: { [operator]: { 'sts:ExternalId': externalId } } };
  const statement = {
    Effect: 'Allow',
    Principal: { AWS: brokerArn },
    Action: 'sts:AssumeRole',
    ...condition,
  };
  return { Version: '2012-10-17', Statement: [statement] };
}

export async function roleWorld(t: ExecutionContext, rolePolicy?: object): Promise<RoleWorld> {
  let brokerMs = 0;
  const kms = await startAwsKms({ regions: ['us-east-1', 'us-west-2'] });
  const broker = kms.createPrincipal({ account: BROKER_ACCOUNT, kind: 'role', name: 'cmk-broker' });
  const roleHandle = kms.createPrincipal({
    account: CUSTOMER_ACCOUNT,
    kind: 'role',
    name: 'cmk',
    trustPolicy: trust(broker.arn, EXTERNAL_ID),
    ...(rolePolicy ? { identityPolicy: rolePolicy } : {}),
  });
  const policy = customerPolicy(ROLE);
  const key = kms.createKey({ account: CUSTOMER_ACCOUNT, region: 'us-east-1', policy });
  const provider = new AwsKmsProvider(awsConfigFor(kms), broker, () => brokerMs);
  t.teardown(async () => {
    provider.close();
    await kms.close();
  });
  return {
    kms,
    broker,
    roleHandle,
    role: { arn: ROLE, externalId: EXTERNAL_ID },
    key,
    provider,
    pass(ms) {
      brokerMs += ms;
    },
    usersOfKey: () =>
      kms
        .events({ key })
        .filter(({ sourceIPAddress }) => sourceIPAddress !== 'AWS Internal')
        .map(({ userIdentity }) => {
          const { arn, accountId } = userIdentity as { arn?: string; accountId: string };
          return arn ?? accountId;
        }),
    assumptions: () => kms.events({ eventName: 'AssumeRole' }).length,
  };
}
