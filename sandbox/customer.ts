import type { TrailEvent } from './aws-kms/trail.ts';

/** A customer's AWS account in the sandbox: their console and their log, over the emulator's control API. */
export class AwsCustomer {
  readonly account: string;
  readonly #controlUrl: string;

  constructor(controlUrl: string, account: string) {
    this.#controlUrl = controlUrl;
    this.account = account;
  }

  /**
   * Makes a multi-region key with a replica.
   * @param policy of the key in every region; default: its account decides, as AWS has it
   * @returns ARNs, the primary first
   */
  async createMultiRegionKey(
    [first, ...others]: readonly [string, ...string[]],
    policy?: object,
  ): Promise<[string, ...string[]]> {
    const key = { account: this.account, region: first, multiRegion: true, policy };
    const { arn } = await this.#post<{ arn: string }>('/keys', key);
    const replicas: string[] = [];
    for (const region of others) {
      const path = `/keys/${encodeURIComponent(arn)}/replicate?region=${region}`;
      replicas.push((await this.#post<{ arn: string }>(path, policy)).arn);
    }
    return [arn, ...replicas];
  }

  async disable(arns: readonly string[]): Promise<void> {
    for (const arn of arns) await this.#post(`/keys/${encodeURIComponent(arn)}/disable`);
  }

  async enable(arns: readonly string[]): Promise<void> {
    for (const arn of arns) await this.#post(`/keys/${encodeURIComponent(arn)}/enable`);
  }

  /** An access key of a role in this account; its identity policy allows every KMS action. */
  createRole(name: string): Promise<AccessKeyOfRole> {
    return this.#post('/principals', { account: this.account, kind: 'role', name });
  }

  /** The log of this account, oldest first. */
  async log(): Promise<TrailEvent[]> {
    const response = await fetch(`${this.#controlUrl}/events?account=${this.account}`, {
      signal: AbortSignal.timeout(10_000),
    });
    return (await response.json()) as TrailEvent[];
  }

  async #post<T>(path: string, body?: object): Promise<T> {
    const response = await fetch(`${this.#controlUrl}${path}`, {
      method: 'POST',
      body: body === undefined ? '' : JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    if (!response.ok) throw new Error(`the emulated KMS refused ${path}: ${await response.text()}`);
    return (await response.json()) as T;
  }
}

export interface AccessKeyOfRole {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly arn: string;
}

/**
 * The key policy that a customer gives their key: their own administrators, and the provider's broker, which may use
 * the key for this account's assets alone.
 */
export function keyPolicy(options: { customer: string; broker: string; account: string }): object {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'Owner',
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${options.customer}:root` },
        Action: 'kms:*',
        Resource: '*',
      },
      {
        Sid: 'ProviderUse',
        Effect: 'Allow',
        Principal: { AWS: options.broker },
        Action: ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey*'],
        Resource: '*',
        Condition: { StringEquals: { 'kms:EncryptionContext:acct': options.account } },
      },
      {
        Sid: 'ProviderDescribe',
        Effect: 'Allow',
        Principal: { AWS: options.broker },
        Action: 'kms:DescribeKey',
        Resource: '*',
      },
    ],
  };
}
