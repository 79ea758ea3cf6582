import test from 'ava';
import { canaryKey, patternsOf } from './canaries.ts';

const key = canaryKey();
const around = (text: (bytes: Buffer) => string, before: number) =>
  text(Buffer.concat([Buffer.alloc(before, 0x55), key, Buffer.alloc(7, 0xaa)]));

const leaks: Record<string, Buffer> = {
  raw: Buffer.concat([Buffer.from('x'), key, Buffer.from('y')]),
  hex: Buffer.from(around((bytes) => bytes.toString('hex'), 3)),
  'upper-case hex': Buffer.from(around((bytes) => bytes.toString('hex').toUpperCase(), 3)),
};
for (const before of [0, 1, 2, 3, 4, 5]) {
  leaks[`base64 after ${before} bytes`] = Buffer.from(around((bytes) => bytes.toString('base64'), before));
  leaks[`base64url after ${before} bytes`] = Buffer.from(around((bytes) => bytes.toString('base64url'), before));
}

for (const [name, content] of Object.entries(leaks)) {
  test(`the scan finds a key leaked as ${name}`, (t) => {
    const marker = key.subarray(0, 12);
    t.true(patternsOf(marker).some(({ pattern }) => content.includes(pattern)));
    t.false(patternsOf(canaryKey().subarray(12, 20)).some(({ pattern }) => content.includes(pattern)));
  });
}
