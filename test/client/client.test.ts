import { randomBytes } from 'node:crypto';
import { createReadStream, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import anyTest, { type TestFn } from 'ava';
import { CmkClient } from '../../client/client.ts';
import type { ByteSource } from '../../client/source.ts';
import type { DecryptOptions, EncryptOptions } from '../../client/types.ts';
import { CmkError, ERROR_CODES, type ErrorCode } from '../../core/errors.ts';
import { eventually } from '../support/eventually.ts';
import { FakeSidecar } from '../support/fake-sidecar.ts';

const test = anyTest as TestFn<{ sidecar: FakeSidecar; client: CmkClient }>;

const asset = { account: 'acme', srvId: '0001', type: 'MeetingWebinarRecording', id: 'm-42' };
const sealing: EncryptOptions = { asset, owner: 'u-7' };
const opening: DecryptOptions = { asset, reason: 'USER_ACCESS' };
const MIB = 1024 * 1024;

test.beforeEach(async (t) => {
  const sidecar = await FakeSidecar.start();
  t.context = { sidecar, client: new CmkClient({ address: sidecar.address }) };
});
test.afterEach.always((t) => {
  t.context.client.close();
  t.context.sidecar.stop();
});

const plaintext = randomBytes(3 * MIB + 1);

function fileOf(bytes: Uint8Array): string {
  const path = join(mkdtempSync(join(tmpdir(), 'cmk-client-')), 'plain');
  writeFileSync(path, bytes);
  return path;
}

const sources: { name: string; source: () => ByteSource; bytes: Uint8Array }[] = [
  { name: 'one piece', source: () => plaintext, bytes: plaintext },
  { name: 'an empty piece', source: () => new Uint8Array(0), bytes: new Uint8Array(0) },
  { name: 'an empty array', source: () => [], bytes: new Uint8Array(0) },
  {
    name: 'an array of pieces',
    source: () => [plaintext.subarray(0, 5), plaintext.subarray(5)],
    bytes: plaintext,
  },
  { name: 'a file stream', source: () => createReadStream(fileOf(plaintext)), bytes: plaintext },
  {
    name: 'a Readable of single bytes',
    source: () => Readable.from([...plaintext.subarray(0, 5000)].map((byte) => Uint8Array.of(byte))),
    bytes: plaintext.subarray(0, 5000),
  },
  { name: 'a web stream', source: () => new Blob([plaintext]).stream(), bytes: plaintext },
];

for (const { name, source, bytes } of sources) {
  test(`seals and opens ${name}`, async (t) => {
    const { client } = t.context;
    const sealed = await buffer(client.encrypt(source(), sealing));
    t.true(sealed.length > bytes.length);
    const opened = await buffer(client.decrypt([sealed], opening));
    t.true(opened.equals(bytes));
  });
}

test('what was sealed can be opened as it comes', async (t) => {
  const { client } = t.context;
  const opened = client.decrypt(client.encrypt(plaintext, sealing), opening);
  t.true((await buffer(opened)).equals(plaintext));
});

test('tells the key in use before the first byte, and the sidecar what it was given', async (t) => {
  const { client, sidecar } = t.context;
  const stream = client.encrypt(plaintext, { ...sealing, reason: 'BACKUP' });
  t.deepEqual(await stream.started, {
    dataKeyId: 'dk-1',
    protection: 'CUSTOMER_KEY',
    keyInUse: 'arn:aws:kms:eu-1:111122223333:key/k-1',
  });
  stream.resume();
  await buffer(client.decrypt(await buffer(client.encrypt([], sealing)), opening));
  t.like(sidecar.starts, [
    { asset, owner: 'u-7', reason: 'REASON_BACKUP' },
    { asset, owner: 'u-7', reason: 'REASON_STORAGE' },
    { asset, owner: '', reason: 'REASON_USER_ACCESS' },
  ]);
});

test('describes an asset', async (t) => {
  const { client } = t.context;
  await buffer(client.encrypt([], sealing));
  t.deepEqual(await client.describeAsset(asset), {
    dataKeyId: 'dk-1',
    protection: 'CUSTOMER_KEY',
    keyInUse: 'arn:aws:kms:eu-1:111122223333:key/k-1',
    generation: 1,
    createdAt: new Date(1_700_000_000_000),
  });
  await t.throwsAsync(client.describeAsset({ ...asset, id: 'other' }), { code: 'ASSET_NOT_FOUND' });
  await t.throwsAsync(client.describeAsset(asset, { signal: AbortSignal.abort() }), { code: 'CANCELLED' });
});

for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
  test(`${code} arrives as ${code}, from a stream and from a call`, async (t) => {
    const { client, sidecar } = t.context;
    sidecar.behaviour.refuseWith = new CmkError(code, 'as it is', { metadata: { field: 'x' } });
    const stream = client.encrypt(plaintext, sealing);
    const expected = {
      name: 'CmkError',
      code,
      message: 'as it is',
      metadata: { field: 'x' },
      retryable: ERROR_CODES[code].retryable,
    };
    t.like(await t.throwsAsync(stream.started), expected);
    t.like(await t.throwsAsync(buffer(stream)), expected);
    t.like(await t.throwsAsync(client.describeAsset(asset)), expected);
  });
}

const wrong: { name: string; options: Partial<EncryptOptions>; field: string }[] = [
  { name: 'account', options: { asset: { ...asset, account: '' } }, field: 'account' },
  { name: 'service', options: { asset: { ...asset, srvId: '1' } }, field: 'srvId' },
  { name: 'owner', options: { owner: 'with space' }, field: 'owner' },
  { name: 'reason', options: { reason: 'FUN' as 'BACKUP' }, field: 'reason' },
];

for (const { name, options, field } of wrong) {
  test(`refuses a wrong ${name} without asking the sidecar`, (t) => {
    const { client, sidecar } = t.context;
    const error = t.throws(() => client.encrypt([], { ...sealing, ...options }), {
      code: 'INVALID_ARGUMENT',
    });
    t.like(error, { metadata: { field } });
    t.deepEqual(sidecar.starts, []);
  });
}

test('a failure in mid-stream comes out as itself, after what was delivered', async (t) => {
  const { client, sidecar } = t.context;
  const sealed = await buffer(client.encrypt(plaintext, sealing));
  sidecar.behaviour.failAfter = { bytes: MIB, error: new CmkError('KEY_DISABLED', 'key disabled') };
  await t.throwsAsync(buffer(client.decrypt([sealed], opening)), { code: 'KEY_DISABLED' });
});

for (const { name, damage, code } of [
  { name: 'cut short', damage: (sealed: Buffer) => sealed.subarray(0, -1), code: 'TRUNCATED' },
  {
    name: 'changed',
    damage: (sealed: Buffer) => (sealed.writeUInt8(sealed.readUInt8(MIB) ^ 1, MIB), sealed),
    code: 'AUTHENTICATION_FAILED',
  },
  {
    name: 'followed by more',
    damage: (sealed: Buffer) => Buffer.concat([sealed, Buffer.alloc(1)]),
    code: 'MALFORMED',
  },
  { name: 'empty', damage: () => Buffer.alloc(0), code: 'TRUNCATED' },
]) {
  test(`a sealed file that is ${name} fails with ${code}`, async (t) => {
    const { client } = t.context;
    const sealed = damage(await buffer(client.encrypt(plaintext, sealing)));
    await t.throwsAsync(buffer(client.decrypt([sealed], opening)), { code });
  });
}

test('an aborted signal ends the call on both sides, and closes the source', async (t) => {
  const { client, sidecar } = t.context;
  const abort = new AbortController();
  const source = new Readable({ read: () => undefined });
  source.push(plaintext);
  const stream = client.encrypt(source, { ...sealing, signal: abort.signal });
  await stream.started;
  abort.abort(new Error('enough'));
  await t.throwsAsync(buffer(stream), { code: 'CANCELLED' });
  t.true(source.destroyed);
  await eventually(() => sidecar.cancelled === 1);
});

test('a signal that is aborted already makes no call', async (t) => {
  const { client, sidecar } = t.context;
  await t.throwsAsync(buffer(client.encrypt([], { ...sealing, signal: AbortSignal.abort() })), {
    code: 'CANCELLED',
  });
  t.deepEqual(sidecar.starts, []);
});

test('AbortSignal.timeout is a deadline', async (t) => {
  const source = new Readable({ read: () => undefined });
  const stream = t.context.client.encrypt(source, { ...sealing, signal: AbortSignal.timeout(20) });
  await t.throwsAsync(buffer(stream), { code: 'DEADLINE_EXCEEDED' });
});

test('leaving a loop early cancels the call and closes the source', async (t) => {
  const { client, sidecar } = t.context;
  let closed = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield await Promise.resolve(Buffer.alloc(MIB));
    } finally {
      closed = true;
    }
  }
  for await (const piece of client.encrypt(endless(), sealing)) {
    t.true((piece as Buffer).length > 0);
    break;
  }
  await eventually(() => closed && sidecar.cancelled === 1);
});

test('a source that fails ends the call with its reason', async (t) => {
  const { client, sidecar } = t.context;
  const cause = new Error('the disk is gone');
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield plaintext;
    await Promise.reject(cause);
  }
  const error = await t.throwsAsync(buffer(client.encrypt(failing(), sealing)), {
    code: 'LOCAL_IO_FAILED',
    message: /the disk is gone/,
  });
  t.is(error.cause, cause);
  await eventually(() => sidecar.cancelled === 1);
  await t.throwsAsync(buffer(client.encrypt(createReadStream('/does/not/exist'), sealing)), {
    code: 'LOCAL_IO_FAILED',
    message: /no such file/,
  });
});

test('a source that failed before the call is met without ending the process', async (t) => {
  const source = createReadStream('/does/not/exist');
  const stream = t.context.client.encrypt(source, { ...sealing, signal: AbortSignal.abort() });
  await t.throwsAsync(buffer(stream), { code: 'CANCELLED' });
  t.true(source.destroyed);
});

test('a reader that stops reading stops the source: memory is bounded', async (t) => {
  const { client } = t.context;
  let taken = 0;
  function* endless(): Generator<Uint8Array> {
    for (;;) {
      taken += MIB;
      yield Buffer.alloc(MIB);
    }
  }
  const stream = client.encrypt(endless(), sealing);
  await stream.started;
  // The source is drained until every buffer on the way is full, then stands still.
  let before = -1;
  let looks = 0;
  await eventually(() => {
    looks = taken === before ? looks + 1 : 0;
    before = taken;
    return looks > 60 || taken > 200 * MIB;
  });
  t.true(taken < 48 * MIB, `${taken / MIB} MiB taken from the source`);
  t.true(stream.readableLength < 2 * MIB);
  stream.destroy();
});

test('a stalled stream holds up no other stream of the same client', async (t) => {
  const { client } = t.context;
  const stalled = client.encrypt(plaintext, sealing);
  await stalled.started;
  t.true((await buffer(client.decrypt(client.encrypt(plaintext, sealing), opening))).equals(plaintext));
  t.true((await buffer(client.decrypt(stalled, opening))).equals(plaintext));
});

test('fifty streams at once', async (t) => {
  const { client } = t.context;
  const all = Array.from({ length: 50 }, async (_, index) => {
    const own = plaintext.subarray(index, index + 100_000);
    return (await buffer(client.decrypt(client.encrypt(own, sealing), opening))).equals(own);
  });
  t.false((await Promise.all(all)).includes(false));
});

test('closing ends what runs, and the client is of no use afterwards', async (t) => {
  const { client } = t.context;
  const stream = client.encrypt(new Readable({ read: () => undefined }), sealing);
  await stream.started;
  client.close();
  await t.throwsAsync(buffer(stream), { code: 'CANCELLED' });
  await t.throwsAsync(buffer(client.encrypt([], sealing)), { code: 'CANCELLED' });
  await t.throwsAsync(client.describeAsset(asset), { code: 'CANCELLED' });
});

for (const options of [
  { idleMs: 0 },
  { connectTimeoutMs: 1.5 },
  { callTimeoutMs: 2 ** 31 },
  { address: 'example.org:1' },
]) {
  test(`refuses ${JSON.stringify(options)}`, (t) => {
    t.throws(() => new CmkClient({ address: 'localhost:1', ...options }), { code: 'INVALID_ARGUMENT' });
  });
}
