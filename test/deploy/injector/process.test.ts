import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { readInjectorConfig } from '../../../deploy/injector/config.ts';
import { startInjector } from '../../../deploy/injector/main.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { createTestCa } from '../../../sandbox/ca.ts';
import { metricIn } from '../../../sandbox/scrape.ts';
import { DrivenClock } from '../../support/driven-clock.ts';
import { eventually } from '../../support/eventually.ts';
import { pod, SETTINGS } from './pods.ts';

const LEAF = { dnsSans: ['localhost'] };

async function setUp(t: ExecutionContext) {
  const dir = await mkdtemp(join(tmpdir(), 'cmk-injector-'));
  const ca = await createTestCa();
  const paths = await ca.writeIdentity(dir, LEAF);
  const clock = new DrivenClock();
  clock.turnWallClock(Date.now() - clock.wallMs());
  const config = readInjectorConfig({
    CMK_INJECTOR_HOST: '127.0.0.1',
    CMK_INJECTOR_PORT: '0',
    CMK_STATUS_HOST: '127.0.0.1',
    CMK_STATUS_PORT: '0',
    CMK_TLS_CERT: paths.certPath,
    CMK_TLS_KEY: paths.keyPath,
    CMK_TLS_CA: paths.caPath,
    CMK_SIDECAR_IMAGE: SETTINGS.image,
    CMK_BROKER: SETTINGS.broker,
    CMK_BROKER_SPIFFE_ID: SETTINGS.brokerSpiffeId,
  });
  const injector = await startInjector({
    config,
    logger: createLogger({ name: 't', level: 'silent' }),
    clock,
  });
  const agent = new Agent({ ca: ca.caPem, keepAlive: false });
  t.teardown(async () => {
    agent.destroy();
    await injector.close();
    await rm(dir, { recursive: true });
  });
  const send = (body: string, path = '/mutate', method = 'POST') =>
    new Promise<{ status: number; text: string; serial: string }>((resolve, reject) => {
      const sent = request(
        { host: 'localhost', port: injector.port, path, method, agent, timeout: 10_000 },
        (response) => {
          const { socket } = response;
          const serial = socket instanceof TLSSocket ? socket.getPeerCertificate().serialNumber : '';
          let text = '';
          response.on('data', (piece: Buffer) => (text += piece.toString()));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text, serial }));
        },
      );
      sent.on('error', reject).end(body);
    });
  const status = async (path: string) =>
    (await fetch(`http://127.0.0.1:${injector.statusPort}${path}`)).text();
  return { dir, ca, clock, send, status };
}

function reviewOf(object: unknown): string {
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { uid: 'u', kind: { group: '', version: 'v1', kind: 'Pod' }, operation: 'CREATE', object },
  });
}

test('pods are reviewed over TLS, and counted', async (t) => {
  const { send, status } = await setUp(t);
  const answer = await send(reviewOf(pod()));
  t.is(answer.status, 200);
  t.like(JSON.parse(answer.text), { kind: 'AdmissionReview', response: { uid: 'u', allowed: true } });
  t.like(JSON.parse((await send(reviewOf(pod({}, { listen: 'x' })))).text), { response: { allowed: false } });
  t.is((await send('{')).status, 400);
  t.is((await send('x'.repeat(5 * 1024 * 1024)).catch(() => ({ status: 400 }))).status, 400);
  t.is((await send('', '/other')).status, 404);
  t.is((await send('', '/mutate', 'GET')).status, 404);
  const page = await status('/metrics');
  t.is(metricIn(page, 'cmk_injector_reviews_total', 'outcome="INJECTED"'), 1);
  t.is(metricIn(page, 'cmk_injector_reviews_total', 'outcome="REFUSED"'), 1);
  t.is(metricIn(page, 'cmk_injector_reviews_total', 'outcome="MALFORMED"'), 2);
  t.is(await status('/ready'), 'ready\n');
});

test('a rotated certificate is picked up, and a torn one is not', async (t) => {
  const { dir, ca, clock, send, status } = await setUp(t);
  const { serial: first } = await send(reviewOf(pod()));
  await ca.writeIdentity(dir, LEAF);
  clock.advance(10_000);
  await eventually(async () => (await send(reviewOf(pod()))).serial !== first);
  await rm(join(dir, 'key.pem'));
  clock.advance(10_000);
  await eventually(async () => metricIn(await status('/metrics'), 'cmk_certificate_rejected_total') === 1);
  t.is((await send(reviewOf(pod()))).status, 200);
});
