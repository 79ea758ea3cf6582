import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import grpc from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { channelCredentials } from '../../runtime/channel-credentials.ts';
import { systemClock } from '../../runtime/clock.ts';
import { IdentityWatcher } from '../../runtime/identity.ts';
import { spiffeIdOf } from '../../runtime/spiffe.ts';
import { startTlsListener, type TlsListenerOptions } from '../../runtime/tls-listener.ts';
import { createTestCa, type LeafOptions, type TestCa } from '../../sandbox/ca.ts';
import { eventually } from '../support/eventually.ts';

const BROKER = 'spiffe://cmk.example/broker';
const SERVICE = 'spiffe://cmk.example/service/0001';
const HOUR_MS = 3_600_000;

const identity = (value: Buffer) => value;
/** Answers with the SPIFFE id that the handler sees, or `nobody`. */
const whoAmI = {
  path: '/test/WhoAmI',
  requestStream: false,
  responseStream: false,
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
};

type Overrides = Partial<TlsListenerOptions>;

async function setUp(t: ExecutionContext, overrides: Overrides = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'cmk-tls-'));
  const ca = await createTestCa();
  const watch = async (name: string, from: TestCa, leaf: LeafOptions) => {
    const paths = await from.writeIdentity(join(dir, name), leaf);
    const watcher = await IdentityWatcher.start(paths, { clock: systemClock });
    t.teardown(() => watcher.close());
    return { paths, watcher };
  };
  const broker = await watch('broker', ca, { uriSans: [BROKER] });
  const server = new grpc.Server();
  server.addService({ whoAmI }, { whoAmI: answerWhoIsCalling });
  const unauthorized: string[] = [];
  const failed: string[] = [];
  const listener = await startTlsListener({
    server,
    identity: broker.watcher,
    host: '127.0.0.1',
    port: 0,
    onUnauthorized: (reason, remoteAddress) => unauthorized.push(`${reason} ${remoteAddress}`),
    onFailedHandshake: (error) => failed.push(error.message),
    ...overrides,
  });
  t.teardown(async () => {
    server.forceShutdown();
    listener.close();
    await rm(dir, { recursive: true });
  });
  return { dir, ca, broker, listener, server, watch, unauthorized, failed };
}

function answerWhoIsCalling(
  call: grpc.ServerUnaryCall<Buffer, Buffer>,
  done: grpc.sendUnaryData<Buffer>,
): void {
  const { sslPeerCertificate } = call.getAuthContext();
  const caller = spiffeIdOf(sslPeerCertificate, 'cmk.example');
  const contextIsEmpty = Object.keys(call.getAuthContext()).length === 0;
  done(null, Buffer.from(caller.ok ? caller.id.text : contextIsEmpty ? 'nobody' : caller.refusal));
}

function clientOf(t: ExecutionContext, port: number, credentials: grpc.ChannelCredentials) {
  const client = new grpc.Client(`localhost:${port}`, credentials, {
    // Each client has connections of its own.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_http_proxy': 0,
  });
  t.teardown(() => client.close());
  return {
    ask: () =>
      new Promise<string>((resolve, reject) => {
        const { path, requestSerialize, responseDeserialize } = whoAmI;
        const options = { deadline: Date.now() + 10_000 };
        const request = Buffer.alloc(0);
        client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          options,
          (error, answer) => {
            if (error) reject(error);
            else resolve(answer?.toString() ?? '');
          },
        );
      }),
  };
}

/** A client that presents whatever it is given, and does not look at the server's name. */
function credentialsOf(ca: TestCa, leaf?: { certPem: string; keyPem: string }) {
  return grpc.credentials.createSsl(
    Buffer.from(ca.caPem),
    leaf ? Buffer.from(leaf.keyPem) : null,
    leaf ? Buffer.from(leaf.certPem) : null,
    { checkServerIdentity: () => undefined },
  );
}

/** A bare TLS connection, of which the end is waited for. */
function bareTls(t: ExecutionContext, port: number, options: ConnectionOptions) {
  const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
  return { socket, ...watchSocket(t, socket, 'secureConnect') };
}

function watchSocket(t: ExecutionContext, socket: Socket, ready: string) {
  const seen = { ready: false, closed: false, error: null as NodeJS.ErrnoException | null };
  socket.once(ready, () => (seen.ready = true));
  socket.once('close', () => (seen.closed = true));
  socket.on('error', (error) => (seen.error = error));
  // Read, so that the peer's end is noticed.
  socket.resume();
  t.teardown(() => socket.destroy());
  return { seen };
}

test('a valid peer is known to the handler', async (t) => {
  const { ca, listener, watch, unauthorized } = await setUp(t);
  const { watcher } = await watch('client', ca, { uriSans: [SERVICE] });
  const client = clientOf(t, listener.port, channelCredentials(watcher, BROKER));
  t.is(await client.ask(), SERVICE);
  t.deepEqual(unauthorized, []);
});

const strangers: [name: string, reason: string, present: (ca: TestCa) => Promise<unknown>][] = [
  ['no certificate', 'NO_CERTIFICATE', () => Promise.resolve(undefined)],
  [
    'an expired certificate',
    'CERT_HAS_EXPIRED',
    (ca) => ca.issue({ uriSans: [SERVICE], notAfter: new Date(Date.now() - 1_000) }),
  ],
  [
    'a certificate that is not valid yet',
    'CERT_NOT_YET_VALID',
    (ca) => ca.issue({ uriSans: [SERVICE], notBefore: new Date(Date.now() + HOUR_MS) }),
  ],
  [
    'a certificate of another authority',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    async () => (await createTestCa('another')).issue({ uriSans: [SERVICE] }),
  ],
  [
    'a certificate of another authority of the same name',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    async () => (await createTestCa()).issue({ uriSans: [SERVICE] }),
  ],
];

for (const [name, reason, present] of strangers) {
  test(`${name}: the call reaches the handler, which sees nobody, and the reason is reported`, async (t) => {
    const { ca, listener, unauthorized } = await setUp(t);
    const leaf = (await present(ca)) as { certPem: string; keyPem: string } | undefined;
    const client = clientOf(t, listener.port, credentialsOf(ca, leaf));
    t.is(await client.ask(), 'nobody');
    t.deepEqual(unauthorized, [`${reason} 127.0.0.1`]);
  });
}

test('an unauthorized peer may not stay', async (t) => {
  const { listener, unauthorized } = await setUp(t, { unauthorizedLifeMs: 50 });
  const { seen } = bareTls(t, listener.port, { ALPNProtocols: ['h2'] });
  await eventually(() => seen.ready);
  await eventually(() => seen.closed);
  t.is(unauthorized.length, 1);
});

test('TLS 1.2 is refused', async (t) => {
  const { listener, failed, unauthorized } = await setUp(t);
  const { seen } = bareTls(t, listener.port, { maxVersion: 'TLSv1.2', ALPNProtocols: ['h2'] });
  await eventually(() => seen.closed);
  t.false(seen.ready);
  t.is(seen.error?.code, 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  await eventually(() => failed.length === 1);
  t.regex(failed[0] ?? '', /unsupported protocol/);
  t.deepEqual(unauthorized, []);
});

for (const [name, protocols] of [
  ['no ALPN', undefined],
  ['HTTP/1.1', ['http/1.1']],
] as const) {
  test(`a peer that offers ${name} is closed`, async (t) => {
    const { listener, failed } = await setUp(t);
    const { seen } = bareTls(t, listener.port, protocols ? { ALPNProtocols: [...protocols] } : {});
    await eventually(() => seen.closed);
    await eventually(() => failed.length === 1);
    t.pass();
  });
}

test('a peer that connects and says nothing is cut off by the handshake timeout', async (t) => {
  const { listener, failed } = await setUp(t, { handshakeTimeoutMs: 50 });
  const socket = connectTcp(listener.port, '127.0.0.1');
  const { seen } = watchSocket(t, socket, 'connect');
  await eventually(() => seen.closed);
  t.deepEqual(failed, ['TLS handshake timeout']);
});

test('more connections than allowed are closed at once, and a freed place is given again', async (t) => {
  const { listener } = await setUp(t, { maxConnections: 2 });
  const open = () => bareTls(t, listener.port, { ALPNProtocols: ['h2'] });
  const [first, second] = [open(), open()];
  await eventually(() => first.seen.ready && second.seen.ready);
  const third = open();
  await eventually(() => third.seen.closed);
  t.false(third.seen.ready);

  first.socket.destroy();
  await eventually(async () => {
    const next = open();
    await eventually(() => next.seen.ready || next.seen.closed);
    return next.seen.ready;
  });
  t.false(second.seen.closed);
});

test('a session cannot be resumed, so every connection’s certificate is checked', async (t) => {
  const { ca, listener } = await setUp(t);
  const leaf = await ca.issue({ uriSans: [SERVICE] });
  const options = { ALPNProtocols: ['h2'], ca: ca.caPem, cert: leaf.certPem, key: leaf.keyPem };
  const sessions: Buffer[] = [];
  const first = bareTls(t, listener.port, options);
  first.socket.on('session', (session) => sessions.push(session));
  // The server's SETTINGS frame comes after any session ticket.
  await new Promise((resolve) => first.socket.once('data', resolve));

  const session = sessions[0] ?? first.socket.getSession();
  const second = bareTls(t, listener.port, { ...options, ...(session && { session }) });
  await eventually(() => second.seen.ready);
  t.false(second.socket.isSessionReused());
});

test('a renewed identity serves new connections and drops none', async (t) => {
  const { ca, broker, dir, listener, watch } = await setUp(t);
  const { watcher } = await watch('client', ca, { uriSans: [SERVICE] });
  const old = clientOf(t, listener.port, channelCredentials(watcher, BROKER));
  t.is(await old.ask(), SERVICE);
  const before = await serialOf(t, listener.port);

  await ca.writeIdentity(join(dir, 'broker'), { uriSans: [BROKER] });
  await broker.watcher.poll();
  t.not(await serialOf(t, listener.port), before);
  t.is(await old.ask(), SERVICE);
});

test('an authority that is no longer trusted authorizes no new connection', async (t) => {
  const { ca, broker, listener, watch, unauthorized } = await setUp(t);
  const { watcher } = await watch('client', ca, { uriSans: [SERVICE] });
  const leaf = await ca.issue({ uriSans: [SERVICE] });
  const old = clientOf(t, listener.port, channelCredentials(watcher, BROKER));
  t.is(await old.ask(), SERVICE);

  const next = await createTestCa('next');
  await writeFile(broker.paths.caPath, next.caPem);
  await broker.watcher.poll();
  t.is(await clientOf(t, listener.port, credentialsOf(ca, leaf)).ask(), 'nobody');
  t.is(unauthorized.length, 1);
  t.is(
    await clientOf(t, listener.port, credentialsOf(ca, await next.issue({ uriSans: [SERVICE] }))).ask(),
    SERVICE,
  );
  t.is(await old.ask(), SERVICE, 'an open connection stays until its age ends it');
});

test('a client takes a renewed identity for its next connection', async (t) => {
  const { ca, dir, listener, watch } = await setUp(t);
  const { watcher } = await watch('client', ca, { uriSans: [SERVICE] });
  const credentials = channelCredentials(watcher, BROKER);
  t.is(await clientOf(t, listener.port, credentials).ask(), SERVICE);
  const renamed = 'spiffe://cmk.example/service/0002';
  await ca.writeIdentity(join(dir, 'client'), { uriSans: [renamed] });
  await watcher.poll();
  t.is(await clientOf(t, listener.port, credentials).ask(), renamed);
});

for (const [name, uriSans] of [
  ['another name', ['spiffe://cmk.example/service/0001']],
  ['another trust domain', ['spiffe://evil.example/broker']],
  ['no name', []],
  ['two names', [BROKER, BROKER]],
] as const) {
  test(`a client refuses a server of ${name}`, async (t) => {
    const { ca, broker, dir, listener, watch } = await setUp(t);
    await ca.writeIdentity(join(dir, 'broker'), { uriSans });
    await broker.watcher.poll();
    const { watcher } = await watch('client', ca, { uriSans: [SERVICE] });
    const client = clientOf(t, listener.port, channelCredentials(watcher, BROKER));
    await t.throwsAsync(client.ask(), { code: grpc.status.UNAVAILABLE });
  });
}

test('a client refuses a server of another authority', async (t) => {
  const { listener, watch } = await setUp(t);
  const { watcher } = await watch('client', await createTestCa('another'), { uriSans: [SERVICE] });
  const client = clientOf(t, listener.port, channelCredentials(watcher, BROKER));
  await t.throwsAsync(client.ask(), { code: grpc.status.UNAVAILABLE });
});

test('a port in use is an error', async (t) => {
  const { listener, broker } = await setUp(t);
  const { port } = listener;
  const options = { server: new grpc.Server(), identity: broker.watcher, host: '127.0.0.1', port };
  await t.throwsAsync(startTlsListener(options), { code: 'EADDRINUSE' });
});

test('after close nobody gets in, and calls under way end', async (t) => {
  const { ca, listener, watch, server } = await setUp(t);
  const { watcher } = await watch('client', ca, { uriSans: [SERVICE] });
  const client = clientOf(t, listener.port, channelCredentials(watcher, BROKER));
  t.is(await client.ask(), SERVICE);
  listener.close();
  t.is(await client.ask(), SERVICE, 'an open connection goes on');
  const late = connectTcp(listener.port, '127.0.0.1');
  const { seen } = watchSocket(t, late, 'connect');
  await eventually(() => seen.closed);
  t.is(seen.error?.code, 'ECONNREFUSED');
  await new Promise<void>((resolve, reject) =>
    server.tryShutdown((error) => (error ? reject(error) : resolve())),
  );
});

async function serialOf(t: ExecutionContext, port: number): Promise<string> {
  const { socket, seen } = bareTls(t, port, { ALPNProtocols: ['h2'] });
  await eventually(() => seen.ready);
  return socket.getPeerCertificate().serialNumber;
}
