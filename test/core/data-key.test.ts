import { inspect } from 'node:util';
import test from 'ava';
import { DataKey } from '../../core/data-key.ts';
import { CmkError } from '../../core/errors.ts';
import { Sealer } from '../../core/sealer.ts';
import { attemptToOpen, RECORDING, samplePlaintext, seal } from '../support/sealed-files.ts';

test('take copies the key and zeroes the source', (t) => {
  const source = Buffer.from(samplePlaintext(32));
  const dataKey = DataKey.take(source);
  t.true(source.equals(Buffer.alloc(32)));
  t.true(dataKey.copyBytes().equals(samplePlaintext(32)));
});

test('a copy may be zeroed: the key stays', (t) => {
  const dataKey = DataKey.take(samplePlaintext(32));
  dataKey.copyBytes().fill(0);
  t.true(dataKey.copyBytes().equals(samplePlaintext(32)));
});

for (const length of [0, 16, 31, 33]) {
  test(`take refuses ${length} bytes, and zeroes them`, (t) => {
    const source = samplePlaintext(length);
    const error = t.throws(() => DataKey.take(source), { instanceOf: CmkError });
    t.is(error.code, 'INVALID_ARGUMENT');
    t.is(error.message, `data key: expected 32 bytes, got ${length}`);
    t.true(source.equals(Buffer.alloc(length)));
  });
}

test('generate makes another key each time', (t) => {
  const [a, b] = [DataKey.generate().copyBytes(), DataKey.generate().copyBytes()];
  t.is(a.length, 32);
  t.false(a.equals(b));
});

test('no way of printing shows the key', (t) => {
  const dataKey = DataKey.take(Buffer.alloc(32, 'K'));
  const prints = [
    inspect(dataKey),
    String(dataKey),
    JSON.stringify(dataKey),
    inspect({ dataKey }, { showHidden: true }),
  ];
  for (const print of prints) {
    t.regex(print, /DataKey\(redacted\)/);
    t.notRegex(print, /KKK|4b4b|S0tL|75, 75/);
  }
});

test('a disposed key can no longer be used, and disposing twice is fine', (t) => {
  const dataKey = DataKey.generate();
  dataKey[Symbol.dispose]();
  dataKey[Symbol.dispose]();
  for (const use of [
    () => dataKey.keyObject,
    () => dataKey.copyBytes(),
    () => new Sealer({ dataKey, ...RECORDING }),
  ]) {
    t.is(t.throws(use, { instanceOf: CmkError }).code, 'INTERNAL');
  }
});

test('a sealer and an opener outlive the data key that they were made with', (t) => {
  const dataKey = DataKey.take(samplePlaintext(32));
  const sealer = new Sealer({ dataKey, ...RECORDING });
  dataKey[Symbol.dispose]();
  const out = Buffer.alloc(sealer.finalBytes());
  sealer.final(out, 0);
  t.is(attemptToOpen([sealer.header, out], DataKey.take(samplePlaintext(32))).error, null);
});

test('one data key seals many files, each under a message id and a derived key of its own', (t) => {
  const dataKey = DataKey.generate();
  const files = Array.from({ length: 1000 }, () => seal(samplePlaintext(40), { dataKey, ...RECORDING }));
  t.is(new Set(files.map((file) => file.toString('hex', 3, 35))).size, 1000);
  t.is(new Set(files.map((file) => file.toString('hex', file.length - 56))).size, 1000);
  for (const file of files) if (attemptToOpen([file], dataKey).error) t.fail('a file does not open');
});
