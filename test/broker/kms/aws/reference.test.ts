import test from 'ava';
import { parseKeyArn, regionOf } from '../../../../broker/kms/aws/reference.ts';
import { CmkError } from '../../../../core/errors.ts';

const UUID = '1234abcd-12ab-34cd-56ef-1234567890ab';
const MRK = 'mrk-1234abcd12ab34cd56ef1234567890ab';

for (const [title, arn, region] of [
  ['a key of one region', `arn:aws:kms:us-east-1:111122223333:key/${UUID}`, 'us-east-1'],
  ['a multi-region key', `arn:aws:kms:ap-northeast-3:111122223333:key/${MRK}`, 'ap-northeast-3'],
  ['China', `arn:aws-cn:kms:cn-north-1:111122223333:key/${UUID}`, 'cn-north-1'],
  ['GovCloud', `arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/${UUID}`, 'us-gov-west-1'],
] as const) {
  test(`accepted: ${title}`, (t) => {
    t.is(parseKeyArn(` ${arn}\n`), arn);
    t.is(regionOf(arn), region);
  });
}

for (const [title, text, expected] of [
  ['nothing', '', /expected the ARN of a key, got nothing/],
  ['a key id alone', UUID, /expected the ARN of a key, got "1234/],
  ['another service', `arn:aws:s3:us-east-1:111122223333:key/${UUID}`, /expected the ARN of a KMS key/],
  ['an alias', 'arn:aws:kms:us-east-1:111122223333:alias/cmk', /an alias can be moved to another key/],
  ['no region', `arn:aws:kms::111122223333:key/${UUID}`, /expected an AWS region.*got nothing/],
  ['a host in the region', `arn:aws:kms:evil.test/:111122223333:key/${UUID}`, /expected an AWS region/],
  ['a region in capitals', `arn:aws:kms:US-EAST-1:111122223333:key/${UUID}`, /expected an AWS region/],
  [
    'another partition’s region',
    `arn:aws:kms:cn-north-1:111122223333:key/${UUID}`,
    /expected partition aws-cn/,
  ],
  ['an unknown partition', `arn:aws-x:kms:us-east-1:111122223333:key/${UUID}`, /expected partition aws for/],
  [
    'an account of 11 digits',
    `arn:aws:kms:us-east-1:11112222333:key/${UUID}`,
    /expected an account of 12 digits/,
  ],
  ['a grant', `arn:aws:kms:us-east-1:111122223333:grant/${UUID}`, /expected key\/ and a UUID/],
  [
    'a short multi-region key',
    'arn:aws:kms:us-east-1:111122223333:key/mrk-1234',
    /expected key\/ and a UUID/,
  ],
  ['a wildcard', 'arn:aws:kms:us-east-1:111122223333:key/*', /expected key\/ and a UUID/],
  [
    'something after the key',
    `arn:aws:kms:us-east-1:111122223333:key/${UUID}:x`,
    /expected the ARN of a key/,
  ],
  [
    'something after a line',
    `arn:aws:kms:us-east-1:111122223333:key/${UUID}\nx`,
    /expected key\/ and a UUID/,
  ],
] as const) {
  test(`refused: ${title}`, (t) => {
    const error = t.throws(() => parseKeyArn(text), { instanceOf: CmkError });
    t.is(error.code, 'INVALID_ARGUMENT');
    t.deepEqual(error.metadata, { field: 'reference' });
    t.regex(error.message, expected);
  });
}
