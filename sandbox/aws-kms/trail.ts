import { randomUUID } from 'node:crypto';
import { EventLog } from '../emulation/event-log.ts';
import type { AwsError } from './errors.ts';
import type { Call, Operation } from './call.ts';
import type { Principal } from './principals.ts';

/** One call in the shape of a CloudTrail event, as the key's owner finds it in their log. */
export interface TrailEvent {
  readonly eventVersion: '1.11';
  readonly userIdentity: object;
  readonly eventTime: string;
  readonly eventSource: 'kms.amazonaws.com' | 'sts.amazonaws.com';
  readonly eventName: string;
  readonly awsRegion: string;
  readonly sourceIPAddress: string;
  readonly userAgent: string;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly requestParameters: RequestParameters | null;
  readonly responseElements: null;
  readonly additionalEventData?: { readonly keyMaterialVersion: number };
  readonly requestID: string;
  readonly eventID: string;
  readonly readOnly: boolean;
  readonly resources: readonly {
    readonly accountId: string;
    readonly type: 'AWS::KMS::Key' | 'AWS::IAM::Role';
    readonly ARN: string;
  }[];
  readonly eventType: 'AwsApiCall';
  readonly managementEvent: true;
  readonly recipientAccountId: string;
  readonly eventCategory: 'Management';
}

export interface RequestParameters {
  readonly encryptionContext?: Readonly<Record<string, string>>;
  readonly [name: string]: unknown;
}

/** Whose events to show; what is absent does not matter. */
export interface EventFilter {
  readonly eventName?: string;
  /** The key's or the role's ARN. */
  readonly key?: string;
  readonly account?: string;
  readonly errorCode?: string;
}

/** What the server knows of a call that has ended. */
export interface EndedCall {
  readonly call: Call;
  readonly operation: Operation;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly error: AwsError | null;
  readonly requestId: string;
  readonly sourceIPAddress: string;
  readonly userAgent: string;
}

/** What the server knows of an AssumeRole that has ended. */
export interface EndedAssumption {
  readonly principal: Principal;
  readonly region: string;
  readonly nowMs: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly error: AwsError | null;
  readonly requestId: string;
  readonly sourceIPAddress: string;
  readonly userAgent: string;
}

/** What never stands in a log. */
const SECRET_FIELDS = ['Plaintext', 'CiphertextBlob'];
const WITH_ALGORITHM = ['Encrypt', 'Decrypt'];

/** The log of every call. */
export class Trail {
  readonly #log: EventLog<TrailEvent>;

  /** @param path every event is appended to it as a line of JSON */
  constructor(path: string | null = null) {
    this.#log = new EventLog({ path });
  }

  record(ended: EndedCall): void {
    this.#log.record(toEvent(ended));
  }

  recordAssumption(ended: EndedAssumption): void {
    this.#log.record(toAssumptionEvent(ended));
  }

  /** Oldest first. */
  events(filter: EventFilter = {}): TrailEvent[] {
    return this.#log.events(
      (event) =>
        (filter.eventName === undefined || event.eventName === filter.eventName) &&
        (filter.key === undefined || event.resources.some(({ ARN }) => ARN === filter.key)) &&
        (filter.account === undefined || event.recipientAccountId === filter.account) &&
        (filter.errorCode === undefined || event.errorCode === filter.errorCode),
    );
  }
}

function toEvent({
  call,
  operation,
  fields,
  error,
  requestId,
  sourceIPAddress,
  userAgent,
}: EndedCall): TrailEvent {
  const { key, principal } = call;
  return {
    ...COMMON,
    ...failure(error),
    userIdentity: userIdentity(principal, key?.account ?? principal.account),
    eventTime: eventTime(call.nowMs),
    eventSource: 'kms.amazonaws.com',
    eventName: call.name,
    awsRegion: call.region,
    sourceIPAddress,
    userAgent,
    requestParameters: requestParameters(call.name, fields),
    ...(call.materialVersion === null
      ? {}
      : { additionalEventData: { keyMaterialVersion: call.materialVersion } }),
    requestID: requestId,
    eventID: randomUUID(),
    readOnly: operation.readOnly,
    resources: key ? [{ accountId: key.account, type: 'AWS::KMS::Key', ARN: key.arn }] : [],
    recipientAccountId: key?.account ?? principal.account,
  };
}

/** As the role's owner finds it; the real one also tells the new session's access key id. */
function toAssumptionEvent(ended: EndedAssumption): TrailEvent {
  const { principal, fields, error, requestId, sourceIPAddress, userAgent } = ended;
  const { RoleArn = '' } = fields;
  const owner = RoleArn.split(':')[4] ?? '';
  return {
    ...COMMON,
    ...failure(error),
    userIdentity: userIdentity(principal, owner),
    eventTime: eventTime(ended.nowMs),
    eventSource: 'sts.amazonaws.com',
    eventName: 'AssumeRole',
    awsRegion: ended.region,
    sourceIPAddress,
    userAgent,
    requestParameters: requestParameters('AssumeRole', fields),
    requestID: requestId,
    eventID: randomUUID(),
    readOnly: true,
    resources: [{ accountId: owner, type: 'AWS::IAM::Role', ARN: RoleArn }],
    recipientAccountId: owner,
  };
}

const COMMON = {
  eventVersion: '1.11',
  responseElements: null,
  eventType: 'AwsApiCall',
  managementEvent: true,
  eventCategory: 'Management',
} as const;

function failure(error: AwsError | null): Pick<TrailEvent, 'errorCode' | 'errorMessage'> {
  return {
    // CloudTrail shortens this one code.
    ...(error ? { errorCode: error.type.replace(/^AccessDeniedException$/, 'AccessDenied') } : {}),
    ...(error?.message ? { errorMessage: error.message } : {}),
  };
}

function eventTime(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d{3}/, '');
}

/** A caller of another account shows with its account and id alone. */
function userIdentity(principal: Principal, recipient: string): object {
  const { account, id, sessionArn: arn } = principal;
  if (account !== recipient) return { type: 'AWSAccount', principalId: id, accountId: account };
  const type = { root: 'Root', user: 'IAMUser', role: 'AssumedRole' }[principal.kind];
  return { type, principalId: id, arn, accountId: account };
}

function requestParameters(
  name: string,
  fields: Readonly<Record<string, unknown>>,
): RequestParameters | null {
  const shown = Object.entries(fields)
    .filter(([field]) => !SECRET_FIELDS.includes(field))
    .map(([field, value]) => [field.charAt(0).toLowerCase() + field.slice(1), value] as const);
  if (WITH_ALGORITHM.includes(name) && !('EncryptionAlgorithm' in fields)) {
    shown.push(['encryptionAlgorithm', 'SYMMETRIC_DEFAULT']);
  }
  return shown.length === 0 ? null : Object.fromEntries(shown);
}
