import test from 'ava';
import { DataKey } from '../../core/data-key.ts';
import { CmkError } from '../../core/errors.ts';
import { HeaderReader } from '../../core/header.ts';
import { Opener } from '../../core/opener.ts';
import { Sealer } from '../../core/sealer.ts';
import { RECORDING, samplePlaintext, seal } from '../support/sealed-files.ts';

const dataKey = DataKey.generate();

function sealerOf(frameBytes: number): Sealer {
  return new Sealer({ dataKey, frameBytes, ...RECORDING });
}

test('the default frame length is 64 KiB', (t) => {
  const { header } = new HeaderReader().push(new Sealer({ dataKey, ...RECORDING }).header) ?? {};
  t.is(header?.frameBytes, 65_536);
});

test('update and final write at the offset, and nowhere else', (t) => {
  const sealer = sealerOf(10);
  const out = Buffer.alloc(200, 0xee);
  t.is(sealer.update(samplePlaintext(25), out, 7), 84);
  t.true(out.subarray(0, 7).equals(Buffer.alloc(7, 0xee)));
  t.true(out.subarray(91).equals(Buffer.alloc(109, 0xee)));
  t.is(sealer.final(out, 100), 45);
  t.true(out.subarray(91, 100).equals(Buffer.alloc(9, 0xee)));
  t.true(out.subarray(145).equals(Buffer.alloc(55, 0xee)));
});

test('pieces may change as soon as update returned', (t) => {
  const sealer = sealerOf(10);
  const out = Buffer.alloc(500);
  let sealed = 0;
  for (let at = 0; at < 45; at += 3) {
    const piece = Buffer.from(samplePlaintext(45).subarray(at, at + 3));
    sealed += sealer.update(piece, out, sealed);
    piece.fill(0);
  }
  sealed += sealer.final(out, sealed);

  const read = new HeaderReader().push(sealer.header);
  if (!read) return t.fail();
  const opener = new Opener(read.header, dataKey);
  const plaintext = Buffer.alloc(sealed);
  let opened = 0;
  for (let at = 0; at < sealed; at += 3) {
    const piece = Buffer.from(out.subarray(at, Math.min(sealed, at + 3)));
    opened += opener.update(piece, plaintext, opened);
    piece.fill(0);
  }
  opener.final();
  t.true(plaintext.subarray(0, opened).equals(samplePlaintext(45)));
});

test('too little room is refused before anything is written, and the sealer goes on', (t) => {
  const sealer = sealerOf(10);
  const out = Buffer.alloc(100);
  t.is(
    t.throws(() => sealer.update(samplePlaintext(25), out, 17), { instanceOf: CmkError }).code,
    'INTERNAL',
  );
  t.true(out.equals(Buffer.alloc(100)));
  t.is(sealer.update(samplePlaintext(25), out, 16), 84);
  t.is(t.throws(() => sealer.final(out, 56), { instanceOf: CmkError }).code, 'INTERNAL');
  t.is(sealer.final(out, 55), 45);
});

test('nothing can be sealed after the final frame', (t) => {
  const sealer = sealerOf(10);
  const out = Buffer.alloc(100);
  sealer.final(out, 0);
  t.is(t.throws(() => sealer.update(Buffer.of(1), out, 0), { instanceOf: CmkError }).code, 'INTERNAL');
  t.is(t.throws(() => sealer.final(out, 0), { instanceOf: CmkError }).code, 'INTERNAL');
});

test('more frames than the format can number are refused', (t) => {
  const sealer = sealerOf(1);
  t.is(sealer.updateBytes(2 ** 32 - 2), (2 ** 32 - 2) * 33);
  const error = t.throws(() => sealer.updateBytes(2 ** 32 - 1), { instanceOf: CmkError });
  t.is(error.code, 'INVALID_ARGUMENT');

  sealer.update(Buffer.of(1), Buffer.alloc(33), 0);
  t.throws(() => sealer.updateBytes(2 ** 32 - 2), { instanceOf: CmkError });
});

test('the opener needs the room that it announced', (t) => {
  const read = new HeaderReader().push(seal(samplePlaintext(25), { dataKey, frameBytes: 10, ...RECORDING }));
  if (!read) return t.fail();
  const opener = new Opener(read.header, dataKey);
  const room = opener.updateBytes(read.rest.length);
  t.true(room >= 25);
  const error = t.throws(() => opener.update(read.rest, Buffer.alloc(room), 1), { instanceOf: CmkError });
  t.is(error.code, 'INTERNAL');
});

test('the opener announces nothing for a piece that completes no frame', (t) => {
  const read = new HeaderReader().push(
    seal(samplePlaintext(150), { dataKey, frameBytes: 100, ...RECORDING }),
  );
  if (!read) return t.fail();
  const opener = new Opener(read.header, dataKey);
  const out = Buffer.alloc(100);
  opener.update(read.rest.subarray(0, 50), out, 0);
  t.is(opener.updateBytes(81), 0);
  t.is(opener.updateBytes(82), 100);
  t.is(opener.updateBytes(82 + 90), 150);
  t.is(opener.update(read.rest.subarray(50, 132), out, 0), 100);
});
