import test from 'ava';
import { AwsError } from '../../../sandbox/aws-kms/errors.ts';
import { refusalOf, type Refusal } from '../../../sandbox/aws-kms/policy.ts';
import { parsePolicy } from '../../../sandbox/aws-kms/policy-document.ts';
import { Principals, rootOf, type Principal } from '../../../sandbox/aws-kms/principals.ts';

const OWNER = '111122223333';
const OTHER = '444455556666';
const KEY = `arn:aws:kms:us-east-1:${OWNER}:key/mrk-1234abcd12ab34cd56ef1234567890ab`;
const CONTEXT = { acct: 'acme', id: 'meeting-1' };
const NOTHING = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'kms:ListKeys', Resource: '*' }],
};
const NEVER = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Action: 'kms:Decrypt', Resource: '*' }],
};

const principals = new Principals();
const { principal: admin } = principals.create({ account: OWNER, kind: 'user', name: 'admin' });
const { principal: clerk } = principals.create({
  account: OWNER,
  kind: 'user',
  name: 'clerk',
  identityPolicy: NOTHING,
});
const { principal: broker } = principals.create({ account: OTHER, kind: 'role', name: 'broker' });
const { principal: poor } = principals.create({
  account: OTHER,
  kind: 'role',
  name: 'poor',
  identityPolicy: NOTHING,
});
const { principal: barred } = principals.create({
  account: OTHER,
  kind: 'role',
  name: 'barred',
  identityPolicy: NEVER,
});

type Fields = Record<string, unknown>;
const allow = (fields: Fields = {}): Fields => ({
  Effect: 'Allow',
  Principal: { AWS: broker.arn },
  Action: 'kms:Decrypt',
  Resource: '*',
  ...fields,
});
const deny = (fields: Fields = {}): Fields => ({ ...allow(fields), Effect: 'Deny' });
const when = (operator: string, key: string, values: string | string[]): Fields =>
  allow({ Condition: { [operator]: { [key]: values } } });
const account = (id: string) => ({ AWS: `arn:aws:iam::${id}:root` });

interface Row {
  readonly by?: Principal;
  readonly action?: string;
  readonly context?: Record<string, string>;
  readonly statements: readonly Fields[];
  readonly expected: Refusal | null;
}

const rows: Readonly<Record<string, Row>> = {
  'the named role': { statements: [allow()], expected: null },
  'the role’s session': { statements: [allow({ Principal: { AWS: broker.sessionArn } })], expected: null },
  'the role’s account': { statements: [allow({ Principal: account(OTHER) })], expected: null },
  'the role’s account by number': { statements: [allow({ Principal: { AWS: OTHER } })], expected: null },
  everyone: { statements: [allow({ Principal: '*' })], expected: null },
  'one of several': { statements: [allow({ Principal: { AWS: [admin.arn, broker.arn] } })], expected: null },
  'another role': { by: poor, statements: [allow()], expected: 'resource-policy' },
  nobody: { statements: [allow({ Principal: account(OWNER) })], expected: 'resource-policy' },
  'another account’s role without an IAM policy': {
    by: poor,
    statements: [allow({ Principal: { AWS: poor.arn } })],
    expected: 'identity-policy',
  },
  'a role that its own IAM policy bars': {
    by: barred,
    statements: [allow({ Principal: '*' })],
    expected: 'explicit-deny',
  },
  'the account’s user by the account’s name': {
    by: admin,
    statements: [allow({ Principal: account(OWNER) })],
    expected: null,
  },
  'a user without IAM policy by the account’s name': {
    by: clerk,
    statements: [allow({ Principal: account(OWNER) })],
    expected: 'identity-policy',
  },
  'a user without IAM policy by their own name': {
    by: clerk,
    statements: [allow({ Principal: { AWS: clerk.arn } })],
    expected: null,
  },
  root: { by: rootOf(OWNER), statements: [allow({ Principal: account(OWNER) })], expected: null },

  'another action': { action: 'kms:Encrypt', statements: [allow()], expected: 'resource-policy' },
  'a wildcard action': {
    action: 'kms:GenerateDataKey',
    statements: [allow({ Action: 'kms:GenerateDataKey*' })],
    expected: null,
  },
  'a wildcard that does not fit': {
    action: 'kms:Generate',
    statements: [allow({ Action: 'kms:GenerateDataKey*' })],
    expected: 'resource-policy',
  },
  'a question mark': { statements: [allow({ Action: 'kms:Decryp?' })], expected: null },
  'an action in another case': { statements: [allow({ Action: 'kms:dEcRypt' })], expected: null },
  'all of KMS': { statements: [allow({ Action: 'kms:*' })], expected: null },
  'another key': {
    statements: [allow({ Resource: KEY.replace('1234abcd', '00000000') })],
    expected: 'resource-policy',
  },
  'a pattern for the key': {
    statements: [allow({ Resource: `arn:aws:kms:*:${OWNER}:key/mrk-*` })],
    expected: null,
  },

  'a denial wins': { statements: [allow(), deny()], expected: 'explicit-deny' },
  'a denial for somebody else does not matter': {
    statements: [allow(), deny({ Principal: { AWS: poor.arn } })],
    expected: null,
  },
  'a denial for another context does not matter': {
    statements: [
      allow(),
      { ...when('StringEquals', 'kms:EncryptionContext:id', 'meeting-2'), Effect: 'Deny' },
    ],
    expected: null,
  },
  'a denial for this context': {
    statements: [allow(), { ...when('StringLike', 'kms:EncryptionContext:id', 'meeting-*'), Effect: 'Deny' }],
    expected: 'explicit-deny',
  },

  StringEquals: { statements: [when('StringEquals', 'kms:EncryptionContext:acct', 'acme')], expected: null },
  'StringEquals, one of several': {
    statements: [when('StringEquals', 'kms:EncryptionContext:acct', ['other', 'acme'])],
    expected: null,
  },
  'StringEquals, another value': {
    statements: [when('StringEquals', 'kms:EncryptionContext:acct', 'other')],
    expected: 'resource-policy',
  },
  'StringEquals, another case': {
    statements: [when('StringEquals', 'kms:EncryptionContext:acct', 'ACME')],
    expected: 'resource-policy',
  },
  'StringEquals, the key’s name in another case': {
    statements: [when('StringEquals', 'kms:encryptioncontext:ACCT', 'acme')],
    expected: null,
  },
  'StringEquals, missing': {
    statements: [when('StringEquals', 'kms:EncryptionContext:none', 'acme')],
    expected: 'resource-policy',
  },
  'StringEquals does not know wildcards': {
    statements: [when('StringEquals', 'kms:EncryptionContext:acct', 'ac*')],
    expected: 'resource-policy',
  },
  'StringEqualsIfExists, missing': {
    statements: [when('StringEqualsIfExists', 'kms:EncryptionContext:none', 'acme')],
    expected: null,
  },
  'StringEqualsIfExists, another value': {
    statements: [when('StringEqualsIfExists', 'kms:EncryptionContext:acct', 'other')],
    expected: 'resource-policy',
  },
  StringNotEquals: {
    statements: [when('StringNotEquals', 'kms:EncryptionContext:acct', 'other')],
    expected: null,
  },
  'StringNotEquals, the value': {
    statements: [when('StringNotEquals', 'kms:EncryptionContext:acct', ['other', 'acme'])],
    expected: 'resource-policy',
  },
  'StringNotEquals, missing': {
    statements: [when('StringNotEquals', 'kms:EncryptionContext:none', 'x')],
    expected: null,
  },
  StringEqualsIgnoreCase: {
    statements: [when('StringEqualsIgnoreCase', 'kms:EncryptionContext:acct', 'ACME')],
    expected: null,
  },
  StringLike: { statements: [when('StringLike', 'kms:EncryptionContext:id', 'meet*-?')], expected: null },
  'StringLike with a dot is no expression': {
    statements: [when('StringLike', 'kms:EncryptionContext:id', 'meeting.1')],
    expected: 'resource-policy',
  },
  StringNotLike: {
    statements: [when('StringNotLike', 'kms:EncryptionContext:id', 'meet*')],
    expected: 'resource-policy',
  },
  'Null, present': { statements: [when('Null', 'kms:EncryptionContext:acct', 'false')], expected: null },
  'Null, absent': {
    statements: [when('Null', 'kms:EncryptionContext:none', 'false')],
    expected: 'resource-policy',
  },
  'Null, wanted absent': { statements: [when('Null', 'kms:EncryptionContext:none', 'true')], expected: null },
  'Null on the names': {
    context: {},
    statements: [when('Null', 'kms:EncryptionContextKeys', 'true')],
    expected: null,
  },
  ForAnyValue: {
    statements: [when('ForAnyValue:StringEquals', 'kms:EncryptionContextKeys', 'acct')],
    expected: null,
  },
  'ForAnyValue, none': {
    statements: [when('ForAnyValue:StringEquals', 'kms:EncryptionContextKeys', 'other')],
    expected: 'resource-policy',
  },
  'ForAnyValue, no context': {
    context: {},
    statements: [when('ForAnyValue:StringEquals', 'kms:EncryptionContextKeys', 'acct')],
    expected: 'resource-policy',
  },
  ForAllValues: {
    statements: [when('ForAllValues:StringEquals', 'kms:EncryptionContextKeys', ['acct', 'id'])],
    expected: null,
  },
  'ForAllValues, one too many': {
    statements: [when('ForAllValues:StringEquals', 'kms:EncryptionContextKeys', 'acct')],
    expected: 'resource-policy',
  },
  'ForAllValues, no context': {
    context: {},
    statements: [when('ForAllValues:StringEquals', 'kms:EncryptionContextKeys', 'acct')],
    expected: null,
  },
  'two conditions, one fails': {
    statements: [
      allow({
        Condition: {
          StringEquals: { 'kms:EncryptionContext:acct': 'acme', 'kms:EncryptionContext:id': 'x' },
        },
      }),
    ],
    expected: 'resource-policy',
  },
  'the caller’s account': { statements: [when('StringEquals', 'kms:CallerAccount', OTHER)], expected: null },
  'the caller’s ARN': {
    statements: [when('StringEquals', 'aws:PrincipalArn', admin.arn)],
    expected: 'resource-policy',
  },
};

for (const [
  title,
  { by = broker, action = 'kms:Decrypt', context = CONTEXT, statements, expected },
] of Object.entries(rows)) {
  test(`${title}: ${expected ?? 'allowed'}`, (t) => {
    const policy = parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }), 'key');
    const request = {
      principal: by,
      action,
      resourceArn: KEY,
      resourceAccount: OWNER,
      encryptionContext: context,
    };
    t.is(refusalOf(request, policy), expected);
  });
}

for (const [title, document] of [
  ['no JSON', '{'],
  ['a list', []],
  ['another version', { Version: '2020-01-01', Statement: [allow()] }],
  ['no statement', { Version: '2012-10-17' }],
  ['an unknown field', { Version: '2012-10-17', Statement: [allow()], Extra: 1 }],
  ['NotAction', policyOf(allow({ NotAction: 'kms:Decrypt' }))],
  ['NotPrincipal', policyOf(allow({ NotPrincipal: '*' }))],
  ['NotResource', policyOf(allow({ NotResource: '*' }))],
  ['no principal', policyOf({ Effect: 'Allow', Action: 'kms:*', Resource: '*' })],
  ['no resource', policyOf({ Effect: 'Allow', Action: 'kms:*', Principal: '*' })],
  ['another effect', policyOf(allow({ Effect: 'allow' }))],
  ['a service principal', policyOf(allow({ Principal: { Service: 's3.amazonaws.com' } }))],
  ['a wildcard in a principal', policyOf(allow({ Principal: { AWS: `arn:aws:iam::${OTHER}:role/*` } }))],
  ['an action of another service', policyOf(allow({ Action: 's3:GetObject' }))],
  ['an unknown operator', policyOf(when('NumericEquals', 'kms:EncryptionContext:acct', '1'))],
  ['a date operator', policyOf(when('DateLessThan', 'aws:CurrentTime', '2030-01-01T00:00:00Z'))],
  ['an unknown condition key', policyOf(when('StringEquals', 'aws:SourceVpce', 'vpce-1'))],
  ['a context condition without a name', policyOf(when('StringEquals', 'kms:EncryptionContext:', 'x'))],
  [
    'a set operator on a single value',
    policyOf(when('ForAnyValue:StringEquals', 'kms:EncryptionContext:acct', 'x')),
  ],
  ['no set operator on several values', policyOf(when('StringEquals', 'kms:EncryptionContextKeys', 'x'))],
  ['a policy variable', policyOf(when('StringEquals', 'kms:EncryptionContext:acct', '${aws:username}'))],
  ['Null with another value', policyOf(when('Null', 'kms:EncryptionContext:acct', 'maybe'))],
  ['a number as a value', policyOf(allow({ Condition: { StringEquals: { 'kms:CallerAccount': 1 } } }))],
] as const) {
  test(`malformed: ${title}`, (t) => {
    const text = typeof document === 'string' ? document : JSON.stringify(document);
    const error = t.throws(() => parsePolicy(text, 'key'), { instanceOf: AwsError });
    t.is(error.type, 'MalformedPolicyDocumentException');
  });
}

function policyOf(statement: Fields): Fields {
  return { Version: '2012-10-17', Statement: [statement] };
}
