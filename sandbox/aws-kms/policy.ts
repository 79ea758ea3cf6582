import type { Condition, Policy, Statement } from './policy-document.ts';
import type { Principal } from './principals.ts';

/** What is asked of a key or a role. */
export interface AccessRequest {
  readonly principal: Principal;
  /** E.g. `kms:Decrypt`. */
  readonly action: string;
  readonly resourceArn: string;
  /** The key's or the role's owner. */
  readonly resourceAccount: string;
  readonly encryptionContext: Readonly<Record<string, string>>;
  /** Of `sts:AssumeRole`, where one is given. */
  readonly externalId?: string | undefined;
}

/** Why a request is refused; null: it is allowed. */
export type Refusal = 'explicit-deny' | 'resource-policy' | 'identity-policy';

/**
 * Asks the policy of a key, or a role's trust policy, together with the caller's own IAM policy where AWS asks for it:
 * an explicit denial in either wins; a policy that names the caller suffices within the resource's account; one that
 * names the account, or a caller from another account, needs the IAM policy as well.
 */
export function refusalOf(request: AccessRequest, resourcePolicy: Policy): Refusal | null {
  const { principal } = request;
  const matching = resourcePolicy.statements.filter((statement) => applies(statement, request));
  const identity = identityVerdict(request);
  if (identity === 'denied' || matching.some(({ effect }) => effect === 'Deny')) return 'explicit-deny';
  const allowing = matching.filter(({ effect }) => effect === 'Allow');
  if (allowing.length === 0) return 'resource-policy';
  const named = allowing.some((statement) => namesDirectly(statement, principal));
  const suffices = identity === 'allowed' || (named && principal.account === request.resourceAccount);
  return suffices ? null : 'identity-policy';
}

/** Whether the caller's own policy allows an action that concerns no key yet, such as `kms:CreateKey`. */
export function isAllowedByIdentity(principal: Principal, action: string): boolean {
  const { account: resourceAccount } = principal;
  const request = { principal, action, resourceArn: '*', resourceAccount, encryptionContext: {} };
  return identityVerdict(request) === 'allowed';
}

function identityVerdict(request: AccessRequest): 'allowed' | 'denied' | 'silent' {
  const policy = request.principal.identityPolicy;
  if (policy === null) return 'allowed';
  const matching = policy.statements.filter((statement) => applies(statement, request));
  if (matching.some(({ effect }) => effect === 'Deny')) return 'denied';
  return matching.length > 0 ? 'allowed' : 'silent';
}

function applies(statement: Statement, request: AccessRequest): boolean {
  return (
    (statement.principals === null || matchesPrincipal(statement.principals, request.principal)) &&
    statement.actions.some((pattern) => like(pattern.toLowerCase(), request.action.toLowerCase())) &&
    statement.resources.some((pattern) => like(pattern, request.resourceArn)) &&
    statement.conditions.every((condition) => holds(condition, request))
  );
}

function matchesPrincipal(names: readonly string[], principal: Principal): boolean {
  const { account, arn, sessionArn } = principal;
  const matching = ['*', account, `arn:aws:iam::${account}:root`, arn, sessionArn];
  return names.some((name) => matching.includes(name));
}

function namesDirectly(statement: Statement, principal: Principal): boolean {
  const direct = ['*', principal.arn, principal.sessionArn];
  return statement.principals?.some((name) => direct.includes(name)) ?? false;
}

function holds(condition: Condition, request: AccessRequest): boolean {
  const actual = valuesOf(condition.key, request);
  const isMissing = actual.length === 0;
  if (condition.operator === 'Null') return condition.values.includes(String(isMissing));
  if (condition.ifExists && isMissing) return true;
  const negated = condition.operator.includes('Not');
  const test = (value: string) => matches(condition, value) !== negated;
  switch (condition.set) {
    case 'ForAnyValue':
      return actual.some(test);
    case 'ForAllValues':
      return actual.every(test);
    case null:
      // A key that is missing equals nothing, and so satisfies the negated operators.
      return isMissing ? negated : actual.every(test);
  }
}

function matches({ operator, values }: Condition, actual: string): boolean {
  if (operator.includes('Like')) return values.some((pattern) => like(pattern, actual));
  if (operator.includes('IgnoreCase')) {
    return values.some((value) => value.toLowerCase() === actual.toLowerCase());
  }
  return values.includes(actual);
}

/** Names of condition keys are compared without regard to case, also the part that names a context key. */
function valuesOf(key: string, request: AccessRequest): string[] {
  const context = Object.entries(request.encryptionContext);
  switch (key) {
    case 'kms:encryptioncontextkeys':
      return context.map(([name]) => name);
    case 'kms:calleraccount':
    case 'aws:principalaccount':
      return [request.principal.account];
    case 'aws:principalarn':
      return [request.principal.arn];
    case 'sts:externalid':
      return request.externalId === undefined ? [] : [request.externalId];
    default: {
      const wanted = key.slice('kms:encryptioncontext:'.length);
      return context.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
    }
  }
}

/** `*` is any text, `?` any character. */
function like(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`, 's').test(text);
}
