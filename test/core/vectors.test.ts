import { readFileSync } from 'node:fs';
import test from 'ava';
import { DataKey } from '../../core/data-key.ts';
import { Inspector } from '../../core/inspect.ts';
import { plaintextBytes } from '../../core/sizes.ts';
import { officialOpen } from '../support/official-client.ts';
import { attemptToOpen, piecesOf, seal } from '../support/sealed-files.ts';

interface Vectors {
  readonly dataKeyHex: string;
  readonly messageIdHex: string;
  readonly files: readonly {
    readonly name: string;
    readonly frameBytes: number;
    readonly context: Record<string, string>;
    readonly encryptedDataKeys: { providerId: string; providerInfoHex: string; ciphertextHex: string }[];
    readonly plaintextHex: string;
    readonly sealedHex: string;
    readonly writer: 'cmk' | 'other';
  }[];
}

const vectors = JSON.parse(
  readFileSync(new URL('../vectors/sealed-files.json', import.meta.url), 'utf8'),
) as Vectors;
const messageId = hex(vectors.messageIdHex);
const dataKey = DataKey.take(hex(vectors.dataKeyHex));

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

test('there are vectors of both kinds', (t) => {
  t.is(vectors.files.filter(({ writer }) => writer === 'cmk').length, 10);
  t.is(vectors.files.filter(({ writer }) => writer === 'other').length, 1);
});

for (const file of vectors.files) {
  const sealed = hex(file.sealedHex);
  const plaintext = hex(file.plaintextHex);
  const encryptedDataKeys = file.encryptedDataKeys.map(({ providerId, providerInfoHex, ciphertextHex }) => ({
    providerId,
    providerInfo: hex(providerInfoHex),
    ciphertext: hex(ciphertextHex),
  }));

  if (file.writer === 'cmk') {
    test(`vector, sealed to the very bytes: ${file.name}`, (t) => {
      const { context, frameBytes } = file;
      const options = { dataKey, messageId, context, frameBytes, encryptedDataKeys };
      t.is(seal(plaintext, options).toString('hex'), file.sealedHex);
      t.is(seal(piecesOf(plaintext, 1), options).toString('hex'), file.sealedHex);
    });
  }

  test(`vector, opened whole, in pieces, byte by byte: ${file.name}`, (t) => {
    for (const pieceBytes of [sealed.length, 17, 1]) {
      const { released, error } = attemptToOpen(piecesOf(sealed, pieceBytes), dataKey);
      t.is(error, null);
      t.is(released.toString('hex'), file.plaintextHex);
    }
  });

  test(`vector, inspected: ${file.name}`, (t) => {
    const inspector = new Inspector();
    for (const piece of piecesOf(sealed, 17)) inspector.update(piece);
    const found = inspector.end();
    t.is(found.plaintextBytes, plaintext.length);
    t.deepEqual(found.header.context, file.context);
    const { headerBytes, frameBytes } = found.header;
    t.is(plaintextBytes({ sealedBytes: sealed.length, headerBytes, frameBytes }), plaintext.length);
  });

  test(`vector, opened by the official client: ${file.name}`, async (t) => {
    const opened = await officialOpen(sealed, dataKey);
    t.is(opened.plaintext.toString('hex'), file.plaintextHex);
    t.deepEqual(opened.context, file.context);
  });
}
