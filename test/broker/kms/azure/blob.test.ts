import test from 'ava';
import { BlobError, openBlob, parseBlob, sealBlob } from '../../../../broker/kms/azure/blob.ts';
import { DataKey } from '../../../../core/data-key.ts';

const KEY_ID = 'https://acme.vault.azure.net/keys/rec/0123456789abcdef0123456789abcdef';
const CONTEXT = { acct: 'acme', id: 'meeting-1' };
const oneTimeKey = Buffer.alloc(32, 7);
const wrappedKey = Buffer.alloc(256, 9);
const HEADER_BYTES = 4 + 1 + 2 + KEY_ID.length + 2 + wrappedKey.length;

function seal(dataKey = DataKey.generate()): Buffer {
  return sealBlob({ algorithm: 'RSA-OAEP-256', keyId: KEY_ID, wrappedKey }, oneTimeKey, dataKey, CONTEXT);
}

/** A copy with other bytes at a place. */
function patched(blob: Buffer, at: number, bytes: readonly number[]): Buffer {
  const copy = Buffer.from(blob);
  copy.set(bytes, at);
  return copy;
}

test('the layout is the documented one', (t) => {
  const blob = seal();
  t.is(blob.length, HEADER_BYTES + 12 + 32 + 16);
  t.is(blob.subarray(0, 5).toString('hex'), '414b560101');
  t.is(blob.readUInt16BE(5), KEY_ID.length);
  t.is(blob.toString('latin1', 7, 7 + KEY_ID.length), KEY_ID);
  t.is(blob.readUInt16BE(7 + KEY_ID.length), 256);
  const { algorithm, keyId, wrappedKey: found } = parseBlob(blob);
  t.deepEqual(
    { algorithm, keyId, found: Buffer.from(found) },
    { algorithm: 'RSA-OAEP-256', keyId: KEY_ID, found: wrappedKey },
  );
});

test('a blob opens to its data key with its context', (t) => {
  const dataKey = DataKey.generate();
  const opened = openBlob(parseBlob(seal(dataKey)), oneTimeKey, CONTEXT);
  t.true(opened.keyObject.equals(dataKey.keyObject));
});

test('a blob inside a larger buffer is read in its own bounds', (t) => {
  const blob = seal();
  const around = Buffer.concat([Buffer.alloc(10), blob, Buffer.alloc(10)]);
  t.notThrows(() => openBlob(parseBlob(around.subarray(10, 10 + blob.length)), oneTimeKey, CONTEXT));
});

test('two blobs of one data key have nothing in common after their headers', (t) => {
  const dataKey = DataKey.generate();
  const [one, two] = [seal(dataKey), seal(dataKey)];
  t.notDeepEqual(
    one.subarray(HEADER_BYTES, HEADER_BYTES + 12),
    two.subarray(HEADER_BYTES, HEADER_BYTES + 12),
  );
  t.notDeepEqual(one.subarray(HEADER_BYTES + 12), two.subarray(HEADER_BYTES + 12));
});

test('another context or one-time key does not open', (t) => {
  const blob = parseBlob(seal());
  for (const context of [
    {},
    { acct: 'acme' },
    { ...CONTEXT, id: 'meeting-2' },
    { acct: 'acmeid', id: 'meeting-1' },
  ]) {
    t.throws(() => openBlob(blob, oneTimeKey, context), { instanceOf: BlobError });
  }
  t.throws(() => openBlob(blob, Buffer.alloc(32, 8), CONTEXT), { instanceOf: BlobError });
});

test('no changed byte opens', (t) => {
  const blob = seal();
  for (let at = 0; at < blob.length; at++) {
    const changed = patched(blob, at, [(blob[at] ?? 0) ^ 1]);
    t.throws(
      () => openBlob(parseBlob(changed), oneTimeKey, CONTEXT),
      { instanceOf: BlobError },
      `byte ${at}`,
    );
  }
});

test('no shortened or lengthened blob is read', (t) => {
  const blob = seal();
  for (let length = 0; length < blob.length; length++) {
    t.throws(() => parseBlob(blob.subarray(0, length)), { instanceOf: BlobError }, `${length} bytes`);
  }
  t.throws(() => parseBlob(Buffer.concat([blob, Buffer.alloc(1)])), {
    message: /nothing after the data key, got 1/,
  });
});

for (const [title, at, bytes, message] of [
  ['another magic', 0, [0x42], /expected magic/],
  ['another version', 3, [2], /expected magic and version 1/],
  ['algorithm 0', 4, [0], /known algorithm/],
  ['an unknown algorithm', 4, [3], /known algorithm/],
  ['no key id', 5, [0, 0], /key id of 1 to 300 bytes, got 0/],
  ['a key id of 301 bytes', 5, [1, 45], /key id of 1 to 300 bytes, got 301/],
  ['a wrapped key of 39 bytes', 7 + KEY_ID.length, [0, 39], /wrapped key of 40 to 512 bytes, got 39/],
  ['a wrapped key of 513 bytes', 7 + KEY_ID.length, [2, 1], /wrapped key of 40 to 512 bytes, got 513/],
] as const) {
  test(`refused: ${title}`, (t) => {
    t.throws(() => parseBlob(patched(seal(), at, bytes)), { instanceOf: BlobError, message });
  });
}
