import { randomBytes } from 'node:crypto';
import test from 'ava';
import { loadSidecar } from '../../proto/load.ts';
import { fromGrpcError } from '../../proto/status.ts';
import type { DescribeAssetResponse__Output } from '../../proto/types/cmk/v1/DescribeAssetResponse.ts';
import type { EncryptRequest } from '../../proto/types/cmk/v1/EncryptRequest.ts';
import { asset, inPieces, outcomeOf, SidecarFixture, start } from '../support/sidecar-fixture.ts';

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
    t.is(sealed.started?.keyInUse, fixture.broker.keyInUse);

    for (const length of [pieceBytes, 1024 * KIB]) {
      const opened = await fixture.open(inPieces(sealed.data, length));
      t.is(opened.code, null, opened.message);
      t.true(opened.data.equals(plaintext));
      t.is(opened.started?.dataKeyId, sealed.started?.dataKeyId);
    }
  });
}

test('sealed: empty pieces among others change nothing', async (t) => {
  const plaintext = randomBytes(100_000);
  const empty = Buffer.alloc(0);
  const sealed = await fixture.seal([
    empty,
    plaintext.subarray(0, 1),
    empty,
    empty,
    plaintext.subarray(1),
    empty,
  ]);
  const opened = await fixture.open([empty, sealed.data, empty]);
  t.true(opened.data.equals(plaintext));
});

test('sealed: every file has a header of its own, under one data key', async (t) => {
  const [one, other] = await Promise.all([fixture.seal([]), fixture.seal([])]);
  t.is(one.started?.dataKeyId, other.started?.dataKeyId);
  t.false(one.data.equals(other.data));
});

const { asset: _, ...noAsset } = start;
const data = Buffer.from('x');
const refusals: [name: string, method: 'encrypt' | 'decrypt', messages: EncryptRequest[], text: string][] = [
  ['no message', 'encrypt', [], 'start: expected the first message, got the end of the stream'],
  ['data first', 'encrypt', [{ data }], 'start: expected the first message, got data'],
  ['an empty message first', 'decrypt', [{}], 'start: expected the first message, got an empty message'],
  [
    'start twice',
    'encrypt',
    [{ start }, { start }],
    'data: expected data in every message after the first, got start',
  ],
  ['an empty message later', 'encrypt', [{ start }, {}], 'got an empty message'],
  ['no asset', 'encrypt', [{ start: noAsset }], 'asset: expected an asset, got nothing'],
  [
    'a malformed service',
    'decrypt',
    [{ start: { ...start, asset: { ...asset, srvId: '1' } } }],
    'srvId: expected four digits',
  ],
  [
    'a space in the id',
    'encrypt',
    [{ start: { ...start, asset: { ...asset, id: 'a b' } } }],
    'id: expected 1 to 256',
  ],
  ['no owner', 'encrypt', [{ start: { ...start, owner: '' } }], 'owner: expected 1 to 128'],
  ['a malformed owner', 'decrypt', [{ start: { ...start, owner: 'é' } }], 'owner: expected 1 to 128'],
  [
    'no reason',
    'encrypt',
    [{ start: { ...start, reason: 'REASON_UNSPECIFIED' } }],
    'reason: expected why the key is used',
  ],
  [
    'an unknown reason',
    'decrypt',
    [{ start: { ...start, reason: 99 as 0 } }],
    'reason: expected why the key is used, got 99',
  ],
  [
    'a piece over 1 MiB',
    'encrypt',
    [{ start }, { data: Buffer.alloc(1024 * KIB + 1) }],
    'data: expected at most 1048576 bytes',
  ],
];
for (const [name, method, messages, text] of refusals) {
  test(`${method} refused: ${name}`, async (t) => {
    const outcome = await fixture.run(method, messages);
    t.is(outcome.code, 'INVALID_ARGUMENT');
    t.true(outcome.message.includes(text), outcome.message);
  });
}

test('refused: a message far over 1 MiB is never held', async (t) => {
  const outcome = await fixture.run('encrypt', [{ start }, { data: Buffer.alloc(2 * 1024 * KIB) }]);
  t.not(outcome.code, null);
});

test('fields that this version does not know are skipped', async (t) => {
  const { Encrypt } = loadSidecar().Sidecar.service;
  const unknown = Buffer.from([0x7a, 0x02, 1, 2]);
  const serialize = (message: EncryptRequest) =>
    Buffer.concat([unknown, Encrypt.requestSerialize(message), unknown]);
  const call = fixture.client.makeBidiStreamRequest(Encrypt.path, serialize, Encrypt.responseDeserialize);
  call.write({ start });
  call.write({ data: Buffer.from('hello') });
  call.end();
  const sealed = await outcomeOf(call);
  const opened = await fixture.open([sealed.data]);
  t.is(opened.data.toString(), 'hello');
});

test.serial('an asset is described by the broker', async (t) => {
  await fixture.seal([]);
  const described = await new Promise<DescribeAssetResponse__Output>((resolve, reject) => {
    fixture.client.describeAsset({ asset }, (error, response) => {
      if (response) resolve(response);
      else reject(error ?? new Error('no answer'));
    });
  });
  t.is(described.protection, 'PROTECTION_CUSTOMER_KEY');
  t.is(described.generation, 1);
});

test('described: the asset is checked, and what was never sealed is not found', async (t) => {
  const describe = (id: string) =>
    new Promise((resolve) => {
      fixture.client.describeAsset({ asset: { ...asset, id } }, (error) =>
        resolve(error && fromGrpcError(error, 'INTERNAL').code),
      );
    });
  t.is(await describe('a b'), 'INVALID_ARGUMENT');
  t.is(await describe('never-sealed'), 'ASSET_NOT_FOUND');
});
