import test from 'ava';
import { Registry } from 'prom-client';
import { KeyMetrics, ProcessMetrics, readAtScrape, registerMetrics } from '../../runtime/metrics.ts';
import { metricIn } from '../../sandbox/scrape.ts';
import { DrivenClock } from '../support/driven-clock.ts';

test('a call is in flight until it ends, and its time goes to its code', async (t) => {
  const clock = new DrivenClock();
  const metrics = new KeyMetrics('broker', clock);
  const ended = metrics.rpcStarted('Encrypt');
  clock.advance(250);
  t.is(metricIn(await metrics.registry.metrics(), 'cmk_rpc_in_flight', 'method="Encrypt"'), 1);
  ended('OK');
  const page = await metrics.registry.metrics();
  t.is(metricIn(page, 'cmk_rpc_in_flight', 'method="Encrypt"'), 0);
  t.is(metricIn(page, 'cmk_rpc_duration_seconds_sum', 'method="Encrypt",code="OK"'), 0.25);
});

test('each event of the cache has its counter', async (t) => {
  const metrics = new KeyMetrics('sidecar', new DrivenClock());
  const names = { hit: 'hits', miss: 'misses', coalesced: 'coalesced', evicted: 'evictions' } as const;
  for (const [event, name] of Object.entries(names)) {
    metrics.cached(event as keyof typeof names);
    t.is(metricIn(await metrics.registry.metrics(), `cmk_key_cache_${name}_total`), 1, event);
  }
});

test('the end of the certificate is told in seconds, with whose it is', async (t) => {
  const metrics = new ProcessMetrics('sidecar', new DrivenClock());
  metrics.certificateInUse({ expiresAtMs: 1_700_000_000_000 });
  const page = await metrics.registry.metrics();
  t.is(metricIn(page, 'cmk_certificate_expiry_timestamp_seconds', 'role="sidecar"'), 1_700_000_000);
});

test('a table becomes metrics of its types, labels and buckets; a gauge may be read at each scrape', async (t) => {
  const registry = new Registry();
  const metrics = registerMetrics(
    {
      things_total: { type: 'counter', help: 'Things.', labels: ['kind'] },
      things: { type: 'gauge', help: 'Things now.', labels: [] },
      thing_seconds: { type: 'histogram', help: 'Time.', labels: [], buckets: [1, 2] },
    } as const,
    registry,
  );
  let size = 1;
  readAtScrape(metrics.things, () => size);
  metrics.things_total.inc({ kind: 'a' }, 3);
  metrics.thing_seconds.observe(1.5);
  t.is(metricIn(await registry.metrics(), 'things'), 1);
  size = 2;
  const page = await registry.metrics();
  t.is(metricIn(page, 'things'), 2);
  t.is(metricIn(page, 'things_total', 'kind="a"'), 3);
  t.is(metricIn(page, 'thing_seconds_bucket', 'le="1"'), 0);
  t.is(metricIn(page, 'thing_seconds_bucket', 'le="2"'), 1);
});
