import { AwsKmsProvider } from '../../../../broker/kms/aws/provider.ts';
import { startAwsKms, type AwsKms } from '../../../../sandbox/aws-kms/emulator.ts';
import type { FaultEffect } from '../../../../sandbox/aws-kms/faults.ts';
import { testKmsProvider, type KmsFault, type KmsHarness } from '../../../contracts/kms.ts';
import { BROKER_ACCOUNT, CUSTOMER_ACCOUNT, awsConfigFor, customerPolicy } from '../../../support/aws-kms.ts';
import { canaryBytes } from '../../../support/canaries.ts';

const HOME = 'us-east-1';
const AWAY = 'eu-central-1';

const EFFECTS: Readonly<Record<Exclude<KmsFault, 'refused connection'>, FaultEffect>> = {
  'delay beyond the deadline': { kind: 'latency', ms: 2_000 },
  throttled: { kind: 'throttle' },
  'throttled with Retry-After': { kind: 'throttle', retryAfterSeconds: 7 },
  'internal error': { kind: 'error', type: 'KMSInternalException' },
  'bad gateway': { kind: 'malformed', what: 'bare-502' },
  silence: { kind: 'silence' },
  reset: { kind: 'reset', at: 'start' },
  'reset in the answer': { kind: 'reset', at: 'mid-body' },
  'garbled answer': { kind: 'malformed', what: 'not-json' },
  'empty answer': { kind: 'malformed', what: 'empty-body' },
  'answer for another key': { kind: 'malformed', what: 'other-key' },
  'short data key': { kind: 'malformed', what: 'short-plaintext' },
  'no wrapped key': { kind: 'malformed', what: 'no-blob' },
  'clock skew': { kind: 'clock-skew', ms: 2 * 3_600_000 },
};

testKmsProvider('aws', start, { column: 'AWS KMS' });

async function start(): Promise<KmsHarness> {
  const kms = await startAwsKms({ regions: [HOME, AWAY], randomBytes: canaryBytes });
  const broker = kms.createPrincipal({ account: BROKER_ACCOUNT, kind: 'role', name: 'key-broker' });
  const allowed = customerPolicy(broker.arn);
  const create = (usage: 'ENCRYPT_DECRYPT' | 'SIGN_VERIFY', multiRegion: boolean) =>
    kms.createKey({ account: CUSTOMER_ACCOUNT, region: HOME, multiRegion, usage, policy: allowed });
  const key = create('ENCRYPT_DECRYPT', true);
  const config = awsConfigFor(kms);
  return {
    provider: new AwsKmsProvider(config, broker),
    stranger: new AwsKmsProvider(config, { accessKeyId: 'AKIAUNKNOWNUNKNOWN00', secretAccessKey: 'unknown' }),
    key,
    otherKey: create('ENCRYPT_DECRYPT', false),
    replica: kms.replicateKey(key, AWAY, allowed),
    missingKey: `arn:aws:kms:${HOME}:${CUSTOMER_ACCOUNT}:key/00000000-0000-4000-8000-000000000000`,
    wrongKind: create('SIGN_VERIFY', false),
    malformed: {
      nothing: '',
      'an id alone': key.split('/')[1] ?? '',
      'an alias': `arn:aws:kms:${HOME}:${CUSTOMER_ACCOUNT}:alias/recordings`,
    },
    makesDataKeys: true,
    deniesByContext: true,
    disable: (reference) => kms.disableKey(reference),
    enable: (reference) => kms.enableKey(reference),
    scheduleDeletion: (reference) => kms.scheduleKeyDeletion(reference),
    rotate: (reference) => kms.rotateKey(reference),
    revoke(reference, denied) {
      if (denied === null) kms.putKeyPolicy(reference, allowed);
      else if (denied === 'everything') kms.putKeyPolicy(reference, customerPolicy(null));
      else kms.putKeyPolicy(reference, denying(broker.arn, denied.contextKey, denied.value));
    },
    breakWith: (fault) => breakWith(kms, fault),
    connections: async () => (await kms.connections(HOME)) + (await kms.connections(AWAY)),
    close: () => kms.close(),
  };
}

function denying(brokerArn: string, contextKey: string, value: string): object {
  return customerPolicy(brokerArn, [
    {
      Effect: 'Deny',
      Principal: { AWS: brokerArn },
      Action: 'kms:Decrypt',
      Resource: '*',
      Condition: { StringEquals: { [`kms:EncryptionContext:${contextKey}`]: value } },
    },
  ]);
}

async function breakWith(kms: AwsKms, fault: KmsFault): Promise<() => Promise<void>> {
  if (fault === 'refused connection') {
    await kms.stopRegion(HOME);
    return () => kms.startRegion(HOME);
  }
  const remove = kms.faults.add({ effect: EFFECTS[fault] });
  return () => {
    remove();
    return Promise.resolve();
  };
}
