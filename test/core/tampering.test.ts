import test from 'ava';
import type { ExecutionContext } from 'ava';
import { DataKey } from '../../core/data-key.ts';
import type { ErrorCode } from '../../core/errors.ts';
import { HeaderReader } from '../../core/header.ts';
import { Inspector } from '../../core/inspect.ts';
import { Opener } from '../../core/opener.ts';
import { u32 } from '../support/forged-header.ts';
import { attemptToOpen, cutAt, piecesOf, RECORDING, samplePlaintext, seal } from '../support/sealed-files.ts';

const FRAME_BYTES = 48;
const SEALED_FRAME_BYTES = FRAME_BYTES + 32;
const WHOLE_FRAMES = 4;
/** Four whole frames and a final one of 20 bytes. */
const PLAINTEXT = samplePlaintext(WHOLE_FRAMES * FRAME_BYTES + 20);

const dataKey = DataKey.generate();
const SEALED = seal(PLAINTEXT, { dataKey, frameBytes: FRAME_BYTES, ...RECORDING });
const HEADER_BYTES = new HeaderReader().push(SEALED)?.header.headerBytes ?? 0;
const HEADER = SEALED.subarray(0, HEADER_BYTES);
const FRAMES = piecesOf(SEALED.subarray(HEADER_BYTES), SEALED_FRAME_BYTES);

const REFUSALS: readonly ErrorCode[] = ['MALFORMED', 'TRUNCATED', 'AUTHENTICATION_FAILED'];

/** Frame `number` as it was sealed; the first is 1, the final one 5. */
function frame(number: number): Uint8Array {
  const found = FRAMES[number - 1];
  if (!found) throw new Error(`no frame ${number}`);
  return found;
}

/**
 * Opens a changed file in pieces of several sizes. It must be refused, with exactly so many whole frames released
 * before, and nothing else must ever lie in an output buffer.
 */
function assertRefused(
  t: ExecutionContext,
  changed: Uint8Array,
  releasedFrames: number,
  codes: ErrorCode | readonly ErrorCode[] = REFUSALS,
  key = dataKey,
): void {
  const expected = PLAINTEXT.subarray(0, releasedFrames * FRAME_BYTES);
  for (const pieceBytes of [1, 33, changed.length + 1]) {
    const { released, exposed, error } = attemptToOpen(piecesOf(changed, pieceBytes), key);
    if (!error || !codes.includes(error.code)) {
      t.fail(`expected ${codes.toString()}, got ${error?.code ?? 'no error'}`);
    }
    if (!exposed.equals(expected)) t.fail(`exposed ${exposed.length} bytes, expected ${expected.length}`);
    // The good frames of the very piece that is refused are not released: only bytewise pieces release them all.
    const isPrefix = released.equals(expected.subarray(0, released.length));
    const isWholeFrames = released.length % FRAME_BYTES === 0 || released.length === PLAINTEXT.length;
    if (!isPrefix || !isWholeFrames) t.fail(`released ${released.length} bytes that are not whole frames`);
    if (pieceBytes === 1 && released.length !== expected.length) t.fail(`released ${released.length} bytes`);
  }
  t.pass();
}

/** The keyless walk must refuse what is wrong with the structure. */
function assertInspectionRefused(t: ExecutionContext, changed: Uint8Array, code: ErrorCode): void {
  for (const pieces of [[changed], piecesOf(changed, 1)]) {
    const inspector = new Inspector();
    const error = t.throws(() => {
      for (const piece of pieces) inspector.update(piece);
      inspector.end();
    });
    t.like(error, { code });
    t.is(
      t.throws(() => inspector.end()),
      error,
      'a failed inspector repeats its error',
    );
  }
}

function withFlippedBit(bytes: Uint8Array, bit: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
}

test('the unchanged file opens', (t) => {
  for (const pieces of [[SEALED], piecesOf(SEALED, 1), piecesOf(SEALED, 33)]) {
    const { released, exposed, error } = attemptToOpen(pieces, dataKey);
    t.is(error, null);
    t.true(released.equals(PLAINTEXT));
    t.true(exposed.equals(PLAINTEXT));
  }
});

test('every flipped bit of the header and its tag', (t) => {
  for (let bit = 0; bit < HEADER_BYTES * 8; bit++) {
    const { exposed, error } = attemptToOpen([withFlippedBit(SEALED, bit)], dataKey);
    if (!error || !REFUSALS.includes(error.code)) t.fail(`bit ${bit}: ${error?.code ?? 'no error'}`);
    if (exposed.length > 0) t.fail(`bit ${bit}: ${exposed.length} bytes exposed`);
  }
  t.pass();
});

test('flipped bits of the body: every bit of heads and tags, each ninth of the ciphertext', (t) => {
  let flips = 0;
  for (let bit = HEADER_BYTES * 8; bit < SEALED.length * 8; bit++) {
    const inBody = (bit >> 3) - HEADER_BYTES;
    const inFrame = inBody % SEALED_FRAME_BYTES;
    const frameIndex = Math.floor(inBody / SEALED_FRAME_BYTES);
    const isCiphertext =
      frameIndex === WHOLE_FRAMES
        ? inFrame >= 24 && inFrame < 44
        : inFrame >= 16 && inFrame < 16 + FRAME_BYTES;
    if (isCiphertext && bit % 9 !== 0) continue;
    flips += 1;
    assertRefused(t, withFlippedBit(SEALED, bit), frameIndex);
  }
  t.true(flips > 1000, `${flips} flips`);
});

test('cut short at every length', (t) => {
  for (let length = 0; length < SEALED.length; length++) {
    const wholeFrames = Math.floor(Math.max(0, length - HEADER_BYTES) / SEALED_FRAME_BYTES);
    assertRefused(t, SEALED.subarray(0, length), wholeFrames, 'TRUNCATED');
  }
});

test('cut short, keyless', (t) => {
  for (let length = 0; length < SEALED.length; length += 7) {
    assertInspectionRefused(t, SEALED.subarray(0, length), 'TRUNCATED');
  }
});

const other = seal(PLAINTEXT, { dataKey, frameBytes: FRAME_BYTES, ...RECORDING });
const otherAsset = seal(PLAINTEXT, {
  dataKey: DataKey.generate(),
  frameBytes: FRAME_BYTES,
  ...RECORDING,
  context: { ...RECORDING.context, id: '93201848' },
});
const otherAccount = seal(PLAINTEXT, {
  dataKey: DataKey.generate(),
  frameBytes: FRAME_BYTES,
  ...RECORDING,
  context: { ...RECORDING.context, acct: 'acne' },
});
const longer = seal(samplePlaintext(PLAINTEXT.length + FRAME_BYTES), {
  dataKey,
  frameBytes: FRAME_BYTES,
  ...RECORDING,
});

/** The body's frame `number` of a file with our layout. */
function frameOf(sealed: Buffer, number: number): Buffer {
  const start = HEADER_BYTES + (number - 1) * SEALED_FRAME_BYTES;
  return sealed.subarray(start, start + SEALED_FRAME_BYTES);
}

/** A final frame's bytes with another length field. */
function withLength(final: Uint8Array, length: number): Buffer {
  const changed = Buffer.from(final);
  changed.writeUInt32BE(length, 20);
  return changed;
}

/** Turns regular frame `number` into a final frame's bytes. */
function asFinal(number: number): Buffer {
  const regular = frame(number);
  return Buffer.concat([u32(0xffffffff), regular.subarray(0, 16), u32(FRAME_BYTES), regular.subarray(16)]);
}

/** A frame under another number, its IV included. */
function renumbered(bytes: Uint8Array, number: number): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeUInt32BE(number, 0);
  changed.writeUInt32BE(number, 12);
  return changed;
}

const all = [1, 2, 3, 4, 5].map(frame);
const STRUCTURE: Record<string, [changed: Uint8Array[], releasedFrames: number, code: ErrorCode]> = {
  'empty input': [[], 0, 'TRUNCATED'],
  'header alone': [[HEADER], 0, 'TRUNCATED'],
  'body alone': [all, 0, 'MALFORMED'],
  'first frame dropped': [[HEADER, ...all.slice(1)], 0, 'MALFORMED'],
  'middle frame dropped': [[HEADER, frame(1), frame(3), frame(4), frame(5)], 1, 'MALFORMED'],
  'last regular frame dropped': [[HEADER, ...all.slice(0, 3), frame(5)], 3, 'MALFORMED'],
  'final frame dropped': [[HEADER, ...all.slice(0, 4)], 4, 'TRUNCATED'],
  'all but the final frame dropped': [[HEADER, frame(5)], 0, 'MALFORMED'],
  'frame doubled': [[HEADER, frame(1), frame(1), ...all.slice(1)], 1, 'MALFORMED'],
  'frames swapped': [[HEADER, frame(1), frame(3), frame(2), frame(4), frame(5)], 1, 'MALFORMED'],
  'one byte after the end': [[SEALED, Buffer.of(0)], 5, 'MALFORMED'],
  'final frame doubled': [[SEALED, frame(5)], 5, 'MALFORMED'],
  'regular frame after the final one': [[SEALED, renumbered(frame(4), 6)], 5, 'MALFORMED'],
  'whole file twice': [[SEALED, SEALED], 5, 'MALFORMED'],
  'bytes before the header': [[Buffer.of(2), SEALED], 0, 'MALFORMED'],
  'byte inserted between frames': [[HEADER, frame(1), Buffer.of(0), ...all.slice(1)], 1, 'MALFORMED'],
  'byte removed between frames': [[HEADER, frame(1), frame(2).subarray(1), ...all.slice(2)], 1, 'MALFORMED'],
  'final length above the frame length': [
    [HEADER, ...all.slice(0, 4), withLength(frame(5), 49)],
    4,
    'MALFORMED',
  ],
  'largest final length': [[HEADER, ...all.slice(0, 4), withLength(frame(5), 0xffffffff)], 4, 'MALFORMED'],
  'final length too small': [
    [HEADER, ...all.slice(0, 4), withLength(frame(5), 19)],
    4,
    'AUTHENTICATION_FAILED',
  ],
  'final length too large': [[HEADER, ...all.slice(0, 4), withLength(frame(5), 21)], 4, 'TRUNCATED'],
  'sequence number 0': [[HEADER, renumbered(frame(1), 0)], 0, 'MALFORMED'],
  'sequence number turned into the final marker': [
    [HEADER, renumbered(frame(1), 0xffffffff)],
    0,
    'MALFORMED',
  ],
};
const CRYPTOGRAPHIC: Record<string, [changed: Uint8Array[], releasedFrames: number]> = {
  'frame renumbered': [[HEADER, frame(1), renumbered(frame(3), 2), ...all.slice(2)], 1],
  'regular frame passed off as final': [[HEADER, frame(1), asFinal(2)], 1],
  'frame of another file under the same data key': [
    [HEADER, frame(1), frameOf(other, 2), ...all.slice(2)],
    1,
  ],
  'final frame of another file under the same data key': [[HEADER, ...all.slice(0, 4), frameOf(other, 5)], 4],
  'longer file’s last frames appended': [
    [HEADER, ...all.slice(0, 4), frameOf(longer, 5), frameOf(longer, 6)],
    4,
  ],
  'body of another file under the same data key': [[HEADER, other.subarray(HEADER_BYTES)], 0],
  'header of another file under the same data key': [[other.subarray(0, HEADER_BYTES), ...all], 0],
  'frame of another asset': [[HEADER, frame(1), frameOf(otherAsset, 2), ...all.slice(2)], 1],
  'body of another asset': [[HEADER, otherAsset.subarray(HEADER_BYTES)], 0],
  'header of another asset': [[otherAsset.subarray(0, HEADER_BYTES), ...all], 0],
  'frame of another account': [[HEADER, frame(1), frameOf(otherAccount, 2), ...all.slice(2)], 1],
  'header of another account': [[otherAccount.subarray(0, HEADER_BYTES), ...all], 0],
  'another asset’s whole file': [[otherAsset], 0],
  'another account’s whole file': [[otherAccount], 0],
};

for (const [name, [changed, releasedFrames, code]] of Object.entries(STRUCTURE)) {
  test(`structure: ${name}`, (t) => assertRefused(t, Buffer.concat(changed), releasedFrames, code));
  if (code !== 'AUTHENTICATION_FAILED') {
    test(`structure, keyless: ${name}`, (t) => assertInspectionRefused(t, Buffer.concat(changed), code));
  }
}

for (const [name, [changed, releasedFrames]] of Object.entries(CRYPTOGRAPHIC)) {
  test(`substitution: ${name}`, (t) => {
    assertRefused(t, Buffer.concat(changed), releasedFrames, 'AUTHENTICATION_FAILED');
  });
}

test('the right context in the header of another asset does not help', (t) => {
  const at = otherAsset.indexOf('93201848');
  const disguised = Buffer.from(otherAsset);
  disguised.write('93201847', at);
  assertRefused(t, disguised, 0, 'AUTHENTICATION_FAILED');
});

test('another data key', (t) => {
  assertRefused(t, SEALED, 0, 'AUTHENTICATION_FAILED', DataKey.generate());
});

test('a failed opener releases nothing more, and repeats its error', (t) => {
  const read = new HeaderReader().push(SEALED);
  if (!read) return t.fail();
  const opener = new Opener(read.header, dataKey);
  const out = Buffer.alloc(SEALED.length);
  const error = t.throws(() => opener.update(withFlippedBit(frame(1), 300), out, 0), {
    message: 'the sealed file was changed, or this is not its key',
  });
  t.is(
    t.throws(() => opener.update(frame(1), out, 0)),
    error,
  );
  t.is(
    t.throws(() => opener.final()),
    error,
  );
  t.true(out.equals(Buffer.alloc(SEALED.length)));
});

test('all refusals of one code read alike', (t) => {
  const messages = new Set(
    [...Object.values(STRUCTURE), ...Object.values(CRYPTOGRAPHIC)].map(([changed]) => {
      const { error } = attemptToOpen(cutAt(Buffer.concat(changed), [50]), dataKey);
      return `${error?.code ?? ''}: ${error?.message ?? ''}`;
    }),
  );
  t.is(messages.size, REFUSALS.length);
});
