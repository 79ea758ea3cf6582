import { randomBytes } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import { loadSidecar, sidecarPackage } from '../../proto/load.ts';
import { DATA_HEADROOM, encodeInPlace, withStreamCodec } from '../../proto/stream-codec.ts';

const general = loadSidecar().Sidecar.service.Encrypt;
const fast = loadSidecar(withStreamCodec(sidecarPackage())).Sidecar.service.Encrypt;

const start = {
  asset: { account: 'acme', srvId: '0001', type: 'Recording', id: 'm-1' },
  owner: 'user-1',
  reason: 'REASON_STORAGE' as const,
};

for (const length of [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152]) {
  test(`data of ${length} bytes: written as protobufjs writes it, read as it reads it`, (t) => {
    const data = randomBytes(length);
    const wire = fast.requestSerialize({ data });
    t.true(wire.equals(general.requestSerialize({ data })));
    t.deepEqual(fast.requestDeserialize(wire), general.requestDeserialize(wire));
  });

  test(`data of ${length} bytes: completed in place`, (t) => {
    const data = randomBytes(length);
    const buffer = Buffer.concat([Buffer.alloc(DATA_HEADROOM), data, Buffer.alloc(3)]);
    const message = encodeInPlace(buffer, DATA_HEADROOM, DATA_HEADROOM + length);
    const wire = fast.responseSerialize(message as object);
    t.true(wire.equals(general.responseSerialize({ data })));
    t.is(wire.buffer, buffer.buffer);
    t.true(message.taken);
  });
}

const left: [name: string, message: object][] = [
  ['start', { start }],
  ['nothing', {}],
  ['data beside an unset start', { data: Buffer.from('x'), start: null }],
  ['data as base64, as protobufjs allows', { data: 'eA==' }],
];
for (const [name, message] of left) {
  test(`written as protobufjs writes it: ${name}`, (t) => {
    t.true(fast.requestSerialize(message).equals(general.requestSerialize(message)));
  });
}

const data = [0x12, 0x03, 1, 2, 3];
const startWire = [...general.requestSerialize({ start })];
const encodings: [name: string, wire: number[]][] = [
  ['start', startWire],
  ['an empty message', []],
  ['data and an unknown varint after it', [...data, 0x18, 0x05]],
  ['an unknown field before data', [0x1a, 0x01, 0x09, ...data]],
  ['an unknown 64-bit field after data', [...data, 0x21, 1, 2, 3, 4, 5, 6, 7, 8]],
  ['data twice', [...data, 0x12, 0x01, 9]],
  ['a length in more bytes than it needs', [0x12, 0x83, 0x00, 1, 2, 3]],
  ['a length in five bytes', [0x12, 0x83, 0x80, 0x80, 0x80, 0x00, 1, 2, 3]],
  ['a tag in two bytes', [0x92, 0x00, 0x03, 1, 2, 3]],
  ['start, then data', [...startWire, ...data]],
  ['data, then start', [...data, ...startWire]],
];
for (const [name, wire] of encodings) {
  test(`read as protobufjs reads it: ${name}`, (t) => {
    const bytes = Buffer.from(wire);
    t.deepEqual(fast.requestDeserialize(bytes), general.requestDeserialize(bytes));
  });
}

const broken: [name: string, wire: number[]][] = [
  ['data that is cut short', [0x12, 0x04, 1, 2, 3]],
  ['a length that is cut short', [0x12, 0x83]],
  ['a tag alone', [0x12]],
];
for (const [name, wire] of broken) {
  test(`refused: ${name}`, (t) => {
    t.throws(() => fast.requestDeserialize(Buffer.from(wire)));
  });
}

test('whatever the bytes, the outcome is that of protobufjs', (t) => {
  const outcome = (read: (wire: Buffer) => unknown, wire: Buffer) => {
    try {
      return read(wire);
    } catch {
      return 'refused';
    }
  };
  const wires = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc
      .tuple(fc.uint8Array({ maxLength: 5 }), fc.uint8Array({ maxLength: 20 }))
      .map(([a, b]) => Buffer.from([0x12, ...a, ...b])),
  );
  fc.assert(
    fc.property(wires, (bytes) => {
      const wire = Buffer.from(bytes);
      t.deepEqual(outcome(fast.requestDeserialize, wire), outcome(general.requestDeserialize, wire));
    }),
    { numRuns: 10_000 },
  );
});
