import { AwsError } from './errors.ts';
import { REGION_PATTERN } from './arn.ts';
import { validation, type Input } from './input.ts';
import { newMaterial, type Key, type KeyUsage } from './key-store.ts';
import { authorizedKey, requireEnabled, requireState, type Call, type Operation } from './call.ts';
import { isAllowedByIdentity, refusalOf } from './policy.ts';
import { parsePolicy } from './policy-document.ts';

const DAY_MS = 86_400_000;
const MAX_ON_DEMAND_ROTATIONS = 25;
const KEY_USAGES = ['ENCRYPT_DECRYPT', 'SIGN_VERIFY', 'GENERATE_VERIFY_MAC'] as const;
/** The one spec that there is here for each usage, and how a description names its algorithms. */
const KINDS = {
  ENCRYPT_DECRYPT: { spec: 'SYMMETRIC_DEFAULT', algorithms: { EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'] } },
  SIGN_VERIFY: { spec: 'ECC_NIST_P256', algorithms: { SigningAlgorithms: ['ECDSA_SHA_256'] } },
  GENERATE_VERIFY_MAC: { spec: 'HMAC_256', algorithms: { MacAlgorithms: ['HMAC_SHA_256'] } },
} as const satisfies Record<KeyUsage, object>;
const ANY_STATE_BUT_DELETION = ['Enabled', 'Disabled', 'PendingImport', 'Unavailable'] as const;

/** What makes, shows and changes keys. */
export const MANAGEMENT_OPERATIONS = {
  CreateKey: {
    fields: [
      'Policy',
      'Description',
      'KeyUsage',
      'KeySpec',
      'CustomerMasterKeySpec',
      'Origin',
      'MultiRegion',
      'BypassPolicyLockoutSafetyCheck',
    ],
    readOnly: false,
    run(input, call) {
      if (!isAllowedByIdentity(call.principal, 'kms:CreateKey')) {
        throw new AwsError(
          'AccessDeniedException',
          `User: ${call.principal.sessionArn} is not authorized to perform: kms:CreateKey`,
        );
      }
      const usage = input.oneOf('KeyUsage', KEY_USAGES) ?? 'ENCRYPT_DECRYPT';
      const { spec } = KINDS[usage];
      input.oneOf('KeySpec', [spec]);
      input.oneOf('CustomerMasterKeySpec', [spec]);
      input.oneOf('Origin', ['AWS_KMS']);
      const { account } = call.principal;
      const key = call.keys.create({
        region: call.region,
        account,
        multiRegion: input.flag('MultiRegion'),
        usage,
        description: input.text('Description') ?? '',
        policyText: policyOf(input, call, account),
      });
      call.key = key;
      return { KeyMetadata: metadata(key, call) };
    },
  },

  ReplicateKey: {
    fields: ['KeyId', 'ReplicaRegion', 'Policy', 'Description', 'BypassPolicyLockoutSafetyCheck'],
    readOnly: false,
    run(input, call) {
      const primary = requireEnabled(authorizedKey(input, call));
      const region = input.requiredText('ReplicaRegion');
      if (!primary.family.multiRegion || primary.family.primaryRegion !== primary.region) {
        throw new AwsError(
          'UnsupportedOperationException',
          `${primary.arn} is not a multi-region primary key.`,
        );
      }
      if (!REGION_PATTERN.test(region) || !call.regions.includes(region) || region === primary.region) {
        throw validation('ReplicaRegion', 'Member must be another region of this emulator');
      }
      const policyText = policyOf(input, call, primary.account);
      const replica = call.keys.replicate(primary, region, policyText, input.text('Description') ?? '');
      return { ReplicaKeyMetadata: metadata(replica, call), ReplicaPolicy: policyText, ReplicaTags: [] };
    },
  },

  DescribeKey: {
    fields: ['KeyId'],
    readOnly: true,
    run: (input, call) => ({ KeyMetadata: metadata(authorizedKey(input, call), call) }),
  },

  EnableKey: {
    fields: ['KeyId'],
    readOnly: false,
    run(input, call) {
      requireState(authorizedKey(input, call), ['Enabled', 'Disabled']).state = 'Enabled';
      return {};
    },
  },

  DisableKey: {
    fields: ['KeyId'],
    readOnly: false,
    run(input, call) {
      requireState(authorizedKey(input, call), ['Enabled', 'Disabled']).state = 'Disabled';
      return {};
    },
  },

  ScheduleKeyDeletion: {
    fields: ['KeyId', 'PendingWindowInDays'],
    readOnly: false,
    run(input, call) {
      const key = requireState(authorizedKey(input, call), ANY_STATE_BUT_DELETION);
      const days = input.integer('PendingWindowInDays', [7, 30]) ?? 30;
      key.pendingWindowDays = days;
      const isPrimary = key.family.primaryRegion === key.region;
      if (isPrimary && call.keys.replicasOf(key).length > 0) {
        key.state = 'PendingReplicaDeletion';
        return { KeyId: key.arn, KeyState: key.state, PendingWindowInDays: days };
      }
      key.state = 'PendingDeletion';
      key.deletionAtMs = call.nowMs + days * DAY_MS;
      return {
        KeyId: key.arn,
        KeyState: key.state,
        PendingWindowInDays: days,
        DeletionDate: seconds(key.deletionAtMs),
      };
    },
  },

  CancelKeyDeletion: {
    fields: ['KeyId'],
    readOnly: false,
    run(input, call) {
      const key = authorizedKey(input, call);
      if (!key.state.endsWith('Deletion')) {
        throw new AwsError('KMSInvalidStateException', `${key.arn} is not pending deletion.`);
      }
      key.state = 'Disabled';
      key.deletionAtMs = null;
      key.pendingWindowDays = null;
      return { KeyId: key.arn };
    },
  },

  PutKeyPolicy: {
    fields: ['KeyId', 'PolicyName', 'Policy', 'BypassPolicyLockoutSafetyCheck'],
    readOnly: false,
    run(input, call) {
      input.oneOf('PolicyName', ['default']);
      const key = authorizedKey(input, call);
      input.requiredText('Policy');
      const policyText = policyOf(input, call, key.account);
      key.policy = parsePolicy(policyText, 'key');
      key.policyText = policyText;
      return {};
    },
  },

  GetKeyPolicy: {
    fields: ['KeyId', 'PolicyName'],
    readOnly: true,
    run(input, call) {
      input.oneOf('PolicyName', ['default']);
      return { Policy: authorizedKey(input, call).policyText, PolicyName: 'default' };
    },
  },

  RotateKeyOnDemand: {
    fields: ['KeyId'],
    readOnly: false,
    run(input, call) {
      const key = requireEnabled(authorizedKey(input, call));
      if (key.family.usage !== 'ENCRYPT_DECRYPT' || key.family.primaryRegion !== key.region) {
        throw new AwsError('UnsupportedOperationException', `${key.arn} is not a symmetric primary key.`);
      }
      if (key.family.materials.length > MAX_ON_DEMAND_ROTATIONS) {
        throw new AwsError(
          'LimitExceededException',
          `${key.arn} was rotated on demand ${MAX_ON_DEMAND_ROTATIONS} times.`,
        );
      }
      key.family.materials.push(newMaterial());
      return { KeyId: key.arn };
    },
  },
} as const satisfies Record<string, Operation>;

/** The account alone, which leaves the rest to its IAM policies: what KMS takes when none is given. */
function defaultPolicy(account: string): object {
  return {
    Version: '2012-10-17',
    Id: 'key-default-1',
    Statement: [
      {
        Sid: 'Enable IAM User Permissions',
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${account}:root` },
        Action: 'kms:*',
        Resource: '*',
      },
    ],
  };
}

/** The policy that a request brings, checked for locking its sender out; or the default one. */
function policyOf(input: Input, call: Call, account: string): string {
  const text = input.text('Policy');
  if (text === undefined) return JSON.stringify(defaultPolicy(account));
  const policy = parsePolicy(text, 'key');
  const request = {
    principal: call.principal,
    action: 'kms:PutKeyPolicy',
    resourceArn: '*',
    resourceAccount: account,
    encryptionContext: {},
  };
  if (!input.flag('BypassPolicyLockoutSafetyCheck') && refusalOf(request, policy) !== null) {
    throw new AwsError(
      'MalformedPolicyDocumentException',
      'The new key policy will not allow you to update the key policy in the future.',
    );
  }
  return text;
}

function metadata(key: Key, call: Call): object {
  const { family } = key;
  const { spec, algorithms } = KINDS[family.usage];
  return {
    AWSAccountId: key.account,
    KeyId: key.keyId,
    Arn: key.arn,
    CreationDate: seconds(key.createdAtMs),
    Enabled: key.state === 'Enabled',
    Description: key.description,
    KeyUsage: family.usage,
    KeyState: key.state,
    ...(key.deletionAtMs === null ? {} : { DeletionDate: seconds(key.deletionAtMs) }),
    Origin: 'AWS_KMS',
    KeyManager: 'CUSTOMER',
    CustomerMasterKeySpec: spec,
    KeySpec: spec,
    ...algorithms,
    MultiRegion: family.multiRegion,
    ...(family.multiRegion ? { MultiRegionConfiguration: multiRegionConfiguration(key, call) } : {}),
  };
}

function multiRegionConfiguration(key: Key, call: Call): object {
  const related = [key, ...call.keys.replicasOf(key)].map(({ arn, region }) => ({
    Arn: arn,
    Region: region,
  }));
  const { primaryRegion } = key.family;
  return {
    MultiRegionKeyType: key.region === primaryRegion ? 'PRIMARY' : 'REPLICA',
    PrimaryKey: related.find(({ Region }) => Region === primaryRegion),
    ReplicaKeys: related.filter(({ Region }) => Region !== primaryRegion),
  };
}

/** Timestamps travel as seconds with a fraction. */
function seconds(ms: number): number {
  return ms / 1_000;
}
