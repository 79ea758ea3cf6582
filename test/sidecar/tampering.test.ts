import { randomBytes } from 'node:crypto';
import test from 'ava';
import { REGULAR_OVERHEAD_BYTES } from '../../core/message-format.ts';
import { HeaderReader } from '../../core/header.ts';
import { asset, inPieces, SidecarFixture, start } from '../support/sidecar-fixture.ts';

const fixture = await SidecarFixture.start();
const FRAME = 64 * 1024;
const SEALED_FRAME = FRAME + REGULAR_OVERHEAD_BYTES;
const plaintext = randomBytes(3 * FRAME + 100);
const sealed = (await fixture.seal([plaintext])).data;
test.after.always(() => fixture.close());

const header = new HeaderReader().push(sealed)?.header.headerBytes ?? 0;
const frame = (index: number) =>
  sealed.subarray(header + index * SEALED_FRAME, header + (index + 1) * SEALED_FRAME);
const [head, final] = [sealed.subarray(0, header), frame(3)];

function flipped(at: number): Buffer {
  const copy = Buffer.from(sealed);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

/** `released`: how many whole frames may come out before the refusal. */
const tampered: [name: string, bytes: Buffer, code: string, released: number][] = [
  ['nothing at all', Buffer.alloc(0), 'TRUNCATED', 0],
  ['not a sealed file', randomBytes(1000).fill(7, 0, 3), 'MALFORMED', 0],
  ['half a header', sealed.subarray(0, header / 2), 'TRUNCATED', 0],
  ['the header alone', head, 'TRUNCATED', 0],
  ['a flipped bit in the message id', flipped(10), 'AUTHENTICATION_FAILED', 0],
  ['a flipped bit in the commitment', flipped(header - 20), 'AUTHENTICATION_FAILED', 0],
  ['a flipped bit in the header tag', flipped(header - 1), 'AUTHENTICATION_FAILED', 0],
  ['a flipped bit in the first frame', flipped(header + 1000), 'AUTHENTICATION_FAILED', 0],
  ['a flipped bit in the second frame', flipped(header + SEALED_FRAME + 1000), 'AUTHENTICATION_FAILED', 1],
  ['a flipped bit in the last tag', flipped(sealed.length - 1), 'AUTHENTICATION_FAILED', 3],
  ['the last byte missing', sealed.subarray(0, -1), 'TRUNCATED', 3],
  ['the final frame missing', sealed.subarray(0, -final.length), 'TRUNCATED', 3],
  ['a frame missing', Buffer.concat([head, frame(1), frame(2), final]), 'MALFORMED', 0],
  ['a frame doubled', Buffer.concat([head, frame(0), frame(0), frame(1), frame(2), final]), 'MALFORMED', 1],
  ['frames swapped', Buffer.concat([head, frame(1), frame(0), frame(2), final]), 'MALFORMED', 0],
  ['a byte after the end', Buffer.concat([sealed, Buffer.from([0])]), 'MALFORMED', 4],
  ['a second file after the end', Buffer.concat([sealed, sealed]), 'MALFORMED', 4],
];

for (const [name, bytes, code, released] of tampered) {
  for (const pieceBytes of [997, 1024 * 1024]) {
    test(`refused, and nothing released that was not authenticated: ${name}, in pieces of ${pieceBytes}`, async (t) => {
      const outcome = await fixture.open(inPieces(bytes, pieceBytes));
      t.is(outcome.code, code, outcome.message);
      const most = plaintext.subarray(0, released * FRAME);
      t.true(
        outcome.data.length <= most.length && outcome.data.equals(most.subarray(0, outcome.data.length)),
      );
      if (released === 0) t.is(outcome.data.length, 0);
    });
  }
}

test('refused: frames of another file of the same asset', async (t) => {
  const other = (await fixture.seal([plaintext])).data;
  const outcome = await fixture.open([head, other.subarray(header)]);
  t.is(outcome.code, 'AUTHENTICATION_FAILED');
  t.is(outcome.data.length, 0);
});

const others: [name: string, asset: typeof asset][] = [
  ['another asset', { ...asset, id: 'meeting-2' }],
  ['another account', { ...asset, account: 'globex' }],
  ['another service', { ...asset, srvId: '0002' }],
  ['another type', { ...asset, type: 'Voicemail' }],
];
for (const [name, claimed] of others) {
  test.serial(
    `refused: the file under ${name}, though its key is in the cache; the broker hears of it for its audit events`,
    async (t) => {
      await fixture.open([sealed]);
      const asked = fixture.broker.calls.length;
      const outcome = await fixture.open([sealed], { asset: claimed, reason: 'REASON_USER_ACCESS' });
      t.is(outcome.code, 'NOT_AUTHORIZED');
      t.is(outcome.message, 'not authorized for this asset');
      t.is(outcome.started, null);
      t.is(outcome.data.length, 0);
      t.deepEqual(fixture.broker.calls.slice(asked), ['ResolveDataKey']);
    },
  );
}

test('refused: a header with another time than its data key’s, though the key is in the cache', async (t) => {
  await fixture.open([sealed]);
  const forged = Buffer.from(sealed);
  const at = forged.indexOf('1700000001');
  forged.write('1700000002', at);
  const outcome = await fixture.open([forged]);
  t.is(outcome.code, 'NOT_AUTHORIZED');
  t.is(outcome.started, null);
});

test.serial('refusals are counted by their reason', async (t) => {
  const before = await fixture.metric('cmk_authentication_failures_total{reason="TRUNCATED"}');
  await fixture.open([head]);
  t.is(await fixture.metric('cmk_authentication_failures_total{reason="TRUNCATED"}'), before + 1);
  const denied = await fixture.metric('cmk_authorization_denied_total{reason="OTHER_ASSET"}');
  await fixture.open([sealed], { ...start, asset: { ...asset, id: 'meeting-2' } });
  t.is(await fixture.metric('cmk_authorization_denied_total{reason="OTHER_ASSET"}'), denied + 1);
});
