import test from 'ava';
import fc from 'fast-check';
import { formatHcl, formatJson, hclString, shellWord, type Json } from '../../../broker/kms/quoting.ts';
import { CustomersShell, hostile } from '../../support/set-up.ts';

test('a shell reads a word as it was', (t) => {
  const shell = new CustomersShell();
  t.teardown(() => shell.remove());
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 8 }), (texts) => {
        const [call = []] = shell.run(`aws ${texts.map(shellWord).join(' ')}`);
        return JSON.stringify(call) === JSON.stringify(['aws', ...texts]);
      }),
      { numRuns: 40 },
    ),
  );
});

test('what needs no quotes has none', (t) => {
  for (const text of ['us-east-1', 'arn:aws:iam::111122223333:role/x', '/a/b.json', 'type=aes256-gcm96'])
    t.is(shellWord(text), text);
  for (const text of ['', '=ls', 'a b', 'ü', '<KEY_ID>', '~', '$HOME']) t.is(shellWord(text), `'${text}'`);
  t.throws(() => shellWord('a\0b'), { instanceOf: RangeError });
});

test('a text in HCL is itself, and nothing in it is evaluated', (t) => {
  t.is(
    hclString('${a} %{b} $${c} "\\\b\f\n'),
    '"\\u0024{a} \\u0025{b} $\\u0024{c} \\"\\\\\\u0008\\u000c\\n"',
  );
  t.notThrows(() =>
    fc.assert(
      fc.property(hostile, (text) => {
        const quoted = hclString(text);
        const escapes = [...quoted.matchAll(/\\(.)/g)].every(([, name = '']) => 'nrtu"\\'.includes(name));
        return JSON.parse(quoted) === text && escapes && !/[$%]\{|\n/.test(quoted);
      }),
    ),
  );
});

test('what is laid out for people is the same value', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        const both = [formatJson(value as Json), formatHcl(value as Json, '  ')];
        return both.every((each) => JSON.stringify(JSON.parse(each)) === text);
      }),
    ),
  );
});
