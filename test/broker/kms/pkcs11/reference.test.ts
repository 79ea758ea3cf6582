import test from 'ava';
import { escapeText, parseKeyUri, readKeyUri } from '../../../../broker/kms/pkcs11/reference.ts';
import { CmkError } from '../../../../core/errors.ts';

for (const [title, text, expected] of [
  ['token and label', 'pkcs11:token=acme;object=cmk', 'pkcs11:token=acme;object=cmk'],
  ['spaces around', ' pkcs11:token=acme;object=cmk\n', 'pkcs11:token=acme;object=cmk'],
  ['another order', 'pkcs11:object=cmk;token=acme', 'pkcs11:token=acme;object=cmk'],
  ['its type', 'pkcs11:token=acme;object=cmk;type=secret-key', 'pkcs11:token=acme;object=cmk'],
  ['an id', 'pkcs11:token=acme;id=%01%aF', 'pkcs11:token=acme;id=%01%AF'],
  ['an id of plain characters', 'pkcs11:token=acme;id=k1', 'pkcs11:token=acme;id=%6B%31'],
  [
    'all',
    'pkcs11:id=%01;serial=0df8;object=k;token=My%20HSM',
    'pkcs11:token=My%20HSM;serial=0df8;object=k;id=%01',
  ],
  ['more escapes than needed', 'pkcs11:token=%61cme;object=c+k', 'pkcs11:token=acme;object=c%2Bk'],
  ['another script', 'pkcs11:token=acme;object=%C3%A9', 'pkcs11:token=acme;object=%C3%A9'],
] as const) {
  test(`accepted: ${title}`, (t) => {
    t.is(parseKeyUri(text), expected);
    t.is(parseKeyUri(expected), expected, 'the spelling is stable');
  });
}

for (const [title, text, expected] of [
  ['nothing', '', /expected a PKCS#11 URI, got nothing/],
  ['another scheme', 'https://hsm.example/', /expected a PKCS#11 URI/],
  ['a PIN', 'pkcs11:token=a;object=b?pin-value=secret', /without query.*got "a query"/],
  ['a PIN’s file', 'pkcs11:token=a;object=b?pin-source=file:/etc/passwd', /without query/],
  ['a library', 'pkcs11:token=a;object=b?module-path=/tmp/evil.so', /without query/],
  ['a library as attribute', 'pkcs11:token=a;object=b;module-path=/tmp/evil.so', /expected attributes token/],
  ['a slot', 'pkcs11:slot-id=1;object=b', /expected attributes token/],
  ['no token', 'pkcs11:object=b', /expected the attribute token/],
  ['no key', 'pkcs11:token=a', /expected the attribute object or id/],
  ['a private key', 'pkcs11:token=a;object=b;type=private', /expected type=secret-key/],
  ['an attribute twice', 'pkcs11:token=a;token=b;object=c', /expected token once/],
  ['an empty value', 'pkcs11:token=;object=b', /expected a value of token/],
  ['a value with =', 'pkcs11:token=a=b;object=c', /expected a value of token/],
  ['a slash', 'pkcs11:token=../etc;object=b', /expected a value of token/],
  ['half an escape', 'pkcs11:token=a%2;object=b', /expected a value of token/],
  ['a zero byte', 'pkcs11:token=a%00;object=b', /expected a printable text as token/],
  ['not UTF-8', 'pkcs11:token=%ff;object=b', /expected a printable text as token/],
  ['a label too long', `pkcs11:token=${'a'.repeat(33)};object=b`, /token of at most 32 bytes/],
  ['a name of every object', 'pkcs11:token=a;constructor=b', /expected attributes token/],
] as const) {
  test(`refused: ${title}`, (t) => {
    const error = t.throws(() => parseKeyUri(text), { instanceOf: CmkError });
    t.is(error.code, 'INVALID_ARGUMENT');
    t.regex(error.message, expected);
  });
}

test('a PIN that was typed into a reference is not repeated', (t) => {
  const error = t.throws(() => parseKeyUri('pkcs11:token=a;object=b?pin-value=hunter2'));
  t.notRegex(error.message, /hunter2/);
});

test('what is read is what the library is asked for', (t) => {
  t.deepEqual(readKeyUri('pkcs11:token=My%20HSM;object=c%2Bk;id=%01%AF'), {
    token: 'My HSM',
    serial: null,
    object: 'c+k',
    id: '01af',
  });
});

test('a token’s name cannot leave the folder of PINs', (t) => {
  t.is(escapeText('../../etc/passwd'), '..%2F..%2Fetc%2Fpasswd');
});
