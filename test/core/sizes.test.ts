import test from 'ava';
import { CmkError } from '../../core/errors.ts';
import { frameCount, overheadBytes, plaintextBytes, sealedBytes } from '../../core/sizes.ts';

const F = 65_536;
const H = 300;

const ROWS: Record<string, { plaintext: number; frames: number; sealed: number }> = {
  empty: { plaintext: 0, frames: 1, sealed: H + 40 },
  'one byte': { plaintext: 1, frames: 1, sealed: H + 41 },
  'one byte below a frame': { plaintext: F - 1, frames: 1, sealed: H + F + 39 },
  'a frame': { plaintext: F, frames: 2, sealed: H + F + 32 + 40 },
  'one byte above a frame': { plaintext: F + 1, frames: 2, sealed: H + F + 32 + 41 },
  'ten frames': { plaintext: 10 * F, frames: 11, sealed: H + 10 * (F + 32) + 40 },
  'a terabyte': { plaintext: 1e12, frames: 15_258_790, sealed: 1e12 + H + 15_258_789 * 32 + 40 },
};

for (const [name, { plaintext, frames, sealed }] of Object.entries(ROWS)) {
  test(`sizes: ${name}`, (t) => {
    t.is(frameCount({ plaintextBytes: plaintext }), frames);
    t.is(sealedBytes({ plaintextBytes: plaintext, headerBytes: H }), sealed);
    t.is(overheadBytes({ plaintextBytes: plaintext, headerBytes: H }), sealed - plaintext);
    t.is(plaintextBytes({ sealedBytes: sealed, headerBytes: H }), plaintext);
  });
}

test('sizes: a full final frame counts as well as an empty one', (t) => {
  t.is(plaintextBytes({ sealedBytes: H + 10 + 40, headerBytes: H, frameBytes: 10 }), 10);
  t.is(plaintextBytes({ sealedBytes: H + 42 + 40, headerBytes: H, frameBytes: 10 }), 10);
});

test('sizes: no sealed file is as long as this', (t) => {
  for (const sealed of [0, H, H + 39, H + F + 41, H + F + 71]) {
    const error = t.throws(() => plaintextBytes({ sealedBytes: sealed, headerBytes: H }), {
      instanceOf: CmkError,
    });
    t.is(error.code, 'TRUNCATED');
  }
});

test('sizes: the last frame number is 4,294,967,295', (t) => {
  t.is(frameCount({ plaintextBytes: 2 ** 32 - 2, frameBytes: 1 }), 2 ** 32 - 1);
  const error = t.throws(() => frameCount({ plaintextBytes: 2 ** 32 - 1, frameBytes: 1 }), {
    instanceOf: CmkError,
  });
  t.is(error.code, 'INVALID_ARGUMENT');
});
