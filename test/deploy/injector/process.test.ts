import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { metricIn } from '../../../sandbox/scrape.ts';
import { DrivenClock } from '../../support/driven-clock.ts';
import { eventually } from '../../support/eventually.ts';
import { INJECTOR_LEAF, reviewOf, runningInjector } from '../../support/running-injector.ts';
import { pod } from './pods.ts';

async function setUp(t: ExecutionContext) {
  const clock = new DrivenClock();
  clock.turnWallClock(Date.now() - clock.wallMs());
  const injector = await runningInjector(t, { clock });
  const status = async (path: string) => (await fetch(`${injector.statusUrl}${path}`)).text();
  return { ...injector, clock, status };
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
  await ca.writeIdentity(dir, INJECTOR_LEAF);
  clock.advance(10_000);
  await eventually(async () => (await send(reviewOf(pod()))).serial !== first);
  await rm(join(dir, 'key.pem'));
  clock.advance(10_000);
  await eventually(async () => metricIn(await status('/metrics'), 'cmk_certificate_rejected_total') === 1);
  t.is((await send(reviewOf(pod()))).status, 200);
});
