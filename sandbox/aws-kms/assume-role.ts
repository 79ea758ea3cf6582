import { AwsError } from './errors.ts';
import { validation } from './input.ts';
import { refusalOf } from './policy.ts';
import type { Credentialed, Principal, Principals } from './principals.ts';

/** What AssumeRole is asked with; fields that are not here are refused, never ignored. */
export interface Form {
  readonly RoleArn: string;
  readonly RoleSessionName: string;
  readonly DurationSeconds?: string;
  readonly ExternalId?: string;
}

export type Session = Credentialed & { readonly expiresAtMs: number };

/** As AWS checks them. */
const FIELDS: Readonly<Record<keyof Form, RegExp>> = {
  RoleArn: /^arn:aws:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/,
  RoleSessionName: /^[\w+=,.@-]{2,64}$/,
  DurationSeconds: /^\d{1,6}$/,
  ExternalId: /^[\w+=,.@:/-]{2,1224}$/,
};
const REQUIRED: readonly (keyof Form)[] = ['RoleArn', 'RoleSessionName'];
const VERSION = '2011-06-15';
const DEFAULT_SECONDS = 3_600;
const LEAST_SECONDS = 900;
/** Of a role that nobody gave longer sessions; and the most for who has assumed a role already. */
const MOST_SECONDS = 3_600;

/** @throws AwsError UnknownOperationException, UnsupportedOperationException, ValidationException */
export function parseForm(text: string): Form {
  const pairs = [...new URLSearchParams(text)];
  const { Action, Version, ...fields } = Object.fromEntries(pairs);
  if (Action !== 'AssumeRole' || Version !== VERSION) {
    throw new AwsError(
      'UnknownOperationException',
      `Could not find operation ${Action} for version ${Version}`,
    );
  }
  if (new Set(pairs.map(([name]) => name)).size !== pairs.length)
    throw new AwsError('ValidationException', 'a field twice');
  for (const [name, value] of Object.entries(fields)) {
    if (!Object.hasOwn(FIELDS, name)) {
      throw new AwsError('UnsupportedOperationException', `${name} is not supported by this emulator.`);
    }
    if (!FIELDS[name as keyof Form].test(value)) {
      throw validation(name, 'Member must satisfy regular expression pattern');
    }
  }
  for (const name of REQUIRED) if (!fields[name]) throw validation(name, 'Member must not be null');
  return fields as unknown as Form;
}

/** @throws AwsError AccessDeniedException also for a role that is not there, ValidationException */
export function assumeRole(principals: Principals, caller: Principal, form: Form, nowMs: number): Session {
  const { RoleArn, RoleSessionName: name, ExternalId: externalId } = form;
  const seconds = Number(form.DurationSeconds ?? DEFAULT_SECONDS);
  if (seconds < LEAST_SECONDS || seconds > MOST_SECONDS) {
    const most = `Member must have value between ${LEAST_SECONDS} and the role's MaxSessionDuration`;
    throw validation('DurationSeconds', most);
  }
  const action = 'sts:AssumeRole';
  const role = principals.findRole(RoleArn);
  const resourceAccount = RoleArn.split(':')[4] ?? '';
  const request = {
    principal: caller,
    action,
    resourceArn: RoleArn,
    resourceAccount,
    encryptionContext: {},
    externalId,
  };
  const refusal = caller.kind === 'root' || !role ? 'resource-policy' : refusalOf(request, role.trustPolicy);
  if (!role || refusal !== null) {
    // Of the reasons STS tells the caller's own alone.
    const reason =
      refusal === 'identity-policy' ? ` because no identity-based policy allows the ${action} action` : '';
    throw new AwsError(
      'AccessDeniedException',
      `User: ${caller.sessionArn} is not authorized to perform: ${action} on resource: ${RoleArn}${reason}`,
    );
  }
  const expiresAtMs = nowMs + seconds * 1_000;
  return { ...principals.startSession(role, { name, nowMs, expiresAtMs }), expiresAtMs };
}
