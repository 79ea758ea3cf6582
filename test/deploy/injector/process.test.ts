import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { metricIn } from '../../../sandbox/scrape.ts';
import { DrivenClock } from '../../support/driven-clock.ts';
import { eventually } from '../../support/eventually.ts';
import { INJECTOR_LEAF, injectorWorld, reviewOf } from '../../support/injector-world.ts';
import { pod } from './pods.ts';

async function setUp(t: ExecutionContext) {
  const clock = new DrivenClock(Date.now());
  const injector = await injectorWorld(t, { clock });
  const status = async (path: string) => (await fetch(`${injector.statusUrl}${path}`)).text();
  return { ...injector, clock, status };
}

test('pods are reviewed over TLS, and counted', async (t) => {
  const { send, review, status } = await setUp(t);
  const answer = await review(pod());
  t.is(answer.status, 200);
  t.like(JSON.parse(answer.text), { kind: 'AdmissionReview', response: { uid: 'u', allowed: true } });
  t.like(JSON.parse((await review(pod({}, { listen: 'x' }))).text), { response: { allowed: false } });
  t.is((await send('{')).status, 400);
  t.is((await send('x'.repeat(5 * 1024 * 1024)).catch(() => ({ status: 400 }))).status, 400);
  t.is((await send('', { path: '/other' })).status, 404);
  t.is((await send('', { method: 'GET' })).status, 404);
  const page = await status('/metrics');
  t.is(metricIn(page, 'cmk_injector_reviews_total', 'outcome="INJECTED"'), 1);
  t.is(metricIn(page, 'cmk_injector_reviews_total', 'outcome="REFUSED"'), 1);
  t.is(metricIn(page, 'cmk_injector_reviews_total', 'outcome="MALFORMED"'), 2);
  t.is(await status('/ready'), 'ready\n');
});

test('a rotated certificate is picked up, and a torn one is not', async (t) => {
  const { dir, ca, clock, review, status } = await setUp(t);
  const { serial: first } = await review(pod());
  await ca.writeIdentity(dir, INJECTOR_LEAF);
  clock.advance(10_000);
  await eventually(async () => (await review(pod())).serial !== first);
  await rm(join(dir, 'key.pem'));
  clock.advance(10_000);
  await eventually(async () => metricIn(await status('/metrics'), 'cmk_certificate_rejected_total') === 1);
  t.is((await review(pod())).status, 200);
});

test('a request under way when it stops is answered, and its connection does not keep it from ending', async (t) => {
  const { ca, port, close } = await setUp(t);
  const body = JSON.stringify(reviewOf(pod()));
  const agent = new Agent({ ca: ca.caPem, keepAlive: true });
  t.teardown(() => agent.destroy());
  // It hears that its head has arrived, before it sends the body.
  const headers = { expect: '100-continue', 'content-length': Buffer.byteLength(body) };
  const sent = request({ host: 'localhost', port, path: '/mutate', method: 'POST', agent, headers });
  const answered = once(sent, 'response');
  sent.flushHeaders();
  await once(sent, 'continue');
  let closed = false;
  const closing = close().then(() => (closed = true));
  sent.end(body);
  const [response] = (await answered) as [IncomingMessage];
  response.resume();
  t.is(response.statusCode, 200);
  await eventually(() => closed);
  await closing;
});
