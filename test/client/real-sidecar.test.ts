import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import anyTest, { type TestFn } from 'ava';
import { CmkClient } from '../../client/client.ts';
import { CmkError } from '../../core/errors.ts';
import { asset, SidecarFixture } from '../support/sidecar-fixture.ts';

// What the other tests show against a fake, once more against the sidecar itself.
const test = anyTest as TestFn<{ fixture: SidecarFixture; client: CmkClient }>;

const sealing = { asset, owner: 'user-1' };
const opening = { asset, reason: 'USER_ACCESS' } as const;
const plaintext = randomBytes(5_000_001);

test.beforeEach(async (t) => {
  const fixture = await SidecarFixture.start();
  t.context = { fixture, client: new CmkClient({ address: fixture.sidecar.addresses[0] }) };
});
test.afterEach.always(async (t) => {
  const { client, fixture } = t.context;
  client.close();
  await fixture.close();
});

test('seals, describes and opens', async (t) => {
  const { client } = t.context;
  const stream = client.encrypt(plaintext, sealing);
  const { dataKeyId, protection } = await stream.started;
  t.is(protection, 'CUSTOMER_KEY');
  const sealed = await buffer(stream);
  t.like(await client.describeAsset(asset), { dataKeyId, protection, generation: 1 });
  t.true((await buffer(client.decrypt(Readable.from([sealed]), opening))).equals(plaintext));
});

test('a large stream in small pieces, sealed and opened at once', async (t) => {
  const { client } = t.context;
  function* pieces(): Generator<Uint8Array> {
    for (let at = 0; at < plaintext.length; at += 1000) yield plaintext.subarray(at, at + 1000);
  }
  t.true((await buffer(client.decrypt(client.encrypt(pieces(), sealing), opening))).equals(plaintext));
});

test('refusals arrive with their codes', async (t) => {
  const { client, fixture } = t.context;
  const sealed = await buffer(client.encrypt(plaintext, sealing));
  await t.throwsAsync(buffer(client.decrypt([sealed.subarray(0, -1)], opening)), { code: 'TRUNCATED' });
  await t.throwsAsync(buffer(client.decrypt([plaintext], opening)), { code: 'MALFORMED' });
  const other = { asset: { ...asset, id: 'other' }, reason: 'USER_ACCESS' } as const;
  await t.throwsAsync(buffer(client.decrypt([sealed], other)), { code: 'NOT_AUTHORIZED' });
  fixture.broker.refuse(new CmkError('KEY_DISABLED', 'the key is disabled'));
  const error = await t.throwsAsync(
    buffer(client.encrypt([], { ...sealing, asset: { ...asset, id: 'new' } })),
  );
  t.like(error, { code: 'KEY_DISABLED', retryable: false });
});

test('a sidecar that stops ends what still runs after the grace period as something to try again', async (t) => {
  const { client, fixture } = t.context;
  const stream = client.encrypt(new Readable({ read: () => undefined }), sealing);
  await stream.started;
  const stopped = fixture.sidecar.close(1000);
  fixture.clock.advance(1000);
  t.like(await t.throwsAsync(buffer(stream)), { name: 'CmkError', retryable: true });
  await stopped;
});
