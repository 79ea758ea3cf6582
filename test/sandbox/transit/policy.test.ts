import test from 'ava';
import { isAllowed } from '../../../sandbox/transit/acl.ts';
import { VaultError } from '../../../sandbox/transit/errors.ts';
import { parsePolicy, type Capability } from '../../../sandbox/transit/hcl.ts';

const allows = (
  policies: string | readonly string[],
  path: string,
  capability: Capability = 'update',
  fields: Record<string, unknown> = {},
) => isAllowed([policies].flat().map(parsePolicy), { path, capability, fields });

for (const [title, policy, path, capability, expected] of [
  ['an exact path', 'path "t/a" { capabilities = ["update"] }', 't/a', 'update', true],
  ['another path', 'path "t/a" { capabilities = ["update"] }', 't/ab', 'update', false],
  ['another capability', 'path "t/a" { capabilities = ["update"] }', 't/a', 'create', false],
  ['a prefix', 'path "t/*" { capabilities = ["read", "update"] }', 't/a/b', 'read', true],
  [
    'the exact path before the prefix',
    'path "t/*" { capabilities = ["read"] } path "t/a" { capabilities = [] }',
    't/a',
    'read',
    false,
  ],
  [
    'the longer prefix before the shorter',
    'path "*" { capabilities = ["read"] } path "t/*" { capabilities = ["list"] }',
    't/a',
    'read',
    false,
  ],
  ['deny before all', 'path "t/a" { capabilities = ["read", "deny"] }', 't/a', 'read', false],
  [
    'comments of each kind',
    '# a\n// b\n/* c\n */ path "t/a" { capabilities = ["read",] }',
    't/a',
    'read',
    true,
  ],
] as const) {
  test(`${title}: ${expected ? 'allowed' : 'refused'}`, (t) => {
    t.is(allows(policy, path, capability), expected);
  });
}

test('policies for one path are united, and one that denies wins', (t) => {
  const read = 'path "t/a" { capabilities = ["read"] }';
  const update = 'path "t/a" { capabilities = ["update"] }';
  t.true(allows([read, update], 't/a', 'read'));
  t.true(allows([read, update], 't/a', 'update'));
  t.false(allows([read, update, 'path "t/a" { capabilities = ["deny"] }'], 't/a', 'read'));
});

for (const [title, parameters, fields, expected] of [
  ['an allowed value', 'allowed_parameters = { "a" = ["x"] }', { a: 'x' }, true],
  ['another value', 'allowed_parameters = { "a" = ["x"] }', { a: 'y' }, false],
  ['a value that is no text', 'allowed_parameters = { "a" = ["1"] }', { a: 1 }, false],
  ['any value', 'allowed_parameters = { "a" = [] }', { a: 'y' }, true],
  ['a parameter that is not listed', 'allowed_parameters = { "a" = [] }', { b: 'x' }, false],
  ['all others', 'allowed_parameters = { "a" = ["x"] "*" = [] }', { a: 'x', b: 'y' }, true],
  ['a prefix', 'allowed_parameters = { "a" = ["AAUA*"] }', { a: 'AAUABG' }, true],
  ['not that prefix', 'allowed_parameters = { "a" = ["AAUA*"] }', { a: 'AAU' }, false],
  ['a suffix', 'allowed_parameters = { "a" = ["*z"] }', { a: 'xyz' }, true],
  ['a part', 'allowed_parameters = { "a" = ["*y*"] }', { a: 'xyz' }, true],
  ['a required parameter', 'required_parameters = ["a"]', { a: 'x' }, true],
  ['a missing one', 'required_parameters = ["a"]', { b: 'x' }, false],
  ['a denied value', 'denied_parameters = { "a" = ["x*"] }', { a: 'xy' }, false],
  ['not the denied value', 'denied_parameters = { "a" = ["x*"] }', { a: 'y' }, true],
  ['a denied parameter', 'denied_parameters = { "a" = [] }', { a: 'y' }, false],
  [
    'denied and allowed',
    'allowed_parameters = { "a" = [] } denied_parameters = { "a" = ["x"] }',
    { a: 'x' },
    false,
  ],
  ['another case of the name', 'allowed_parameters = { "A" = ["x"] }', { a: 'x' }, true],
] as const) {
  test(`parameters, ${title}: ${expected ? 'allowed' : 'refused'}`, (t) => {
    t.is(allows(`path "t/a" { capabilities = ["update"] ${parameters} }`, 't/a', 'update', fields), expected);
  });
}

for (const [title, policy] of [
  ['another block', 'secret "t/a" { capabilities = ["read"] }'],
  ['an unknown field', 'path "t/a" { capabilities = ["read"] min_wrapping_ttl = ["1s"] }'],
  ['an unknown capability', 'path "t/a" { capabilities = ["write"] }'],
  ['a wildcard of one segment', 'path "t/+/a" { capabilities = ["read"] }'],
  ['a wildcard within', 'path "t/*/a" { capabilities = ["read"] }'],
  ['a field twice', 'path "t/a" { capabilities = ["read"] capabilities = ["update"] }'],
  ['a block without end', 'path "t/a" { capabilities = ["read"]'],
  ['a list without comma', 'path "t/a" { capabilities = ["read" "update"] }'],
  ['a number', 'path "t/a" { capabilities = [1] }'],
  ['a heredoc', 'path "t/a" { policy = <<EOF }'],
] as const) {
  test(`not read, so not taken: ${title}`, (t) => {
    t.throws(() => parsePolicy(policy), { instanceOf: VaultError, message: /failed to parse policy/ });
  });
}

test('parameters of two policies for one path are not guessed at', (t) => {
  const one = 'path "t/a" { capabilities = ["update"] allowed_parameters = { "a" = [] } }';
  t.throws(() => allows([one, one], 't/a'), { message: /not supported/ });
});
