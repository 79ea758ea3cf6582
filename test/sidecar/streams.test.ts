import { randomBytes } from 'node:crypto';
import test from 'ava';
import { asset, inPieces, SidecarFixture, start } from '../support/sidecar-fixture.ts';

const fixture = await SidecarFixture.start();
test.after.always(() => fixture.close());

const KIB = 1024;
const sizes: [name: string, bytes: number, pieceBytes: number][] = [
  ['nothing', 0, 1],
  ['one byte', 1, 1],
  ['a frame less one', 64 * KIB - 1, 1000],
  ['a frame', 64 * KIB, 64 * KIB],
  ['a frame and one', 64 * KIB + 1, 7777],
  ['single bytes', 3000, 1],
  ['pieces of a slice and one', 1_000_003, 256 * KIB + 1],
  ['the largest pieces', 5 * 1024 * KIB + 17, 1024 * KIB],
];

for (const [name, bytes, pieceBytes] of sizes) {
  test(`sealed and opened: ${name}`, async (t) => {
    const plaintext = randomBytes(bytes);
    const sealed = await fixture.seal(inPieces(plaintext, pieceBytes));
    t.is(sealed.code, null, sealed.message);
    t.is(sealed.started?.protection, 'PROTECTION_CUSTOMER_KEY');
    t.is(sealed.started.keyInUse, fixture.broker.keyInUse);

    for (const length of [pieceBytes, 1024 * KIB]) {
      const opened = await fixture.open(inPieces(sealed.data, length));
      t.is(opened.code, null, opened.message);
      t.true(opened.data.equals(plaintext));
      t.is(opened.started?.dataKeyId, sealed.started.dataKeyId);
    }
  });
}

test('sealed: empty pieces among others change nothing', async (t) => {
  const plaintext = randomBytes(100_000);
  const empty = Buffer.alloc(0);
  const sealed = await fixture.seal([empty, plaintext.subarray(0, 1), empty, empty, plaintext.subarray(1), empty]);
  const opened = await fixture.open([empty, sealed.data, empty]);
  t.true(opened.data.equals(plaintext));
});
