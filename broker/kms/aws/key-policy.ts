import type { Json } from '../quoting.ts';

type Statement = Readonly<Record<string, Json>>;
/** No interface, so that it is JSON too. */
export type PolicyDocument = Readonly<{ Version: '2012-10-17'; Statement: readonly Statement[] }>;

const USE = ['kms:GenerateDataKey', 'kms:Encrypt', 'kms:Decrypt'] as const;
/** It carries no encryption context, and so cannot be tied to an account. */
const LOOK = 'kms:DescribeKey';

/**
 * The policy of a customer's key, in each of its regions: the owner administers it; whoever calls for the broker uses
 * it, for one account's assets alone.
 * @param options.awsAccount the customer's; twelve digits
 * @param options.user ARN of who may use the key: the broker's role, or the customer's role that it assumes
 * @param options.account as the provider knows the customer
 */
export function keyPolicy(options: {
  readonly partition: string;
  readonly awsAccount: string;
  readonly user: string;
  readonly account: string;
}): PolicyDocument {
  const { partition, awsAccount, user, account } = options;
  return document(
    {
      Sid: 'The owner administers the key',
      Effect: 'Allow',
      Principal: { AWS: `arn:${partition}:iam::${awsAccount}:root` },
      Action: 'kms:*',
      Resource: '*',
    },
    {
      Sid: 'CMK wraps and unwraps data keys of this account alone',
      Effect: 'Allow',
      Principal: { AWS: user },
      Action: USE,
      Resource: '*',
      Condition: onlyFor(account),
    },
    {
      Sid: 'CMK looks at the key and its state',
      Effect: 'Allow',
      Principal: { AWS: user },
      Action: LOOK,
      Resource: '*',
    },
  );
}

/** Who may assume the customer's role: the broker, and only when it acts for this customer. */
export function trustPolicy(principal: string, externalId: string): PolicyDocument {
  return document({
    Effect: 'Allow',
    Principal: { AWS: principal },
    Action: 'sts:AssumeRole',
    Condition: { StringEquals: { 'sts:ExternalId': externalId } },
  });
}

/** What the customer's role may do. @param keys ARNs of the key in each of its regions */
export function rolePolicy(keys: readonly string[], account: string): PolicyDocument {
  return document(
    { Effect: 'Allow', Action: USE, Resource: keys, Condition: onlyFor(account) },
    { Effect: 'Allow', Action: LOOK, Resource: keys },
  );
}

/** What the broker's own role must be allowed; the customers' policies decide about each key. */
export function brokerPolicy(roleToAssume: string | null): PolicyDocument {
  if (roleToAssume !== null)
    return document({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: roleToAssume });
  return document({ Effect: 'Allow', Action: [...USE, LOOK], Resource: '*' });
}

function onlyFor(account: string): Json {
  return { StringEquals: { 'kms:EncryptionContext:acct': account } };
}

function document(...statements: readonly Statement[]): PolicyDocument {
  return { Version: '2012-10-17', Statement: statements };
}
