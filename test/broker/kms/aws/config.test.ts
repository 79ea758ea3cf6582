import test from 'ava';
import { awsSettings, parseEndpoints } from '../../../../broker/kms/aws/config.ts';
import { readConfig } from '../../../../runtime/config.ts';

test('without settings every region has its public endpoint', (t) => {
  t.is(readConfig(awsSettings, {}).awsEndpoints, null);
});

test('a template gives every region its endpoint', (t) => {
  const endpoints = parseEndpoints('https://vpce-0a1b.kms.{region}.vpce.amazonaws.com');
  t.is(endpoints?.('eu-west-1'), 'https://vpce-0a1b.kms.eu-west-1.vpce.amazonaws.com');
});

test('pairs give some regions their endpoint and leave the others alone', (t) => {
  const endpoints = parseEndpoints('us-east-1=http://127.0.0.1:4001, us-west-2=https://kms.test');
  t.is(endpoints?.('us-east-1'), 'http://127.0.0.1:4001');
  t.is(endpoints?.('us-west-2'), 'https://kms.test');
  t.is(endpoints?.('eu-west-1'), null);
});

for (const [title, text] of [
  ['a URL without {region}', 'https://kms.test'],
  ['a template that is no URL', 'kms.{region}.test'],
  ['another scheme', 'ftp://kms.{region}.test'],
  ['a path', 'https://kms.{region}.test/path'],
  ['a user name', 'https://me@kms.{region}.test'],
  ['a pair without URL', 'us-east-1='],
  ['a pair without region', '=https://kms.test'],
  ['a region twice', 'us-east-1=https://a.test,us-east-1=https://b.test'],
  ['a URL with a query', 'us-east-1=https://a.test?b=c'],
] as const) {
  test(`refused: ${title}`, (t) => {
    t.is(parseEndpoints(text), undefined);
  });
}
