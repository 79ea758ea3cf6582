import test from 'ava';
import { parseRoleArn } from '../../../../broker/kms/aws/role.ts';
import { CmkError } from '../../../../core/errors.ts';

const KEY = 'arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab';

for (const [title, arn, key] of [
  ['a role', 'arn:aws:iam::111122223333:role/cmk', KEY],
  ['a role with a path', 'arn:aws:iam::111122223333:role/security/keys/cmk+x=1,y.z@a_b-c', KEY],
  ['a role in China', 'arn:aws-cn:iam::111122223333:role/cmk', KEY.replace('aws:', 'aws-cn:')],
  ['a role of another account than the key’s', 'arn:aws:iam::999999999999:role/cmk', KEY],
] as const) {
  test(`accepted: ${title}`, (t) => {
    t.is(parseRoleArn(`  ${arn}\n`, [key, key]), arn);
  });
}

for (const [title, text] of [
  ['nothing', ''],
  ['a name alone', 'cmk'],
  ['a key', KEY],
  ['a user', 'arn:aws:iam::111122223333:user/cmk'],
  ['a session', 'arn:aws:sts::111122223333:assumed-role/cmk/session'],
  ['another partition', 'arn:aws-cn:iam::111122223333:role/cmk'],
  ['an unknown partition', 'arn:aws-x:iam::111122223333:role/cmk'],
  ['a region', 'arn:aws:iam:us-east-1:111122223333:role/cmk'],
  ['an account that is too short', 'arn:aws:iam::11112222333:role/cmk'],
  ['no name', 'arn:aws:iam::111122223333:role/'],
  ['an empty part of a path', 'arn:aws:iam::111122223333:role//cmk'],
  ['a wildcard', 'arn:aws:iam::111122223333:role/*'],
  ['a space', 'arn:aws:iam::111122223333:role/c mk'],
  ['a line break', 'arn:aws:iam::111122223333:role/cmk\nx'],
  ['more after a colon', 'arn:aws:iam::111122223333:role/cmk:x'],
  ['a name that is too long', `arn:aws:iam::111122223333:role/${'x'.repeat(65)}`],
  ['far too much', `arn:aws:iam::111122223333:role/${'x/'.repeat(5_000)}cmk`],
] as const) {
  test(`refused: ${title}`, (t) => {
    const error = t.throws(() => parseRoleArn(text, [KEY]), { instanceOf: CmkError });
    t.is(error.code, 'INVALID_ARGUMENT');
    t.deepEqual(error.metadata, { field: 'role' });
    t.regex(error.message, /^role: expected .+, got .+; example: arn:aws:iam::111122223333:role\/cmk$/);
  });
}

test('every key must be in the role’s partition', (t) => {
  const keys = [KEY, KEY.replace('aws:', 'aws-cn:')];
  t.throws(() => parseRoleArn('arn:aws:iam::111122223333:role/cmk', keys), { message: /partition aws-cn/ });
});
