import type { KmsAdvice } from '../provider.ts';

/** What the broker does with a key, as IAM names it after `kms:`. */
export type AwsAction = 'DescribeKey' | 'GenerateDataKey' | 'Encrypt' | 'Decrypt';

const EACH_REGION = 'A replica has a policy of its own: look in the region that the ARN names.';

/** What to do about each cause, in AWS's words. */
export const AWS_ADVICE: KmsAdvice = {
  AUTH_FAILED:
    'The operator: give the broker valid AWS credentials, of a role whose IAM policy allows kms:DescribeKey, kms:GenerateDataKey, kms:Encrypt and kms:Decrypt.',
  PERMISSION_REVOKED: `In the key policy, allow the broker’s role kms:DescribeKey, and under this account’s kms:EncryptionContext:acct also kms:GenerateDataKey, kms:Encrypt and kms:Decrypt. ${EACH_REGION}`,
  KEY_DISABLED:
    'Enable the key: aws kms enable-key, in the region that the ARN names. If its imported material has expired, import it again.',
  KEY_PENDING_DELETION:
    'Cancel the deletion, then enable the key: aws kms cancel-key-deletion and aws kms enable-key.',
  KEY_NOT_FOUND:
    'Check the region and the key’s id in the ARN: a key is in one region, and a replica in another has an ARN of its own. Copy it from the key’s page in the console of that region.',
  CONTEXT_MISMATCH:
    'Give replicas of one multi-region key alone (mrk-…): another key does not open what this one has wrapped.',
  THROTTLED:
    'Wait and try again. The operator: if it stays, ask AWS for a higher quota of cryptographic operations in this region.',
  UNREACHABLE:
    'Try again; see the AWS Health Dashboard of this region. For a key in an external or CloudHSM key store: aws kms describe-custom-key-stores, and connect the store.',
  INVALID_RESPONSE:
    'The operator: look at what is between the broker and AWS KMS, such as CMK_AWS_KMS_ENDPOINT or a proxy.',
  ACCOUNT_ISSUE:
    'Mend the AWS account: it is suspended, or has not opted in to this region (Account, AWS Regions).',
  WRONG_KIND:
    'Make a symmetric key, which cannot be changed later: aws kms create-key --key-usage ENCRYPT_DECRYPT --key-spec SYMMETRIC_DEFAULT, with --multi-region if you want replicas.',
  NOT_PROTECTED: 'Nothing: AWS KMS always waits 7 days or longer before it deletes a key.',
};

/** For a region without AWS KMS. */
export const NO_SUCH_HOST_ADVICE =
  'Check the region in the ARN: there is no AWS KMS under that name. If it is right, the operator: look at the broker’s name service and CMK_AWS_KMS_ENDPOINT.';

/** @param message AWS's own, which tells a little of why */
export function adviceOnDenial(action: AwsAction, message: string): string {
  const named = `kms:${action}`;
  const condition =
    action === 'DescribeKey'
      ? 'in a statement without a condition, because looking at a key carries no encryption context'
      : 'and if the statement has a condition on kms:EncryptionContext:acct, it must name this very account';
  if (/explicit(ly)? deny/i.test(message) && !/does not exist/i.test(message)) {
    return `In the key policy, take away the Deny statement that keeps the broker’s role from ${named}. ${EACH_REGION}`;
  }
  // For keys of other accounts AWS may leave open which of the two it is.
  const place = /does not exist/i.test(message) ? 'Check the region and the key’s id in the ARN. ' : '';
  return `${place}In the key policy, allow the broker’s role ${named}, ${condition}. ${EACH_REGION}`;
}
