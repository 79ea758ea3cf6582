import { randomBytes } from 'node:crypto';
import test from 'ava';
import { HeaderReader } from '../../core/header.ts';
import { REGULAR_OVERHEAD_BYTES } from '../../core/message-format.ts';
import { findBrokerDataKey } from '../../core/reference.ts';
import { CmkError } from '../../core/errors.ts';
import { ScratchBuffer } from '../../sidecar/grpc/scratch-buffer.ts';
import { eventually } from '../support/eventually.ts';
import { asset, Dialogue, inPieces, SidecarFixture, start } from '../support/sidecar-fixture.ts';
import { withSidecar } from '../support/with-sidecar.ts';

const FRAME = 64 * 1024;
const SEALED_FRAME = FRAME + REGULAR_OVERHEAD_BYTES;
const LEASE_MS = 300_000;
const AGAIN = { asset, reason: 'REASON_STORAGE' } as const;
const plaintext = randomBytes(3 * FRAME + 100);

const fixture = await SidecarFixture.start();
const sealed = (await fixture.seal([plaintext])).data;
const old = fixture.broker.mark(asset);
test.after.always(() => fixture.close());

function headerOf(bytes: Uint8Array) {
  const read = new HeaderReader().push(bytes);
  if (!read) throw new Error('no whole header');
  return { bytes: read.header.headerBytes, dataKeyId: findBrokerDataKey(read.header).dataKeyId };
}
const HEADER = headerOf(sealed).bytes;

for (const pieceBytes of [997, FRAME, 1024 * 1024]) {
  test(`a file is sealed again under the newest data key, in pieces of ${pieceBytes}`, async (t) => {
    const outcome = await fixture.reencrypt(inPieces(sealed, pieceBytes));
    t.is(outcome.code, null, outcome.message);
    const { dataKeyId } = headerOf(outcome.data);
    t.not(dataKeyId, old);
    t.is(outcome.started?.dataKeyId, dataKeyId);
    t.is(outcome.data.indexOf(plaintext.subarray(0, 32)), -1);
    const opened = await fixture.open([outcome.data]);
    t.true(opened.data.equals(plaintext));
    // Once more changes nothing but the bytes.
    const twice = await fixture.reencrypt([outcome.data]);
    t.is(headerOf(twice.data).dataKeyId, dataKeyId);
    t.false(twice.data.equals(outcome.data));
    t.true((await fixture.open([twice.data])).data.equals(plaintext));
  });
}

test('an empty file, and one of whole frames', async (t) => {
  for (const content of [Buffer.alloc(0), plaintext.subarray(0, FRAME)]) {
    const outcome = await fixture.reencrypt([(await fixture.seal([content])).data]);
    t.is(outcome.code, null, outcome.message);
    t.true((await fixture.open([outcome.data])).data.equals(content));
  }
});

/** Every edge that the file has, and the bytes beside it. */
const EDGES = [0, HEADER / 2, HEADER, ...[1, 2, 3].map((frames) => HEADER + frames * SEALED_FRAME)].flatMap(
  (edge) => [edge - 1, edge, edge + 1].map(Math.floor).filter((at) => at >= 0),
);
const ENDS = [...new Set([...EDGES, HEADER + 3 * SEALED_FRAME + 50, sealed.length - 1])];

function flipped(at: number): Buffer {
  const copy = Buffer.from(sealed);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

const frame = (index: number) =>
  sealed.subarray(HEADER + index * SEALED_FRAME, HEADER + (index + 1) * SEALED_FRAME);
const [head, final] = [sealed.subarray(0, HEADER), frame(3)];

const TAMPERED: Record<string, Buffer[]> = {
  'cut short at every edge': ENDS.map((end) => sealed.subarray(0, end)),
  'a bit of the header flipped': [10, 40, HEADER - 20, HEADER - 1].map(flipped),
  'a bit of each frame flipped': [0, 1, 2, 3].flatMap((index) =>
    [0, 5, 20, 60].map((at) => flipped(HEADER + index * SEALED_FRAME + at)),
  ),
  'a bit of the last tag flipped': [flipped(sealed.length - 1)],
  'a frame missing, doubled, or in another place': [
    Buffer.concat([head, frame(1), frame(2), final]),
    Buffer.concat([head, frame(0), frame(0), frame(1), frame(2), final]),
    Buffer.concat([head, frame(1), frame(0), frame(2), final]),
    Buffer.concat([head, final]),
  ],
  'something after the end': [
    Buffer.concat([sealed, Buffer.from([0])]),
    Buffer.concat([sealed, sealed]),
    Buffer.concat([sealed, final]),
  ],
  'not a sealed file': [randomBytes(1000).fill(7, 0, 3), Buffer.from(plaintext)],
};

for (const [name, inputs] of Object.entries(TAMPERED)) {
  for (const pieceBytes of [997, 1024 * 1024]) {
    test(`what comes out can never be taken for complete: ${name}, in pieces of ${pieceBytes}`, async (t) => {
      for (const [index, input] of inputs.entries()) {
        const outcome = await fixture.reencrypt(inPieces(input, pieceBytes));
        const which = `${index}: ${outcome.message}`;
        t.true(['TRUNCATED', 'MALFORMED', 'AUTHENTICATION_FAILED'].includes(outcome.code ?? ''), which);
        const opened = await fixture.open([outcome.data]);
        t.is(opened.code, 'TRUNCATED', which);
        // What is in it is authentic.
        t.true(opened.data.equals(plaintext.subarray(0, opened.data.length)), which);
      }
    });
  }
}

test('the file of another asset is refused, and the broker hears of it', async (t) => {
  const asked = fixture.broker.count('ResolveDataKey');
  const outcome = await fixture.reencrypt([sealed], { ...AGAIN, asset: { ...asset, id: 'meeting-2' } });
  t.is(outcome.code, 'NOT_AUTHORIZED');
  t.is(outcome.data.length, 0);
  t.true(fixture.broker.count('ResolveDataKey') > asked);
});

withSidecar('the cache does not give the data key again that is to go', {}, async (t, own) => {
  const { data } = await own.seal([plaintext]);
  t.is((await own.reencrypt([data])).started?.dataKeyId, headerOf(data).dataKeyId, 'none is newer yet');
  own.broker.mark(asset);
  const outcome = await own.reencrypt([data]);
  t.is(outcome.code, null, outcome.message);
  t.not(outcome.started?.dataKeyId, headerOf(data).dataKeyId);
});

withSidecar('a running seal asks for its data key again as one that seals', {}, async (t, own) => {
  const dialogue = new Dialogue(own, 'encrypt');
  await dialogue.exchange(plaintext.subarray(0, FRAME), FRAME);
  const id = own.broker.mark(asset);
  // A reader's grant is in the cache, and must not do.
  const first = await own.seal([plaintext]);
  await own.open([first.data]);
  own.clock.advance(LEASE_MS);
  await own.open([first.data]);
  t.deepEqual(own.broker.sealing, []);
  await dialogue.exchange(plaintext.subarray(0, FRAME), FRAME);
  t.is((await dialogue.end()).code, null);
  t.deepEqual(own.broker.sealing, [id]);
});

withSidecar('both leases are renewed while a file is sealed again', {}, async (t, own) => {
  const { data } = await own.seal([plaintext]);
  own.broker.mark(asset);
  const dialogue = new Dialogue(own, 'reencrypt', AGAIN);
  await dialogue.exchange(data.subarray(0, HEADER + SEALED_FRAME), FRAME);
  own.clock.advance(LEASE_MS);
  await dialogue.exchange(data.subarray(HEADER + SEALED_FRAME, HEADER + 2 * SEALED_FRAME), FRAME);
  t.is(await own.metric('cmk_lease_renewals_total{outcome="renewed"}'), 2);
  own.clock.advance(LEASE_MS);
  own.broker.refuse(new CmkError('KEY_DISABLED', 'the customer disabled the key'));
  dialogue.send(data.subarray(HEADER + 2 * SEALED_FRAME));
  const outcome = await dialogue.outcome;
  t.is(outcome.code, 'KEY_DISABLED');
  own.broker.restore();
  t.is((await own.open([outcome.data])).code, 'TRUNCATED');
});

withSidecar('a revocation stops a file that is being sealed again', {}, async (t, own) => {
  const { data } = await own.seal([plaintext]);
  own.broker.mark(asset);
  const dialogue = new Dialogue(own, 'reencrypt', AGAIN);
  await dialogue.exchange(data.subarray(0, HEADER + SEALED_FRAME), FRAME);
  own.broker.revoke();
  await eventually(async () => (await own.metric('cmk_revocations_total')) === 1);
  dialogue.send(data.subarray(HEADER + SEALED_FRAME));
  t.is((await dialogue.end()).code, 'KEY_DISABLED');
});

withSidecar('a reader that stalls stops the input', {}, async (t, own) => {
  const large = randomBytes(8 * 1024 * 1024);
  const { data } = await own.seal(inPieces(large, 256 * 1024));
  const dialogue = new Dialogue(own, 'reencrypt', AGAIN);
  dialogue.stall();
  for (const piece of inPieces(data, 256 * 1024)) dialogue.send(piece);
  const ended = dialogue.end();
  const bytes = () => own.metric('cmk_stream_bytes_total{operation="reencrypt"}');
  await eventually(async () => (await bytes()) > 0);
  const moved = await bytes();
  t.true(moved < large.length / 2, `${moved} bytes`);
  dialogue.resume();
  const outcome = await ended;
  t.is(outcome.code, null, outcome.message);
  t.is(await bytes(), large.length);
  t.true((await own.open(inPieces(outcome.data, 256 * 1024))).data.equals(large));
});

withSidecar('a data key that was destroyed is not lent from the cache either', {}, async (t, own) => {
  const { data } = await own.seal([plaintext]);
  const dataKeyId = own.broker.mark(asset);
  t.is((await own.open([data])).code, null);
  await new Promise<void>((resolve, reject) => {
    own.client.completeReencryption({ asset, dataKeyId }, (error) => (error ? reject(error) : resolve()));
  });
  t.is((await own.open([data])).code, 'DATA_KEY_DESTROYED');
  t.is((await own.reencrypt([data])).code, 'DATA_KEY_DESTROYED');
});

withSidecar('sealing again is measured', {}, async (t, own) => {
  const { data } = await own.seal([plaintext]);
  await own.reencrypt([data]);
  await own.reencrypt([data.subarray(0, -1)]);
  const labels = 'operation="reencrypt",source="load"';
  t.is(await own.metric(`cmk_stream_start_duration_seconds_count{${labels}}`), 2);
  t.is(await own.metric('cmk_stream_bytes_total{operation="reencrypt"}'), plaintext.length + 3 * FRAME);
  t.is(await own.metric('cmk_authentication_failures_total{reason="TRUNCATED"}'), 1);
  t.is(await own.metric('cmk_rpc_duration_seconds_count{method="Reencrypt",code="OK"}'), 1);
});

const REFUSED: Record<string, [first: object, field: RegExp]> = {
  'no asset': [{ reason: 'REASON_STORAGE' }, /^asset/],
  'no reason': [{ asset }, /^reason: /],
};
for (const [name, [first, message]] of Object.entries(REFUSED)) {
  test(`refused: ${name}`, async (t) => {
    const outcome = await fixture.reencrypt([sealed], first);
    t.is(outcome.code, 'INVALID_ARGUMENT');
    t.regex(outcome.message, message);
  });
}

test('refused: a first message that is data, and one that is no start', async (t) => {
  t.is((await fixture.run('reencrypt', [{ data: sealed }])).code, 'INVALID_ARGUMENT');
  t.is((await fixture.run('reencrypt', [{ start }, { start }])).code, 'INVALID_ARGUMENT');
});

test('plaintext does not stay in the buffer between the two, also when its user fails', (t) => {
  const scratch = new ScratchBuffer();
  let kept: Buffer = Buffer.alloc(0);
  scratch.lend(32, (room) => (kept = room.fill(7)));
  t.true(kept.equals(Buffer.alloc(32)));
  t.throws(() =>
    scratch.lend(16, (room) => {
      kept = room.fill(7);
      throw new Error('damaged');
    }),
  );
  t.true(kept.equals(Buffer.alloc(16)));
});
