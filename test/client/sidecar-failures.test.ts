import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import anyTest, { type TestFn } from 'ava';
import { CmkClient } from '../../client/client.ts';
import type { EncryptOptions } from '../../client/types.ts';
import { eventually } from '../support/eventually.ts';
import { FakeSidecar } from '../support/fake-sidecar.ts';

const test = anyTest as TestFn<{ sidecar: FakeSidecar; client: CmkClient }>;

const asset = { account: 'acme', srvId: '0001', type: 'MeetingWebinarRecording', id: 'm-42' };
const sealing: EncryptOptions = { asset, owner: 'u-7' };

test.beforeEach(async (t) => {
  const sidecar = await FakeSidecar.start();
  t.context = { sidecar, client: new CmkClient({ address: sidecar.address }) };
});
test.afterEach.always((t) => {
  t.context.client.close();
  t.context.sidecar.stop();
});

const plaintext = randomBytes(3 * 1024 * 1024);

test('a sidecar that goes away in mid-stream fails the stream, and one that comes back is found', async (t) => {
  const { client, sidecar } = t.context;
  const source = new Readable({ read: () => undefined });
  source.push(plaintext);
  const stream = client.encrypt(source, sealing);
  await stream.started;
  sidecar.stop();
  await t.throwsAsync(buffer(stream), { code: 'SIDECAR_UNREACHABLE' });
  await t.throwsAsync(client.describeAsset(asset), { code: 'SIDECAR_UNREACHABLE' });
  const again = await FakeSidecar.start(sidecar.address);
  await eventually(() =>
    buffer(client.encrypt([], sealing)).then(
      (sealed) => sealed.length > 0,
      () => false,
    ),
  );
  again.stop();
});

test('a sidecar that is killed fails what runs through it', async (t) => {
  const child = spawn(process.execPath, ['test/support/fake-sidecar-process.ts'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  const client = new CmkClient({ address: line.trim() });
  const source = new Readable({ read: () => undefined });
  source.push(plaintext);
  const streams = [
    client.encrypt(source, sealing),
    client.encrypt(new Readable({ read: () => undefined }), sealing),
  ];
  await Promise.all(streams.map((stream) => stream.started));
  child.kill('SIGKILL');
  for (const stream of streams) await t.throwsAsync(buffer(stream), { code: 'SIDECAR_UNREACHABLE' });
  client.close();
});

test('a sidecar that is not there is told at once', async (t) => {
  const client = new CmkClient({ address: 'unix:/tmp/cmk-no-such.sock' });
  const stream = client.encrypt(plaintext, sealing);
  await t.throwsAsync(stream.started, { code: 'SIDECAR_UNREACHABLE', message: /ENOENT/ });
  await t.throwsAsync(buffer(stream), { code: 'SIDECAR_UNREACHABLE' });
  await t.throwsAsync(client.describeAsset(asset), { code: 'SIDECAR_UNREACHABLE' });
  client.close();
});

test('a socket that accepts and never speaks is given up', async (t) => {
  const path = join(mkdtempSync(join(tmpdir(), 'cmk-silent-')), 'silent.sock');
  const silent = createServer((socket) => socket.unref());
  await new Promise<void>((resolve) => silent.listen(path, resolve));
  const client = new CmkClient({ address: path, connectTimeoutMs: 100 });
  await t.throwsAsync(buffer(client.encrypt(plaintext, sealing)), {
    code: 'SIDECAR_UNREACHABLE',
    message: /within 100 ms/,
  });
  await t.throwsAsync(client.describeAsset(asset), { code: 'SIDECAR_UNREACHABLE' });
  client.close();
  silent.close();
});

for (const { name, source } of [
  { name: 'that sends nothing', source: () => plaintext },
  { name: 'whose caller sends nothing either', source: () => new Readable({ read: () => undefined }) },
]) {
  test(`a sidecar ${name} is given up after the idle limit`, async (t) => {
    const { sidecar } = t.context;
    sidecar.behaviour.onStream = () => undefined;
    const client = new CmkClient({ address: sidecar.address, idleMs: 150 });
    await t.throwsAsync(buffer(client.encrypt(source(), sealing)), {
      code: 'STREAM_IDLE',
      message: 'no byte moved for 150 ms',
    });
    client.close();
  });
}

test('a slow stream that keeps moving is no idle one', async (t) => {
  const { sidecar } = t.context;
  const client = new CmkClient({ address: sidecar.address, idleMs: 2_000 });
  let sent = 0;
  const slow = new Readable({
    read() {
      setTimeout(() => this.push(sent++ < 8 ? Buffer.alloc(1) : null), 300);
    },
  });
  t.true((await buffer(client.encrypt(slow, sealing))).length > 8);
  client.close();
});

const breaches: { name: string; onStream: NonNullable<FakeSidecar['behaviour']['onStream']> }[] = [
  { name: 'ends before it started', onStream: (call) => call.end() },
  { name: 'sends bytes before it told the key', onStream: (call) => call.write({ data: Buffer.alloc(5) }) },
  { name: 'tells no known protection', onStream: (call) => call.write({ started: { dataKeyId: 'dk' } }) },
  {
    name: 'ends well before all was sent',
    onStream: (call) => {
      call.write({ started: { dataKeyId: 'dk', protection: 'PROTECTION_CUSTOMER_KEY' } });
      call.end();
    },
  },
];

for (const { name, onStream } of breaches) {
  test(`a sidecar that ${name} is not believed`, async (t) => {
    const { client, sidecar } = t.context;
    sidecar.behaviour.onStream = onStream;
    const open = new Readable({ read: () => undefined });
    await t.throwsAsync(buffer(client.encrypt(open, sealing)), {
      code: 'INTERNAL',
      message: /broke its contract/,
    });
  });
}
