import test from 'ava';
import { DataKey } from '../../core/data-key.ts';
import { deriveCommitment } from '../../core/derived-keys.ts';
import { CmkError } from '../../core/errors.ts';
import { HeaderReader } from '../../core/header.ts';
import { Opener } from '../../core/opener.ts';
import { Sealer } from '../../core/sealer.ts';
import type { SealerOptions } from '../../core/sealer.ts';
import { contextBody, field, forgeHeader, MESSAGE_ID, u16 } from '../support/forged-header.ts';
import type { ForgedFields } from '../support/forged-header.ts';
import { piecesOf, RECORDING } from '../support/sealed-files.ts';

const dataKey = DataKey.generate();

function entry(
  providerId: Uint8Array | string,
  info: Uint8Array | string,
  ciphertext: Uint8Array | string,
): Buffer {
  return Buffer.concat([field(providerId), field(info), field(ciphertext)]);
}

test('a good header is read, and authenticates', (t) => {
  const header = forgeHeader(dataKey);
  const read = new HeaderReader().push(Buffer.concat([header, Buffer.from('rest')]));
  t.deepEqual(read?.header.context, { a: '1', b: '2' });
  t.is(read?.header.headerBytes, header.length);
  t.is(read?.header.frameBytes, 64);
  t.deepEqual(Buffer.from(read?.rest ?? []).toString(), 'rest');
  if (read) t.notThrows(() => new Opener(read.header, dataKey));
});

const GOOD: Record<string, ForgedFields> = {
  'an empty context': { contextBody: Buffer.alloc(0) },
  'keys sorted by bytes rather than by code units': {
    contextBody: contextBody(['\uff5e', '1'], ['😀', '2']),
  },
  'a key that is a property of every object': {
    contextBody: contextBody(['__proto__', '1'], ['constructor', '2']),
  },
  'a byte order mark in a value': { contextBody: contextBody(['a', '\ufeffx']) },
  'sixteen encrypted data keys': {
    encryptedDataKeyCount: 16,
    encryptedDataKeys: Buffer.concat(Array.from({ length: 16 }, () => entry('p', 'i', 'c'))),
  },
  'the largest frame length': { frameBytes: 1024 * 1024 },
  'the largest context': { contextBody: contextBody(['a', 'x'.repeat(65_528)]) },
};

for (const [name, fields] of Object.entries(GOOD)) {
  test(`read and written back the same: ${name}`, (t) => {
    const bytes = forgeHeader(dataKey, fields);
    const read = new HeaderReader().push(bytes);
    t.truthy(read);
    if (!read) return;
    const { context, encryptedDataKeys, frameBytes, messageId } = read.header;
    const sealer = new Sealer({ dataKey, context, encryptedDataKeys, frameBytes, messageId });
    t.true(sealer.header.equals(bytes));
  });
}

const MALFORMED: Record<string, ForgedFields> = {
  'version 1': { version: 1 },
  'version 3': { version: 3 },
  'a suite without key commitment': { suite: 0x0178 },
  'a suite with a signature': { suite: 0x0578 },
  'content that is not framed': { contentType: 1 },
  'frame length 0': { frameBytes: 0 },
  'a frame length above the cap': { frameBytes: 1024 * 1024 + 1 },
  'the largest frame length that can be written': { frameBytes: 0xffffffff },
  'no encrypted data key': { encryptedDataKeyCount: 0, encryptedDataKeys: Buffer.alloc(0) },
  'seventeen encrypted data keys': {
    encryptedDataKeyCount: 17,
    encryptedDataKeys: Buffer.concat(Array.from({ length: 17 }, () => entry('p', 'i', 'c'))),
  },
  'a count of 65,535 encrypted data keys': { encryptedDataKeyCount: 65_535 },
  'an empty provider id': { encryptedDataKeys: entry('', 'i', 'c') },
  'an empty provider info': { encryptedDataKeys: entry('p', '', 'c') },
  'an empty ciphertext': { encryptedDataKeys: entry('p', 'i', '') },
  'a provider id that is not UTF-8': { encryptedDataKeys: entry(Buffer.of(0xff), 'i', 'c') },
  'a header above the cap': {
    encryptedDataKeyCount: 3,
    encryptedDataKeys: Buffer.concat(Array.from({ length: 3 }, () => entry('p', 'i', 'c'.repeat(65_535)))),
  },
  'an unsorted context': { contextBody: contextBody(['b', '1'], ['a', '2']) },
  'a context sorted by code units': { contextBody: contextBody(['😀', '1'], ['\uff5e', '2']) },
  'a context key twice': { contextBody: contextBody(['a', '1'], ['a', '2']) },
  'an empty context with a count': { contextBody: u16(0) },
  'a context of one byte': { contextBody: Buffer.alloc(1) },
  'a context count above its pairs': { contextBody: Buffer.concat([u16(2), field('a'), field('1')]) },
  'a context count below its pairs': {
    contextBody: Buffer.concat([u16(1), field('a'), field('1'), field('b'), field('2')]),
  },
  'a context count of 65,535': { contextBody: Buffer.concat([u16(65_535), field('a'), field('1')]) },
  'a context value longer than the context': {
    contextBody: Buffer.concat([u16(1), field('a'), u16(2), Buffer.of(49)]),
  },
  'an empty context key': { contextBody: contextBody(['', '1']) },
  'a reserved context key': { contextBody: contextBody(['aws-crypto-public-key', '1']) },
  'a context key that is not UTF-8': { contextBody: contextBody([Buffer.of(0xc0, 0x80), '1']) },
  'a context value that is not UTF-8': { contextBody: contextBody(['a', Buffer.of(0xed, 0xa0, 0x80)]) },
};

for (const [name, fields] of Object.entries(MALFORMED)) {
  test(`refused although its tag is right: ${name}`, (t) => {
    const bytes = forgeHeader(dataKey, fields);
    for (const pieces of [[bytes], piecesOf(bytes, 1)]) {
      const reader = new HeaderReader();
      const error = t.throws(() => pieces.forEach((piece) => reader.push(piece)), { instanceOf: CmkError });
      t.is(error.code, 'MALFORMED');
      t.is(error.message, 'this is not a sealed file, or its structure is damaged');
      t.is(
        t.throws(() => reader.push(bytes)),
        error,
        'a failed reader repeats its error',
      );
      t.is(
        t.throws(() => reader.end()),
        error,
      );
    }
  });
}

test('a length above the cap is refused before the bytes that it announces come', (t) => {
  const bytes = forgeHeader(dataKey, {
    encryptedDataKeyCount: 3,
    encryptedDataKeys: Buffer.concat(Array.from({ length: 3 }, () => entry('p', 'i', 'c'.repeat(65_535)))),
  });
  const reader = new HeaderReader();
  let fed = 0;
  const error = t.throws(
    () => {
      for (const piece of piecesOf(bytes, 1)) {
        reader.push(piece);
        fed += 1;
      }
    },
    { instanceOf: CmkError },
  );
  t.is(error.code, 'MALFORMED');
  t.true(fed < 70_000);
});

test('a header cut short is awaited, and is truncated if nothing follows', (t) => {
  const bytes = forgeHeader(dataKey);
  for (let length = 0; length < bytes.length; length++) {
    const reader = new HeaderReader();
    t.is(reader.push(bytes.subarray(0, length)), null);
    t.is(t.throws(() => reader.end(), { instanceOf: CmkError }).code, 'TRUNCATED');
  }
});

test('a header that commits to another data key is refused although its tag is right', (t) => {
  const commitment = deriveCommitment(DataKey.generate(), MESSAGE_ID);
  const read = new HeaderReader().push(forgeHeader(dataKey, { commitment }));
  if (!read) return t.fail();
  const error = t.throws(() => new Opener(read.header, dataKey), { instanceOf: CmkError });
  t.is(error.code, 'AUTHENTICATION_FAILED');
  t.is(error.message, 'the sealed file was changed, or this is not its key');
});

test('the header owns its bytes: the pieces may change afterwards', (t) => {
  const bytes = forgeHeader(dataKey);
  const read = new HeaderReader().push(bytes);
  bytes.fill(0);
  if (read) t.notThrows(() => new Opener(read.header, dataKey));
  t.truthy(read);
});

const options: SealerOptions = { dataKey, ...RECORDING };
const UNSEALABLE: Record<string, [SealerOptions, RegExp]> = {
  'a reserved context key': [
    { ...options, context: { 'aws-crypto-x': '1' } },
    /^encryption context: .*aws-crypto-/,
  ],
  'an empty context key': [{ ...options, context: { '': '1' } }, /^encryption context: .*empty/],
  'a context above 65,535 bytes': [
    { ...options, context: { a: 'x'.repeat(65_529) } },
    /65535 bytes, got 65536$/,
  ],
  'a context value above 65,535 bytes': [
    { ...options, context: { a: 'x'.repeat(65_536) } },
    /65535 bytes, got 65536$/,
  ],
  'half a surrogate pair in a context': [{ ...options, context: { a: '\ud83d' } }, /Unicode/],
  'half a surrogate pair in a context key': [{ ...options, context: { '\ude00': '1' } }, /Unicode/],
  'no encrypted data key': [{ ...options, encryptedDataKeys: [] }, /1 to 16, got 0$/],
  'seventeen encrypted data keys': [
    { ...options, encryptedDataKeys: Array.from({ length: 17 }, () => RECORDING.encryptedDataKeys).flat() },
    /1 to 16, got 17$/,
  ],
  'an empty encrypted data key': [
    {
      ...options,
      encryptedDataKeys: [{ providerId: 'p', providerInfo: Buffer.of(1), ciphertext: Buffer.alloc(0) }],
    },
    /1 to 65535 bytes, got 0$/,
  ],
  'an encrypted data key above 65,535 bytes': [
    {
      ...options,
      encryptedDataKeys: [{ providerId: 'p', providerInfo: Buffer.of(1), ciphertext: Buffer.alloc(65_536) }],
    },
    /1 to 65535 bytes, got 65536$/,
  ],
  'a header above the cap': [
    {
      ...options,
      encryptedDataKeys: Array.from({ length: 2 }, () => ({
        providerId: 'p',
        providerInfo: Buffer.of(1),
        ciphertext: Buffer.alloc(65_535),
      })),
    },
    /^header: expected at most 131072 bytes/,
  ],
  'frame length 0': [{ ...options, frameBytes: 0 }, /^frame length: .* got 0$/],
  'half a byte as frame length': [{ ...options, frameBytes: 1.5 }, /^frame length: .* got 1.5$/],
  'a frame length above the cap': [
    { ...options, frameBytes: 1024 * 1024 + 1 },
    /^frame length: .* got 1048577$/,
  ],
  'a short message id': [
    { ...options, messageId: Buffer.alloc(16) },
    /^message id: expected 32 bytes, got 16$/,
  ],
};

for (const [name, [refused, message]] of Object.entries(UNSEALABLE)) {
  test(`not sealed: ${name}`, (t) => {
    const error = t.throws(() => new Sealer(refused), { instanceOf: CmkError, message });
    t.is(error.code, 'INVALID_ARGUMENT');
  });
}
