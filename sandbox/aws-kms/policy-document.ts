import { AwsError } from './errors.ts';

/**
 * Policies as the emulator understands them. What it does not understand it refuses, rather than ignore it: an
 * ignored condition would allow what real KMS denies.
 */
export interface Policy {
  readonly statements: readonly Statement[];
}

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  /** Null in identity policies, which apply to their holder. */
  readonly principals: readonly string[] | null;
  /** Patterns with `*` and `?`. */
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: readonly Condition[];
}

export interface Condition {
  readonly set: 'ForAnyValue' | 'ForAllValues' | null;
  readonly operator: Operator;
  readonly ifExists: boolean;
  /** Lower case. */
  readonly key: string;
  readonly values: readonly string[];
}

const OPERATORS = [
  'StringEquals',
  'StringNotEquals',
  'StringEqualsIgnoreCase',
  'StringNotEqualsIgnoreCase',
  'StringLike',
  'StringNotLike',
  'Null',
] as const;
export type Operator = (typeof OPERATORS)[number];

const MAX_POLICY_BYTES = 32_768;
const CONTEXT_PREFIX = 'kms:encryptioncontext:';
const MULTI_VALUED_KEY = 'kms:encryptioncontextkeys';
const EXTERNAL_ID_KEY = 'sts:externalid';
const SINGLE_VALUED_KEYS = ['kms:calleraccount', 'aws:principalarn', 'aws:principalaccount'];
const PRINCIPAL =
  /^(\*|\d{12}|arn:aws:iam::\d{12}:(root|(user|role)\/[\w+=,.@/-]{1,512})|arn:aws:sts::\d{12}:assumed-role\/[\w+=,.@-]{1,64}\/[\w+=,.@-]{1,64})$/;

/**
 * `key`: a key's policy, whose statements name principals; `identity`: an IAM identity's, whose statements do not;
 * `trust`: who may assume a role, whose statements name no resource.
 */
export type PolicyKind = 'key' | 'identity' | 'trust';

/** What the actions of a policy may be. */
const ACTIONS: Readonly<Record<PolicyKind, RegExp>> = {
  key: /^(\*|kms:[A-Za-z*?]+)$/,
  identity: /^(\*|kms:[A-Za-z*?]+|sts:AssumeRole)$/,
  trust: /^sts:AssumeRole$/,
};
const KEY_RESOURCE = /^arn:aws:kms:[\w*?-]+:[\d*?]+:[\w*?/-]+$/;
const ROLE_RESOURCE = /^arn:aws:iam::[\d*?]+:role\/[\w+=,.@*?/-]+$/;

/** @throws AwsError MalformedPolicyDocumentException, LimitExceededException */
export function parsePolicy(text: string, kind: PolicyKind): Policy {
  if (Buffer.byteLength(text) > MAX_POLICY_BYTES) {
    throw new AwsError('LimitExceededException', `The policy is longer than ${MAX_POLICY_BYTES} bytes.`);
  }
  const document = asObject(parseJson(text), 'the policy');
  onlyFields(document, ['Version', 'Id', 'Statement'], 'the policy');
  const version = document['Version'];
  if (version !== undefined && version !== '2012-10-17' && version !== '2008-10-17')
    malformed('unknown Version');
  const statements = asList(document['Statement']);
  if (statements.length === 0) malformed('no Statement');
  return { statements: statements.map((statement) => parseStatement(statement, kind)) };
}

function parseStatement(raw: unknown, kind: PolicyKind): Statement {
  const statement = asObject(raw, 'a Statement');
  const fields = [
    'Sid',
    'Effect',
    'Action',
    'Condition',
    ...(kind === 'trust' ? [] : ['Resource']),
    ...(kind === 'identity' ? [] : ['Principal']),
  ];
  onlyFields(statement, fields, 'a Statement');
  const effect = statement['Effect'];
  if (effect !== 'Allow' && effect !== 'Deny') return malformed('Effect must be Allow or Deny');
  const actions = asStrings(statement['Action'], 'Action');
  for (const action of actions) {
    if (!ACTIONS[kind].test(action)) malformed(`Action ${action} is not one of a ${kind} policy`);
  }
  return {
    effect,
    principals: kind === 'identity' ? null : parsePrincipals(statement['Principal']),
    actions,
    resources: kind === 'trust' ? ['*'] : parseResources(statement['Resource'], kind),
    conditions: parseConditions(statement['Condition'], kind),
  };
}

function parseResources(raw: unknown, kind: PolicyKind): string[] {
  const resources = asStrings(raw, 'Resource');
  for (const resource of resources) {
    const known = KEY_RESOURCE.test(resource) || (kind === 'identity' && ROLE_RESOURCE.test(resource));
    if (resource !== '*' && !known)
      malformed(`Resource ${resource} is neither * nor an ARN that is known here`);
  }
  return resources;
}

function parsePrincipals(raw: unknown): string[] {
  if (raw === '*') return ['*'];
  const principal = asObject(raw, 'Principal');
  onlyFields(principal, ['AWS'], 'Principal');
  const names = asStrings(principal['AWS'], 'Principal.AWS');
  if (!names.every((name) => PRINCIPAL.test(name))) {
    malformed('Policy contains a statement with one or more invalid principals.');
  }
  return names;
}

function parseConditions(raw: unknown, kind: PolicyKind): Condition[] {
  if (raw === undefined) return [];
  return Object.entries(asObject(raw, 'Condition')).flatMap(([name, block]) => {
    const { set, operator, ifExists } = parseOperator(name);
    return Object.entries(asObject(block, `Condition.${name}`)).map(([key, rawValues]) => {
      const values = asStrings(rawValues, `Condition.${name}.${key}`);
      checkCondition({ name, set, operator, key, values }, kind);
      return { set, operator, ifExists, key: key.toLowerCase(), values };
    });
  });
}

function parseOperator(name: string): Pick<Condition, 'set' | 'operator' | 'ifExists'> {
  const match = /^(?:(ForAnyValue|ForAllValues):)?([A-Za-z]+?)(IfExists)?$/.exec(name);
  const operator = OPERATORS.find((known) => known === match?.[2]);
  if (!match || !operator) return malformed(`Condition operator ${name} is not supported here`);
  const ifExists = match[3] !== undefined;
  const set = (match[1] as 'ForAnyValue' | 'ForAllValues' | undefined) ?? null;
  if (operator === 'Null' && (ifExists || set)) malformed(`Condition operator ${name} does not exist`);
  return { set, operator, ifExists };
}

function checkCondition(
  condition: Pick<Condition, 'set' | 'operator' | 'key' | 'values'> & { readonly name: string },
  kind: PolicyKind,
): void {
  const { name, set, operator, key, values } = condition;
  const known = key.toLowerCase();
  const isMultiValued = known === MULTI_VALUED_KEY;
  const isContext = known.startsWith(CONTEXT_PREFIX) && known.length > CONTEXT_PREFIX.length;
  const isForKind = kind === 'trust' ? known === EXTERNAL_ID_KEY : isMultiValued || isContext;
  const isForAll = SINGLE_VALUED_KEYS.includes(known) && !(kind === 'trust' && known.startsWith('kms:'));
  if (!isForKind && !isForAll) {
    malformed(`Condition key ${key} is not supported here`);
  }
  if (isMultiValued && !set && operator !== 'Null')
    malformed(`${key} needs ForAnyValue or ForAllValues, got ${name}`);
  if (!isMultiValued && set) malformed(`${key} has a single value, got ${name}`);
  if (operator === 'Null' && !values.every((value) => value === 'true' || value === 'false')) {
    malformed('Null takes "true" or "false"');
  }
  if (values.some((value) => value.includes('${'))) malformed('policy variables are not supported here');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return malformed('Syntax errors in policy.');
  }
}

function asObject(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    malformed(`${what} must be an object`);
  return value as Record<string, unknown>;
}

function asList(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

function asStrings(value: unknown, what: string): string[] {
  const list = asList(value);
  if (list.length === 0 || !list.every((item) => typeof item === 'string' && item !== '')) {
    malformed(`${what} must be a text or a list of texts`);
  }
  return list as string[];
}

function onlyFields(object: Record<string, unknown>, known: readonly string[], what: string): void {
  for (const field of Object.keys(object)) {
    if (!known.includes(field)) malformed(`${field} in ${what} is not supported here`);
  }
}

function malformed(reason: string): never {
  throw new AwsError('MalformedPolicyDocumentException', reason);
}
