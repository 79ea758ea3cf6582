import { setTimeout as wait } from 'node:timers/promises';
import { Readable } from 'node:stream';
import test from 'ava';
import fc from 'fast-check';
import { inPieces, LARGEST_PIECE_BYTES } from '../../client/pieces.ts';
import { openSource, type ByteSource } from '../../client/source.ts';

async function piecesOf(source: ByteSource): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for await (const piece of inPieces(openSource(source))) pieces.push(piece);
  return pieces;
}

const KIB = 1024;
const numbered = (bytes: number): Buffer =>
  Buffer.alloc(bytes, Buffer.from(Array.from({ length: 251 }, (_, index) => index)));

const rows: { name: string; given: number[]; sent: number[] }[] = [
  { name: 'nothing', given: [], sent: [] },
  { name: 'empty pieces', given: [0, 0], sent: [] },
  { name: 'one byte', given: [1], sent: [1] },
  { name: 'small ones gathered', given: [10, 0, 20, 30], sent: [60] },
  { name: 'a large one as it is', given: [256 * KIB], sent: [256 * KIB] },
  { name: 'a larger one split', given: [256 * KIB + 1], sent: [256 * KIB, 1] },
  { name: 'a small one before a large one', given: [5, 100 * KIB, 5], sent: [5, 100 * KIB, 5] },
  {
    name: 'many small ones in moderate pieces',
    given: Array<number>(5).fill(20 * KIB),
    sent: [40 * KIB, 40 * KIB, 20 * KIB],
  },
];

for (const { name, given, sent } of rows) {
  test(`sends ${name}`, async (t) => {
    const pieces = await piecesOf(given.map(numbered));
    t.deepEqual(
      pieces.map((piece) => piece.byteLength),
      sent,
    );
    t.true(Buffer.concat(pieces).equals(Buffer.concat(given.map(numbered))));
  });
}

test('whatever the pieces, the bytes stay the same and no message is too large', async (t) => {
  const sizes = fc.array(fc.oneof(fc.nat(64), fc.nat(40 * KIB), fc.nat(600 * KIB)), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(sizes, async (given) => {
      const pieces = await piecesOf(given.map(numbered));
      t.true(pieces.every((piece) => piece.byteLength > 0 && piece.byteLength <= LARGEST_PIECE_BYTES));
      t.true(Buffer.concat(pieces).equals(Buffer.concat(given.map(numbered))));
    }),
    { numRuns: 100 },
  );
});

test('a small piece leaves while the source is silent', async (t) => {
  let release = (): void => undefined;
  const silence = new Promise<void>((resolve) => (release = resolve));
  async function* source(): AsyncGenerator<Uint8Array> {
    yield numbered(3);
    await silence;
    yield numbered(4);
  }
  const pieces = inPieces(openSource(source()));
  const first = await Promise.race([pieces.next(), wait(5_000, undefined, { ref: false })]);
  t.is(first?.value?.byteLength, 3);
  release();
  t.is((await pieces.next()).value?.byteLength, 4);
  t.true((await pieces.next()).done);
});

const wrong: { name: string; source: unknown }[] = [
  { name: 'a text', source: 'abc' },
  { name: 'a number', source: 5 },
  { name: 'nothing', source: null },
  { name: 'texts', source: ['abc'] },
  { name: 'a stream of texts', source: Readable.from(['abc']).setEncoding('utf8') },
];

for (const { name, source } of wrong) {
  test(`refuses ${name} as a source`, async (t) => {
    const error = await t.throwsAsync(piecesOf(source as ByteSource));
    t.like(error, { code: 'INVALID_ARGUMENT', metadata: { field: 'source' } });
  });
}
