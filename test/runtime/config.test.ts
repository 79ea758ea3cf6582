import { resolve } from 'node:path';
import { inspect } from 'node:util';
import test from 'ava';
import { CmkError } from '../../core/errors.ts';
import {
  bytes,
  choice,
  durationMs,
  fraction,
  integer,
  list,
  path,
  readConfig,
  secret,
  text,
  url,
  type Setting,
} from '../../runtime/config.ts';

const base = { name: 'CMK_X', doc: 'For a test.' };
const duration = durationMs({ ...base, min: 100, max: 300_000 });
const size = bytes({ ...base, min: 1024, max: 1024 ** 2 });
const port = integer({ ...base, min: 0, max: 65_535 });
const https = url({ ...base, protocols: ['https:'] });
const level = choice({ ...base, of: ['info', 'debug'] });
const regions = list({ ...base, pattern: /^[a-z0-9-]+$/ });

const accepted: [name: string, setting: Setting<unknown>, given: string, expected: unknown][] = [
  ['text', text(base), 'a b', 'a b'],
  ['text of a pattern', text({ ...base, pattern: /^\d{4}$/ }), '0001', '0001'],
  ['least integer', port, '0', 0],
  ['greatest integer', port, '65535', 65_535],
  ['negative integer', integer({ ...base, min: -5, max: 5 }), '-3', -3],
  ['a fraction', fraction(base), '0.01', 0.01],
  ['the least fraction', fraction(base), '0', 0],
  ['the whole', fraction(base), '1', 1],
  ['milliseconds', duration, '250ms', 250],
  ['seconds', duration, '5s', 5_000],
  ['minutes, at the upper bound', duration, '5m', 300_000],
  ['kibibytes, at the lower bound', size, '1KiB', 1024],
  ['bytes', size, '2000B', 2000],
  ['a choice', level, 'debug', 'debug'],
  ['a path', path(base), 'data/cmk.db', resolve('data/cmk.db')],
  ['a URL', https, 'https://kms.example:8443/', 'https://kms.example:8443'],
  ['a list with spaces', regions, 'eu-west-1, us-east-1', ['eu-west-1', 'us-east-1']],
];

for (const [name, setting, given, expected] of accepted) {
  test(`read: ${name}`, (t) => {
    t.deepEqual(readConfig({ x: setting }, { CMK_X: given }).x, expected);
  });
}

const refused: [name: string, setting: Setting<unknown>, given: string, problem: string][] = [
  [
    'text off its pattern',
    text({ ...base, pattern: /^\d{4}$/, expects: 'four digits' }),
    '1',
    'four digits, got "1"',
  ],
  ['integer above', port, '65536', 'whole number from 0 to 65535, got "65536"'],
  ['integer below', port, '-1', 'got "-1"'],
  ['integer with a rest', port, '80x', 'got "80x"'],
  ['fraction', port, '1.5', 'got "1.5"'],
  ['more than the whole', fraction(base), '1.5', 'number from 0 to 1, got "1.5"'],
  ['a percentage', fraction(base), '1%', 'got "1%"'],
  ['hexadecimal', port, '0x10', 'got "0x10"'],
  ['spaces', port, ' 80', 'got " 80"'],
  ['duration without a unit', duration, '5', 'duration (ms, s, m, h) from 100ms to 5m, got "5"'],
  ['duration above', duration, '6m', 'got "6m"'],
  ['duration below', duration, '99ms', 'got "99ms"'],
  ['decimal size unit', size, '64KB', 'size (B, KiB, MiB, GiB) from 1KiB to 1MiB, got "64KB"'],
  ['other word', level, 'Debug', 'one of info, debug, got "Debug"'],
  ['path with a zero byte', path(base), 'a\0b', 'path, got'],
  ['URL of another protocol', https, 'http://kms.example', 'URL that begins with https://, got'],
  ['URL with a password', https, 'https://user:pass@kms.example', 'got'],
  ['no URL', https, 'kms.example', 'got "kms.example"'],
  ['list with an empty item', regions, 'a,,b', 'texts between commas, got "a,,b"'],
  ['list with an item off its pattern', regions, 'a,B', 'got "a,B"'],
];

for (const [name, setting, given, problem] of refused) {
  test(`refuse: ${name}`, (t) => {
    const error = t.throws(() => readConfig({ x: setting }, { CMK_X: given }), { instanceOf: CmkError });
    t.is(error.code, 'CONFIG_INVALID');
    t.true(error.message.startsWith('CMK_X: expected '), error.message);
    t.true(error.message.includes(problem), error.message);
  });
}

test('an unset or empty variable takes the default, which is read like any text', (t) => {
  const settings = { lease: durationMs({ ...base, default: '5m', min: 1, max: 300_000 }) };
  t.is(readConfig(settings, {}).lease, 300_000);
  t.is(readConfig(settings, { CMK_X: '' }).lease, 300_000);
});

test('an optional setting is null when unset', (t) => {
  const settings = { address: text({ ...base, default: null }) };
  const { address }: { address: string | null } = readConfig(settings, { CMK_X: '' });
  t.is(address, null);
});

test('a required setting that is unset or empty is a problem', (t) => {
  for (const env of [{}, { CMK_X: '' }]) {
    t.throws(() => readConfig({ x: text(base) }, env), {
      message: 'CMK_X: expected text, but it is not set',
    });
  }
});

test('every problem stands in the one error, a line each', (t) => {
  const settings = {
    good: text({ name: 'CMK_GOOD', doc: '', default: 'x' }),
    missing: text({ name: 'CMK_MISSING', doc: '' }),
    port: integer({ name: 'CMK_PORT', doc: '', min: 1, max: 9 }),
    broken: durationMs({ name: 'CMK_BROKEN_DEFAULT', doc: '', default: 'soon', min: 1, max: 9 }),
  };
  const error = t.throws(() => readConfig(settings, { CMK_PORT: 'ten' }), { instanceOf: CmkError });
  t.deepEqual(
    error.message.split('\n').map((line) => line.split(':')[0]),
    ['CMK_MISSING', 'CMK_PORT', 'CMK_BROKEN_DEFAULT'],
  );
});

test('a secret is shown neither by its error nor by printing it', (t) => {
  const settings = { token: secret({ ...base, minLength: 32 }) };
  const error = t.throws(() => readConfig(settings, { CMK_X: 'hunter2' }), { instanceOf: CmkError });
  t.is(error.message, 'CMK_X: expected secret of at least 32 characters, got a value of 7 characters');

  const token = 'x'.repeat(32);
  const config = readConfig(settings, { CMK_X: token });
  t.is(config.token.reveal(), token);
  for (const printed of [inspect(config), JSON.stringify(config), config.token.toString()]) {
    t.false(printed.includes(token));
    t.true(printed.includes('Secret(redacted)'));
  }
});
