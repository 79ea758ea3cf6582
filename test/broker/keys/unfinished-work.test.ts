import test from 'ava';
import { UnfinishedWork } from '../../../broker/keys/unfinished-work.ts';
import { BrokerMetrics } from '../../../broker/metrics.ts';
import { metricIn } from '../../../sandbox/scrape.ts';
import { DrivenClock } from '../../support/driven-clock.ts';
import { eventually } from '../../support/eventually.ts';
import { Recorder } from '../../support/key-world.ts';

test('what is unfinished is read each 15 s and shown, and nothing when it cannot be read', async (t) => {
  const clock = new DrivenClock();
  const observer = new Recorder();
  let fallbacks = 2;
  const unfinished = () =>
    fallbacks < 0
      ? Promise.reject(new Error('no database'))
      : Promise.resolve({ fallbacks, leftToMove: { RUNNING: 7, WAITING: 3, PAUSED: 1 } });
  const work = new UnfinishedWork({ attention: { unfinished }, clock, observer });
  const metrics = new BrokerMetrics(clock);
  metrics.watchUnfinished(() => work.latest);
  const shown = async (name: string, labels?: string) =>
    metricIn(await metrics.registry.metrics(), name, labels);

  t.is(await shown('cmk_fallback_active'), NaN);
  work.start();
  clock.advance(15_000);
  await eventually(() => work.latest?.fallbacks === 2);
  t.is(await shown('cmk_fallback_active'), 2);
  t.is(await shown('cmk_rewrap_backlog', 'state="RUNNING"'), 7);
  t.is(await shown('cmk_rewrap_backlog', 'state="WAITING"'), 3);
  t.is(await shown('cmk_rewrap_backlog', 'state="PAUSED"'), 1);
  fallbacks = -1;
  clock.advance(15_000);
  await eventually(() => work.latest === null);
  t.is(await shown('cmk_fallback_active'), NaN);
  t.is(observer.background.length, 1);
  await work.stop();
});
