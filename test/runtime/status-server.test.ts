import { connect } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { Counter, Gauge, Registry } from 'prom-client';
import { startStatusServer } from '../../runtime/status-server.ts';
import { eventually } from '../support/eventually.ts';

async function setUp(t: ExecutionContext) {
  const registry = new Registry();
  const state = { ready: false };
  const server = await startStatusServer({
    host: '127.0.0.1',
    port: 0,
    registry,
    isReady: () => state.ready,
  });
  t.teardown(() => server.close());
  const get = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${server.port}${path}`, { method });
  return { registry, state, server, get };
}

test('live answers from the start, ready only when ready', async (t) => {
  const { state, get } = await setUp(t);
  t.is((await get('/live')).status, 200);
  t.is((await get('/ready')).status, 503);
  state.ready = true;
  t.is((await get('/ready')).status, 200);
  state.ready = false;
  t.is((await get('/ready?verbose')).status, 503);
});

test('metrics are those of the registry, in the text format', async (t) => {
  const { registry, get } = await setUp(t);
  new Counter({ name: 'cmk_test_total', help: 'For a test.', registers: [registry] }).inc(3);
  const response = await get('/metrics');
  t.is(response.status, 200);
  t.is(response.headers.get('content-type'), registry.contentType);
  t.true((await response.text()).includes('cmk_test_total 3'));
});

test('a metric that cannot be collected is a 500, and the server goes on', async (t) => {
  const { registry, get } = await setUp(t);
  const collect = () => {
    throw new Error('secret detail');
  };
  new Gauge({ name: 'cmk_broken', help: 'For a test.', registers: [registry], collect });
  const response = await get('/metrics');
  t.is(response.status, 500);
  t.false((await response.text()).includes('secret detail'));
  t.is((await get('/live')).status, 200);
});

const refused: [name: string, path: string, method: string, status: number][] = [
  ['an unknown path', '/', 'GET', 404],
  ['a path below', '/metrics/x', 'GET', 404],
  ['a method that writes', '/metrics', 'POST', 405],
];

for (const [name, path, method, status] of refused) {
  test(`${name}: ${status}`, async (t) => {
    const { get } = await setUp(t);
    t.is((await get(path, method)).status, status);
  });
}

test('close does not wait for idle connections', async (t) => {
  const { server } = await setUp(t);
  const idle = connect(server.port, '127.0.0.1');
  const seen = { connected: false, closed: false };
  idle.once('connect', () => (seen.connected = true));
  idle.once('close', () => (seen.closed = true));
  idle.on('error', () => undefined).resume();
  await eventually(() => seen.connected);
  await server.close();
  await eventually(() => seen.closed);
  t.pass();
});

test('connections that say nothing do not keep the kubelet out', async (t) => {
  const { server, get } = await setUp(t);
  const seen = { connected: 0, closed: 0 };
  const idle = Array.from({ length: 100 }, () => {
    const socket = connect(server.port, '127.0.0.1', () => seen.connected++);
    return socket
      .on('error', () => undefined)
      .once('close', () => seen.closed++)
      .resume();
  });
  t.teardown(() => idle.forEach((socket) => socket.destroy()));
  await eventually(() => seen.connected === 100);
  t.is((await get('/live')).status, 200);
  // The oldest one made room.
  await eventually(() => seen.closed === 1);
});

test('a port in use is an error', async (t) => {
  const { server, registry } = await setUp(t);
  const options = { host: '127.0.0.1', port: server.port, registry, isReady: () => true };
  await t.throwsAsync(startStatusServer(options), { code: 'EADDRINUSE' });
});
