import test, { type ExecutionContext } from 'ava';
import { AwsKmsProvider } from '../../../../broker/kms/aws/provider.ts';
import { startAwsKms, type AwsKms, type PrincipalHandle } from '../../../../sandbox/aws-kms/emulator.ts';
import { BROKER_ACCOUNT, CUSTOMER_ACCOUNT, awsConfigFor } from '../../../support/aws-kms.ts';
import {
  failedAs,
  passed,
  verifyCandidate,
  type Candidate,
  type Expected,
} from '../../../support/verification-table.ts';

const HOME = 'us-east-1';
const AWAY = 'eu-central-1';
const USES = ['kms:GenerateDataKey', 'kms:Encrypt', 'kms:Decrypt'] as const;

interface World {
  readonly kms: AwsKms;
  readonly broker: PrincipalHandle;
  readonly key: string;
  readonly replica: string;
}

interface Row extends Expected {
  readonly spoil?: (world: World) => void | Promise<void>;
  /** What is enrolled in place of the key and its replica. */
  readonly enrol?: (world: World) => Partial<Candidate>;
}

/** The key policy of docs/kms/aws.md. */
function policy(
  broker: string,
  { uses = USES, describe = {}, account = 'acme', more = [] as object[] }: PolicyChanges = {},
): object {
  const statement = (Action: string | readonly string[], Condition: object = {}) => ({
    Effect: 'Allow',
    Principal: { AWS: broker },
    Action,
    Resource: '*',
    Condition,
  });
  const owner = { ...statement('kms:*'), Principal: { AWS: `arn:aws:iam::${CUSTOMER_ACCOUNT}:root` } };
  return {
    Version: '2012-10-17',
    Statement: [
      owner,
      statement(uses, { StringEquals: { 'kms:EncryptionContext:acct': account } }),
      ...(describe ? [statement('kms:DescribeKey', describe)] : []),
      ...more,
    ],
  };
}

interface PolicyChanges {
  readonly uses?: readonly string[];
  /** A condition; null: no statement. */
  readonly describe?: object | null;
  readonly account?: string;
  readonly more?: object[];
}

const repolicy = (which: 'key' | 'replica', changes: PolicyChanges) => (world: World) => {
  world.kms.putKeyPolicy(world[which], policy(world.broker.arn, changes));
};
const without = (use: (typeof USES)[number]) => ({ uses: USES.filter((each) => each !== use) });
const another = ({ kms, broker }: World, usage: 'ENCRYPT_DECRYPT' | 'SIGN_VERIFY' | 'GENERATE_VERIFY_MAC') =>
  kms.createKey({ account: CUSTOMER_ACCOUNT, region: HOME, usage, policy: policy(broker.arn) });

const ROWS: Readonly<Record<string, Row>> = {
  'the key is disabled': {
    spoil: ({ kms, key }) => kms.disableKey(key),
    step: 'DESCRIBE',
    cause: 'KEY_DISABLED',
    advice: /aws kms enable-key/,
  },
  'the replica is disabled': {
    spoil: ({ kms, replica }) => kms.disableKey(replica),
    step: 'DESCRIBE',
    on: 'the replica',
    cause: 'KEY_DISABLED',
    advice: /in the region that the ARN names/,
  },
  'its imported material is gone': {
    spoil: ({ kms, key }) => kms.setKeyState(key, 'PendingImport'),
    step: 'DESCRIBE',
    cause: 'KEY_DISABLED',
    advice: /import it again/,
    detail: /material is gone/,
  },
  'its external key store is away': {
    spoil: ({ kms, key }) => kms.setKeyState(key, 'Unavailable'),
    step: 'DESCRIBE',
    cause: 'UNREACHABLE',
    advice: /describe-custom-key-stores/,
  },
  'its deletion is scheduled': {
    enrol(world) {
      const single = another(world, 'ENCRYPT_DECRYPT');
      world.kms.scheduleKeyDeletion(single);
      return { references: [single] };
    },
    step: 'DESCRIBE',
    cause: 'KEY_PENDING_DELETION',
    advice: /aws kms cancel-key-deletion/,
  },
  'its deletion waits for its replicas': {
    spoil: ({ kms, key }) => kms.scheduleKeyDeletion(key),
    step: 'DESCRIBE',
    cause: 'KEY_PENDING_DELETION',
    advice: /aws kms cancel-key-deletion/,
  },
  'the policy lacks kms:DescribeKey': {
    spoil: repolicy('key', { describe: null }),
    step: 'DESCRIBE',
    cause: 'PERMISSION_REVOKED',
    advice: /kms:DescribeKey, in a statement without a condition/,
  },
  'the policy has kms:DescribeKey under the account’s condition': {
    spoil: repolicy('key', { describe: { StringEquals: { 'kms:EncryptionContext:acct': 'acme' } } }),
    step: 'DESCRIBE',
    cause: 'PERMISSION_REVOKED',
    advice: /without a condition/,
  },
  'the policy lacks kms:GenerateDataKey': {
    spoil: repolicy('key', without('kms:GenerateDataKey')),
    step: 'GENERATE',
    cause: 'PERMISSION_REVOKED',
    advice: /allow the broker’s role kms:GenerateDataKey,/,
  },
  'the policy lacks kms:Encrypt': {
    spoil: repolicy('key', without('kms:Encrypt')),
    step: 'WRAP',
    cause: 'PERMISSION_REVOKED',
    advice: /allow the broker’s role kms:Encrypt,/,
  },
  'the policy lacks kms:Decrypt': {
    spoil: repolicy('key', without('kms:Decrypt')),
    step: 'UNWRAP',
    cause: 'PERMISSION_REVOKED',
    advice: /allow the broker’s role kms:Decrypt,/,
  },
  'the policy denies kms:Decrypt': {
    spoil: repolicy('key', {
      more: [{ Effect: 'Deny', Principal: '*', Action: 'kms:Decrypt', Resource: '*' }],
    }),
    step: 'UNWRAP',
    cause: 'PERMISSION_REVOKED',
    advice: /take away the Deny statement .* kms:Decrypt/,
  },
  'the policy names another account of ours': {
    spoil: repolicy('key', { account: 'globex' }),
    step: 'GENERATE',
    cause: 'PERMISSION_REVOKED',
    advice: /kms:EncryptionContext:acct, it must name this very account/,
  },
  'another account has enrolled the key': {
    enrol: ({ key }) => ({ taken: [key] }),
    step: 'NOT_ENROLLED_ELSEWHERE',
    cause: 'CONFLICT',
    advice: /a key for this account alone/,
  },
  'another account has enrolled the key in another region': {
    enrol: ({ key, replica }) => ({ references: [key], taken: [replica] }),
    step: 'NOT_ENROLLED_ELSEWHERE',
    cause: 'CONFLICT',
    advice: /a key for this account alone/,
  },
  'the replica’s own policy does not know the broker': {
    spoil: ({ kms, replica }) => kms.putKeyPolicy(replica, policy(`arn:aws:iam::${CUSTOMER_ACCOUNT}:root`)),
    step: 'DESCRIBE',
    on: 'the replica',
    cause: 'PERMISSION_REVOKED',
    advice: /A replica has a policy of its own/,
  },
  'the replica’s own policy lacks kms:GenerateDataKey': {
    spoil: repolicy('replica', without('kms:GenerateDataKey')),
    step: 'GENERATE',
    on: 'the replica',
    cause: 'PERMISSION_REVOKED',
    advice: /kms:GenerateDataKey.* A replica has a policy of its own/,
  },
  'the replica’s own policy lacks kms:Decrypt': {
    spoil: repolicy('replica', without('kms:Decrypt')),
    step: 'UNWRAP',
    on: 'the replica',
    cause: 'PERMISSION_REVOKED',
    advice: /kms:Decrypt.* A replica has a policy of its own/,
  },
  'the replica is another key': {
    enrol: (world) => ({ references: [world.key, another(world, 'ENCRYPT_DECRYPT')] }),
    step: 'UNWRAP',
    on: 'the replica',
    cause: 'CONTEXT_MISMATCH',
    advice: /replicas of one multi-region key alone/,
  },
  'the ARN names another region': {
    enrol: (world) => ({ references: [another(world, 'ENCRYPT_DECRYPT').replace(HOME, AWAY)] }),
    step: 'DESCRIBE',
    cause: 'KEY_NOT_FOUND',
    advice: /Check the region and the key’s id in the ARN/,
  },
  'there is no such key': {
    enrol: ({ key }) => ({ references: [key.replace(/mrk-.*/, `mrk-${'0'.repeat(32)}`)] }),
    step: 'DESCRIBE',
    cause: 'KEY_NOT_FOUND',
    advice: /Copy it from the key’s page/,
  },
  'it is an asymmetric key': {
    enrol: (world) => ({ references: [another(world, 'SIGN_VERIFY')] }),
    step: 'KIND',
    cause: 'WRONG_KIND',
    advice: /--key-spec SYMMETRIC_DEFAULT/,
    detail: /ECC_NIST_P256/,
  },
  'it is an HMAC key': {
    enrol: (world) => ({ references: [another(world, 'GENERATE_VERIFY_MAC')] }),
    step: 'KIND',
    cause: 'WRONG_KIND',
    advice: /--key-usage ENCRYPT_DECRYPT/,
    detail: /HMAC_256/,
  },
  'the broker’s credentials are unknown': {
    spoil: ({ kms, broker }) => kms.removePrincipal(broker.accessKeyId),
    step: 'DESCRIBE',
    cause: 'AUTH_FAILED',
    advice: /^The operator: .*credentials/,
  },
  'AWS limits the rate': {
    spoil({ kms }) {
      kms.faults.add({ effect: { kind: 'throttle' } });
    },
    step: 'DESCRIBE',
    cause: 'THROTTLED',
    advice: /quota/,
  },
  'the region does not answer': {
    spoil: ({ kms }) => kms.stopRegion(HOME),
    step: 'DESCRIBE',
    cause: 'UNREACHABLE',
    advice: /AWS Health Dashboard/,
  },
};

async function start(t: ExecutionContext): Promise<World & { provider: AwsKmsProvider }> {
  const kms = await startAwsKms({ regions: [HOME, AWAY] });
  t.teardown(() => kms.close());
  const broker = kms.createPrincipal({ account: BROKER_ACCOUNT, kind: 'role', name: 'key-broker' });
  const allowed = policy(broker.arn);
  const key = kms.createKey({ account: CUSTOMER_ACCOUNT, region: HOME, multiRegion: true, policy: allowed });
  const replica = kms.replicateKey(key, AWAY, allowed);
  const provider = new AwsKmsProvider(awsConfigFor(kms), broker);
  t.teardown(() => provider.close());
  return { kms, broker, key, replica, provider };
}

test('AWS KMS: nothing is wrong', async (t) => {
  const { provider, key, replica } = await start(t);
  passed(t, await verifyCandidate('aws', provider, { references: [key, replica] }));
});

for (const [title, { spoil, enrol, ...expected }] of Object.entries(ROWS)) {
  test(`AWS KMS: ${title}`, async (t) => {
    const world = await start(t);
    await spoil?.(world);
    const candidate: Candidate = { references: [world.key, world.replica], ...enrol?.(world) };
    failedAs(t, await verifyCandidate('aws', world.provider, candidate), candidate, expected);
  });
}
