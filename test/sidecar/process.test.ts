import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import grpc from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import test from 'ava';
import { CmkError } from '../../core/errors.ts';
import { PROCESS_METRICS, SHARED_METRICS } from '../../runtime/metrics.ts';
import { readSidecarConfig } from '../../sidecar/config.ts';
import { listen, removeSockets } from '../../sidecar/listeners.ts';
import { SIDECAR_METRICS } from '../../sidecar/metrics.ts';
import { eventually } from '../support/eventually.ts';
import { connect, Dialogue } from '../support/sidecar-fixture.ts';
import { BROKER_ID } from '../support/settings.ts';
import { withSidecar } from '../support/with-sidecar.ts';

const FRAME = 64 * 1024;
const frame = randomBytes(FRAME);

function newSocketPath(): string {
  return join(mkdtempSync(join(tmpdir(), 'cmk-listen-')), 'deep', 'er', 'sidecar.sock');
}

test('a socket is for its owner and group, in a folder that is made, and is gone afterwards', async (t) => {
  const path = newSocketPath();
  const server = new grpc.Server();
  const bound = await listen(server, [`unix:${path}`, '127.0.0.1:0']);
  t.is(lstatSync(path).mode & 0o777, 0o660);
  t.is(bound[0], `unix:${path}`);
  t.regex(bound[1] ?? '', /^127\.0\.0\.1:[1-9]\d+$/);
  server.forceShutdown();
  await removeSockets(bound);
  t.false(existsSync(path));
});

test('the file of a socket that nobody answers on is replaced', async (t) => {
  const path = newSocketPath();
  const leftBehind = `const s = require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  mkdirSync(join(path, '..'), { recursive: true });
  spawnSync(process.execPath, ['-e', leftBehind, path]);
  t.true(lstatSync(path).isSocket());
  const server = new grpc.Server();
  await t.notThrowsAsync(listen(server, [`unix:${path}`]));
  server.forceShutdown();
});

test('a socket that another process answers on is left alone', async (t) => {
  const path = newSocketPath();
  mkdirSync(join(path, '..'), { recursive: true });
  const other = createServer().listen(path);
  await eventually(() => other.listening);
  const error = await t.throwsAsync(listen(new grpc.Server(), [`unix:${path}`]), { instanceOf: CmkError });
  t.is(error.code, 'CONFIG_INVALID');
  t.true(existsSync(path));
  other.close();
});

test('a file that is no socket is left alone', async (t) => {
  const path = newSocketPath();
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, 'precious');
  chmodSync(path, 0o600);
  await t.throwsAsync(listen(new grpc.Server(), [`unix:${path}`]), { message: /exists and is not a socket/ });
  t.true(lstatSync(path).isFile());
});

const needed = {
  CMK_BROKER: 'broker:8443',
  CMK_BROKER_SPIFFE_ID: BROKER_ID,
  CMK_TLS_CERT: 'cert.pem',
  CMK_TLS_KEY: 'key.pem',
  CMK_TLS_CA: 'ca.pem',
};
for (const address of [
  '0.0.0.0:7443',
  '10.0.0.1:7443',
  'example.com:7443',
  '[::]:7443',
  ':7443',
  'unix:relative.sock',
]) {
  test(`plaintext is offered to this machine alone: not on ${address}`, (t) => {
    t.throws(() => readSidecarConfig({ ...needed, CMK_LISTEN: address }), { message: /CMK_LISTEN/ });
  });
}
for (const address of [
  '127.0.0.1:7443',
  '[::1]:7443',
  'localhost:7443',
  'unix:/run/a.sock',
  'unix:/run/a.sock,127.0.0.1:0',
]) {
  test(`listens on ${address}`, (t) => {
    t.deepEqual(readSidecarConfig({ ...needed, CMK_LISTEN: address }).listen, address.split(','));
  });
}

withSidecar(
  'a sidecar listens on a socket and on a port at once',
  { CMK_LISTEN: '127.0.0.1:0' },
  async (t, fixture) => {
    t.is((await fixture.seal([frame])).code, null);
    t.regex(fixture.sidecar.addresses[0] ?? '', /^127\.0\.0\.1:\d+$/);
  },
);

withSidecar('the status server tells live, ready and every metric', {}, async (t, fixture) => {
  const page = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${fixture.sidecar.statusPort}${path}`);
    return { status: response.status, text: await response.text() };
  };
  t.is((await page('/live')).status, 200);
  t.is((await page('/ready')).status, 200);
  const { text } = await page('/metrics');
  for (const [name, { type, help }] of Object.entries({
    ...PROCESS_METRICS,
    ...SHARED_METRICS,
    ...SIDECAR_METRICS,
  })) {
    t.true(text.includes(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`), name);
  }
});

withSidecar('a sidecar is ready though the broker is away', {}, async (t, fixture) => {
  fixture.broker.stop();
  await fixture.seal([frame]);
  t.is((await fetch(`http://127.0.0.1:${fixture.sidecar.statusPort}/ready`)).status, 200);
});

withSidecar('the health service and reflection answer', {}, async (t, fixture) => {
  const client = connect(fixture.sidecar.addresses[0] ?? '');
  const check = healthService['Check'];
  if (!check) throw new Error('the health service has no Check');
  const health = await new Promise((resolve, reject) => {
    const { path, requestSerialize, responseDeserialize } = check;
    const request = { service: 'cmk.v1.Sidecar' };
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, answer) => {
      if (error) reject(error);
      else resolve(answer);
    });
  });
  t.deepEqual(health, { status: 'SERVING' });

  // ServerReflectionRequest { list_services: "" }, by hand: its contract is the package's own.
  const listServices = Buffer.from([0x3a, 0x00]);
  const call = client.makeBidiStreamRequest(
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    (request: Buffer) => request,
    (answer: Buffer) => answer,
  );
  const answer = new Promise<Buffer>((resolve, reject) => call.once('data', resolve).once('error', reject));
  call.write(listServices);
  t.true((await answer).includes('cmk.v1.Sidecar'));
  call.end();
  client.close();
});

withSidecar('a drain lets running streams end and refuses new ones', {}, async (t, fixture) => {
  const dialogue = new Dialogue(fixture, 'encrypt');
  await dialogue.exchange(frame, FRAME);
  const closing = fixture.sidecar.close(3_600_000);
  t.is((await fetch(`http://127.0.0.1:${fixture.sidecar.statusPort}/ready`)).status, 503);
  t.is((await fixture.seal([frame])).code, 'SHUTTING_DOWN');
  await dialogue.exchange(frame, FRAME);
  t.is((await dialogue.end()).code, null);
  await closing;
  t.false(existsSync((fixture.sidecar.addresses[0] ?? '').slice('unix:'.length)));
});

withSidecar('a drain ends what still runs when the grace period is over', {}, async (t, fixture) => {
  const dialogue = new Dialogue(fixture, 'encrypt');
  await dialogue.exchange(frame, FRAME);
  const closing = fixture.sidecar.close(5_000);
  fixture.clock.advance(4_999);
  await dialogue.exchange(frame, FRAME);
  fixture.clock.advance(1);
  t.is((await dialogue.outcome).code, 'SHUTTING_DOWN');
  await closing;
});
