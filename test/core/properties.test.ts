import test from 'ava';
import fc from 'fast-check';
import { DataKey } from '../../core/data-key.ts';
import { HeaderReader } from '../../core/header.ts';
import { Inspector } from '../../core/inspect.ts';
import { Opener } from '../../core/opener.ts';
import { frameCount, plaintextBytes, sealedBytes } from '../../core/sizes.ts';
import { MESSAGE_ID } from '../support/forged-header.ts';
import { attemptToOpen, cutAt, RECORDING, samplePlaintext, seal } from '../support/sealed-files.ts';

const dataKey = DataKey.generate();

/** A short plaintext in short frames, so that most cuts fall near an edge. */
const file = fc.record({
  frameBytes: fc.integer({ min: 1, max: 40 }),
  plaintext: fc.integer({ min: 0, max: 200 }).map(samplePlaintext),
});
const cuts = fc.array(fc.nat({ max: 2000 }), { maxLength: 12 });

function sealed({ frameBytes, plaintext }: { frameBytes: number; plaintext: Buffer }): Buffer {
  return seal(plaintext, { dataKey, frameBytes, messageId: MESSAGE_ID, ...RECORDING });
}

test('sealing: however the plaintext is cut, the sealed file is the same', (t) => {
  fc.assert(
    fc.property(file, cuts, ({ frameBytes, plaintext }, at) => {
      const options = { dataKey, frameBytes, messageId: MESSAGE_ID, ...RECORDING };
      return seal(cutAt(plaintext, at), options).equals(sealed({ frameBytes, plaintext }));
    }),
    { numRuns: 3000 },
  );
  t.pass();
});

test('opening: however the sealed file is cut, the plaintext is the same', (t) => {
  fc.assert(
    fc.property(file, cuts, (given, at) => {
      const { released, error } = attemptToOpen(cutAt(sealed(given), at), dataKey);
      return error === null && released.equals(given.plaintext);
    }),
    { numRuns: 3000 },
  );
  t.pass();
});

test('opening: whatever is cut out or put in, only a prefix in whole frames is released', (t) => {
  const change = fc.record({
    at: fc.nat(2000),
    removed: fc.nat(60),
    inserted: fc.uint8Array({ maxLength: 60 }),
  });
  fc.assert(
    fc.property(file, change, cuts, (given, { at, removed, inserted }, cutsAt) => {
      const original = sealed(given);
      const start = at % (original.length + 1);
      const changed = Buffer.concat([
        original.subarray(0, start),
        inserted,
        original.subarray(start + removed),
      ]);
      fc.pre(!changed.equals(original));
      const { released, exposed, error } = attemptToOpen(cutAt(changed, cutsAt), dataKey);
      const isPrefix = [released, exposed].every((bytes) =>
        bytes.equals(given.plaintext.subarray(0, bytes.length)),
      );
      const isWhole = [released, exposed].every(
        (bytes) => bytes.length % given.frameBytes === 0 || bytes.length === given.plaintext.length,
      );
      return error !== null && isPrefix && isWhole;
    }),
    { numRuns: 3000 },
  );
  t.pass();
});

test('inspecting: however the sealed file is cut, the findings are the same, and those of the opener', (t) => {
  fc.assert(
    fc.property(file, cuts, (given, at) => {
      const bytes = sealed(given);
      const inspector = new Inspector();
      for (const piece of cutAt(bytes, at)) inspector.update(piece);
      const found = inspector.end();
      return (
        found.plaintextBytes === given.plaintext.length &&
        found.sealedBytes === bytes.length &&
        found.frames ===
          frameCount({ plaintextBytes: given.plaintext.length, frameBytes: given.frameBytes }) &&
        found.header.messageId instanceof Uint8Array &&
        Buffer.from(found.header.messageId).equals(MESSAGE_ID)
      );
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

test('opening: an update never writes more than it announced, nor announces more than a frame too much', (t) => {
  fc.assert(
    fc.property(file, cuts, (given, at) => {
      const read = new HeaderReader().push(sealed(given));
      if (!read) return false;
      const opener = new Opener(read.header, dataKey);
      const out = Buffer.alloc(1000);
      let total = 0;
      for (const piece of cutAt(read.rest, at)) {
        const announced = opener.updateBytes(piece.length);
        const written = opener.update(piece, out, total);
        if (written > announced || announced > written + 2 * given.frameBytes) return false;
        total += written;
      }
      opener.final();
      return out.subarray(0, total).equals(given.plaintext);
    }),
    { numRuns: 1000 },
  );
  t.pass();
});

test('sizes: both directions agree with what is written', (t) => {
  fc.assert(
    fc.property(file, ({ frameBytes, plaintext }) => {
      const bytes = sealed({ frameBytes, plaintext });
      const headerBytes = new HeaderReader().push(bytes)?.header.headerBytes ?? 0;
      return (
        sealedBytes({ plaintextBytes: plaintext.length, headerBytes, frameBytes }) === bytes.length &&
        plaintextBytes({ sealedBytes: bytes.length, headerBytes, frameBytes }) === plaintext.length
      );
    }),
    { numRuns: 1000 },
  );
  t.pass();
});

test('contexts: whatever text there is, it is read as it was written', (t) => {
  const key = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 20 })
    .filter((text) => !text.startsWith('aws-crypto-'));
  const context = fc.dictionary(key, fc.string({ unit: 'binary', maxLength: 30 }), {
    maxKeys: 12,
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(context, cuts, (given, at) => {
      const bytes = seal([], { dataKey, ...RECORDING, context: given });
      const inspector = new Inspector();
      for (const piece of cutAt(bytes, at)) inspector.update(piece);
      const found = Object.entries(inspector.end().header.context).sort();
      return JSON.stringify(found) === JSON.stringify(Object.entries(given).sort());
    }),
    { numRuns: 1000 },
  );
  t.pass();
});
