import { formatJson, shellCommand, shellWord } from '../quoting.ts';
import { badFact, checkFact, ours, type SetUpDocument } from '../set-up.ts';
import type { AwsConfig } from './config.ts';
import { brokerPolicy, keyPolicy, rolePolicy, trustPolicy, type PolicyDocument } from './key-policy.ts';
import { partitionOf } from './reference.ts';
import { terraform } from './terraform.ts';

export interface AwsSetUpFacts {
  /** The customer's; twelve digits. */
  readonly awsAccount: string;
  /** The key's own region, then those of its replicas. */
  readonly regions: readonly string[];
  /** `mrk-…`, or a UUID; absent: the key is still to be made. */
  readonly keyId?: string;
  /** A role of the customer's for the broker to assume; absent: the broker's own role calls. */
  readonly role?: { readonly name: string; readonly externalId: string };
}

/** All that the documents are made of. */
export interface AwsSetUpPlan {
  readonly account: string;
  readonly awsAccount: string;
  readonly regions: readonly [string, ...string[]];
  readonly keyPolicy: PolicyDocument;
  readonly role: Role | null;
}

interface Role {
  readonly name: string;
  readonly arn: string;
  readonly trust: PolicyDocument;
}

const NO_KEY_ID = '<KEY_ID>';
const MAX_REGIONS = 10;
const REPLACES =
  'AWS copies no policy to replicas: each region’s key needs it. It replaces the policy that a key has.';

/** @throws CmkError INVALID_ARGUMENT */
export function awsSetUp(
  { awsPrincipal }: Pick<AwsConfig, 'awsPrincipal'>,
  account: string,
  facts: AwsSetUpFacts,
): readonly SetUpDocument[] {
  const principal = ours(awsPrincipal, 'CMK_AWS_PRINCIPAL');
  const { partition, regions } = checkRegions(facts.regions, awsPrincipal);
  const awsAccount = checkFact('awsAccount', facts.awsAccount, /^\d{12}$/, 'twelve digits');
  const keyId = checkKeyId(facts.keyId);
  const role = facts.role ? planRole(facts.role, `arn:${partition}:iam::${awsAccount}`, principal) : null;
  const plan: AwsSetUpPlan = {
    account,
    awsAccount,
    regions,
    keyPolicy: keyPolicy({ partition, awsAccount, user: role?.arn ?? principal, account }),
    role,
  };
  const keys = regions.map((region) => `arn:${partition}:kms:${region}:${awsAccount}:key/${keyId}`);
  return [
    ...(role ? makeRole(role) : []),
    customers('Key policy', 'json', formatJson(plan.keyPolicy), keyPolicyNote(regions)),
    ...(facts.keyId === undefined ? [customers('AWS CLI: make the key', 'sh', makeKey(plan))] : []),
    customers('AWS CLI: give a key the policy', 'sh', giveKeyPolicy(plan, keyId), REPLACES),
    ...(role ? permitRole(role, rolePolicy(keys, account)) : []),
    customers('Terraform', 'hcl', terraform(plan), 'In place of the commands.'),
    {
      title: 'Policy of the broker’s role',
      who: 'PROVIDER',
      language: 'json',
      text: formatJson(brokerPolicy(role?.arn ?? null)),
    },
  ];
}

function customers(
  title: string,
  language: SetUpDocument['language'],
  text: string,
  ...notes: readonly string[]
): SetUpDocument {
  const all = text.includes(NO_KEY_ID) ? [`Put the key’s id in place of ${NO_KEY_ID}.`, ...notes] : notes;
  return { title, who: 'CUSTOMER', language, text, ...(all.length === 0 ? {} : { note: all.join(' ') }) };
}

function keyPolicyNote([, ...replicas]: AwsSetUpPlan['regions']): string {
  if (replicas.length === 0) return 'It replaces the policy that the key has.';
  return `The same for the replicas in ${replicas.join(', ')}. ${REPLACES}`;
}

function makeRole({ name, trust }: Role): SetUpDocument[] {
  const command = shellCommand(
    `aws iam create-role --role-name ${shellWord(name)}`,
    `--assume-role-policy-document ${shellWord(formatJson(trust))}`,
  );
  const first = 'Before the key’s policy, which can name only a role that exists.';
  return [
    customers('Trust policy of the role', 'json', formatJson(trust)),
    customers('AWS CLI: make the role', 'sh', command, first),
  ];
}

function permitRole({ name }: Role, permissions: PolicyDocument): SetUpDocument[] {
  const command = shellCommand(
    `aws iam put-role-policy --role-name ${shellWord(name)} --policy-name cmk`,
    `--policy-document ${shellWord(formatJson(permissions))}`,
  );
  return [
    customers('Permissions of the role', 'json', formatJson(permissions)),
    customers('AWS CLI: give the role its permissions', 'sh', command),
  ];
}

function makeKey({ account, regions: [home, ...others], keyPolicy }: AwsSetUpPlan): string {
  const create = shellCommand(
    // A key that is not made so can never have replicas.
    `KEY_ARN=$(aws kms create-key --multi-region --region ${shellWord(home)}`,
    `--description ${shellWord(`CMK: account ${account}`)}`,
    '--policy "$POLICY" --query KeyMetadata.Arn --output text)',
  );
  const replicate = others.map((region) =>
    shellCommand(
      `aws kms replicate-key --region ${shellWord(home)} --key-id "$KEY_ARN"`,
      `--replica-region ${shellWord(region)} --policy "$POLICY"`,
    ),
  );
  const rotate = `aws kms enable-key-rotation --region ${shellWord(home)} --key-id "$KEY_ARN"`;
  return ['set -e', policyVariable(keyPolicy), create, rotate, ...replicate, 'echo "$KEY_ARN"'].join('\n');
}

function giveKeyPolicy({ regions, keyPolicy }: AwsSetUpPlan, keyId: string): string {
  const commands = regions.map((region) =>
    shellCommand(
      `aws kms put-key-policy --region ${shellWord(region)} --key-id ${shellWord(keyId)}`,
      '--policy-name default --policy "$POLICY"',
    ),
  );
  return ['set -e', policyVariable(keyPolicy), ...commands].join('\n');
}

function policyVariable(policy: PolicyDocument): string {
  return `POLICY=${shellWord(formatJson(policy))}`;
}

function checkRegions(
  regions: readonly string[],
  principal: string | null,
): { partition: string; regions: AwsSetUpPlan['regions'] } {
  const refuse = (expected: string) => badFact('regions', expected, regions.join(','));
  const [home, ...others] = regions;
  const partition = home === undefined ? null : partitionOf(home);
  if (home === undefined || partition === null || regions.length > MAX_REGIONS)
    throw refuse(`1 to ${MAX_REGIONS} regions, e.g. us-east-1`);
  if (regions.some((region) => partitionOf(region) !== partition) || new Set(regions).size < regions.length)
    throw refuse(`different regions of partition ${partition}`);
  if (principal !== null && principal.split(':')[1] !== partition)
    throw refuse('regions of the partition that CMK_AWS_PRINCIPAL is in');
  return { partition, regions: [home, ...others] };
}

function checkKeyId(keyId: string | undefined): string {
  if (keyId === undefined) return NO_KEY_ID;
  const pattern = /^(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
  return checkFact('keyId', keyId, pattern, 'UUID, or mrk- and 32 hexadecimal digits');
}

function planRole(
  { name, externalId }: NonNullable<AwsSetUpFacts['role']>,
  iam: string,
  principal: string,
): Role {
  checkFact('roleName', name, /^[\w+=,.@-]{1,64}$/, 'name of an IAM role');
  checkFact(
    'externalId',
    externalId,
    /^[\w+=,.@:/-]{2,1224}$/,
    '2 to 1224 characters of \\w + = , . @ : / -',
  );
  return { name, arn: `${iam}:role/${name}`, trust: trustPolicy(principal, externalId) };
}
