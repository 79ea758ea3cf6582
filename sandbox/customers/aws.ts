import { keyPolicy } from '../../broker/kms/aws/key-policy.ts';
import type { TrailEvent } from '../aws-kms/trail.ts';
import { ControlApi } from './control-api.ts';
import type { Customer, CustomerWords, KeyUse, References } from './customer.ts';

const CUSTOMER_ACCOUNT = '111122223333';

const KINDS: Readonly<Record<string, KeyUse['kind']>> = {
  GenerateDataKey: 'WRAP',
  Encrypt: 'WRAP',
  Decrypt: 'UNWRAP',
};

const WORDS: CustomerWords = {
  service: 'AWS KMS',
  key: 'In Acme’s own AWS account, a key with a replica in a second region:',
  permission: 'Its policy lets the provider’s broker use it for Acme’s assets and nothing else.',
  log: 'It names the recording: the context goes with each call.',
  disabling: 'In both regions: a replica is turned off by itself.',
  steps: {},
};

/** An AWS account in an emulated AWS KMS. */
export class AwsAccount {
  readonly account: string;
  readonly #api: ControlApi;

  constructor(controlUrl: string, account: string) {
    this.#api = new ControlApi(controlUrl);
    this.account = account;
  }

  /**
   * Makes a multi-region key with replicas.
   * @param policy of the key in every region; default: its account decides, as AWS has it
   * @returns ARNs, the primary first
   */
  async createMultiRegionKey([first, ...others]: References, policy?: object): Promise<References> {
    const key = { account: this.account, region: first, multiRegion: true, policy };
    const { arn } = await this.#api.post<{ arn: string }>('/keys', key);
    const replicas: string[] = [];
    for (const region of others) {
      const path = `/keys/${encodeURIComponent(arn)}/replicate?region=${region}`;
      replicas.push((await this.#api.post<{ arn: string }>(path, policy)).arn);
    }
    return [arn, ...replicas];
  }

  /** An access key of a role in this account; its identity policy allows every KMS action. */
  createRole(name: string): Promise<AccessKeyOfRole> {
    return this.#api.post('/principals', { account: this.account, kind: 'role', name });
  }
}

/** A customer with an AWS account. */
export class AwsCustomer implements Customer {
  readonly kms = 'aws';
  readonly words = WORDS;
  readonly #api: ControlApi;
  readonly #account: AwsAccount;
  readonly #regions: References;
  readonly #broker: string;

  /** @param brokerRole ARN of the role that the broker calls KMSs as */
  constructor(options: { controlUrl: string; regions: References; brokerRole: string }) {
    this.#api = new ControlApi(options.controlUrl);
    this.#account = new AwsAccount(options.controlUrl, CUSTOMER_ACCOUNT);
    this.#regions = options.regions;
    this.#broker = options.brokerRole;
  }

  createKey(): Promise<References> {
    return this.#account.createMultiRegionKey(this.#regions);
  }

  async allowBroker(references: References, account: string): Promise<void> {
    const parties = { partition: 'aws', awsAccount: CUSTOMER_ACCOUNT, user: this.#broker };
    const policy = keyPolicy({ ...parties, account });
    for (const arn of references) await this.#api.post(`/keys/${encodeURIComponent(arn)}/policy`, policy);
  }

  disable(references: References): Promise<void> {
    return this.#api.turn(references, 'disable');
  }

  enable(references: References): Promise<void> {
    return this.#api.turn(references, 'enable');
  }

  destroy(references: References): Promise<void> {
    return this.#api.turn(references, 'schedule-deletion');
  }

  async keyUses(): Promise<KeyUse[]> {
    const log = await this.#api.get<TrailEvent[]>(`/events?account=${CUSTOMER_ACCOUNT}`);
    return log.flatMap(toKeyUse);
  }

  placeOf(reference: string): string {
    return reference.split(':')[3] ?? '';
  }

  get logUrl(): string {
    return `${this.#api.url}/events?account=${CUSTOMER_ACCOUNT}`;
  }

  keyUrl(reference: string): string {
    return this.#api.keyUrl(reference);
  }
}

function toKeyUse(event: TrailEvent): KeyUse[] {
  const { eventTime, eventSource, eventName, awsRegion, userIdentity, requestParameters, errorCode } = event;
  const kind = KINDS[eventName];
  if (!kind) return [];
  const excerpt = { eventTime, eventSource, eventName, awsRegion, userIdentity, requestParameters };
  const context = requestParameters?.encryptionContext ?? {};
  return [{ kind, operation: eventName, place: awsRegion, context, refusal: errorCode ?? null, excerpt }];
}

export interface AccessKeyOfRole {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly arn: string;
}
