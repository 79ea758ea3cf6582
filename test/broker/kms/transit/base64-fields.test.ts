import test from 'ava';
import fc from 'fast-check';
import {
  decodeBase64,
  encodeBase64,
  jsonWithBytes,
  takeBytes,
} from '../../../../broker/kms/transit/base64-fields.ts';

test('Base64 is as Node’s own, for every length', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = encodeBase64(bytes);
      t.is(text.toString('latin1'), Buffer.from(bytes).toString('base64'));
      t.deepEqual(decodeBase64(text), Buffer.from(bytes));
    }),
  );
});

for (const text of ['A', 'AA', 'AAA', 'AA=A', '====', 'A===', 'AAAA AAA', 'AA-_', 'AAAAA', '\u00e9AAA']) {
  test(`not Base64: ${text}`, (t) => {
    t.is(decodeBase64(Buffer.from(text, 'latin1')), null);
  });
}

test('a body is the JSON that it should be', (t) => {
  const bytes = Buffer.from('secret');
  t.deepEqual(JSON.parse(jsonWithBytes({ a: 'b' }, 'plaintext', bytes).toString()), {
    plaintext: 'c2VjcmV0',
    a: 'b',
  });
  t.deepEqual(JSON.parse(jsonWithBytes({}, 'plaintext', bytes).toString()), { plaintext: 'c2VjcmV0' });
});

for (const [title, json] of [
  ['as Go writes it', '{"data":{"plaintext":"c2VjcmV0"},"x":1}'],
  ['with spaces', '{ "data" : { "plaintext" :\n "c2VjcmV0" } , "x" : 1 }'],
] as const) {
  test(`taken out of an answer: ${title}`, (t) => {
    const body = Buffer.from(json);
    t.is(takeBytes(body, 'plaintext')?.toString(), 'secret');
  });
}

test('what is taken is gone, and the rest still reads', (t) => {
  const body = Buffer.from('{"data":{"plaintext":"c2VjcmV0","key_version":1}}');
  t.is(takeBytes(body, 'plaintext')?.toString(), 'secret');
  t.false(body.includes('c2VjcmV0'));
  t.deepEqual(JSON.parse(body.toString()), { data: { plaintext: '', key_version: 1 } });
});

for (const [title, json] of [
  ['no such field', '{"data":{}}'],
  ['its name as a value before it', '{"a":"plaintext","plaintext":"c2VjcmV0"}'],
  ['a number', '{"data":{"plaintext":1}}'],
  ['no end', '{"data":{"plaintext":"c2Vj'],
  ['not Base64', '{"data":{"plaintext":"c2V*"}}'],
] as const) {
  test(`nothing to take: ${title}`, (t) => {
    t.is(takeBytes(Buffer.from(json), 'plaintext'), null);
  });
}
