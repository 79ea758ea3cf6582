import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { CmkClient } from '../../client/index.ts';
import { sealSample, openSample } from '../../sandbox/stories/samples.ts';
import { pod } from '../deploy/injector/pods.ts';
import { allowFallback } from './fallback-episode.ts';
import { eventually } from './eventually.ts';
import { TolerantLoad } from './tolerant-load.ts';
import { Prometheus } from './prometheus.ts';
import { injectorWorld, type InjectorWorld } from './injector-world.ts';
import { ACCOUNT, recording, WholeSystem } from './whole-system.ts';

const DAY_MS = 24 * 3_600_000;
/** How long something may take that brokers and Prometheus look at each few seconds. */
const SOON_MS = 45_000;

/** Two minutes in which all happens that dashboards show, with a Prometheus that watched them. */
export async function monitoredDay(
  t: ExecutionContext,
): Promise<{ prometheus: Prometheus; load: TolerantLoad }> {
  const system = await WholeSystem.start(t, 'system-monitoring', 'sqlite', {
    brokerEnv: { CMK_LEASE: '10s', CMK_PROBE_INTERVAL: '1s', CMK_TROUBLE_PROBE_INTERVAL: '1s' },
    sidecarEnv: { CMK_USE_REPORT_INTERVAL: '1s' },
  });
  const { broker, sidecars, admin, ca, dir } = system.sandbox;
  const injector = await injectorWorld(t, { notAfter: new Date(Date.now() + 10 * DAY_MS) });
  const cluster = { namespace: 'cmk' };
  const prometheus = await Prometheus.start(t, [
    { job: 'cmk-broker', statusUrl: broker.statusUrl, labels: { ...cluster, pod: 'broker-0' } },
    { job: 'cmk-injector', statusUrl: injector.statusUrl, labels: { ...cluster, pod: 'injector-0' } },
    { job: 'cmk-sidecar', statusUrl: sidecars.recorder.statusUrl, labels: { srv_id: '0001' } },
    { job: 'cmk-sidecar', statusUrl: sidecars.phone.statusUrl, labels: { srv_id: '0002' } },
  ]);
  const shows = (query: string, isIt: (value: number) => boolean, timeoutMs = SOON_MS) =>
    eventually(async () => isIt((await prometheus.latest(query)) ?? NaN), timeoutMs);

  // Renewed too late: ten minutes are left.
  const phone = { uriSans: ['spiffe://cmk.sandbox/service/0002'] };
  await ca.writeIdentity(join(dir, 'phone'), { ...phone, notAfter: new Date(Date.now() + 600_000) });
  await admin.putContacts(ACCOUNT, ['keys@acme.example']);

  const client = new CmkClient({ address: sidecars.recorder.address });
  const load = new TolerantLoad(client);
  t.teardown(() => client.close());
  await shows('sum(rate(cmk_stream_bytes_total[10s]))', (value) => value > 0);
  await pods(injector);
  await mistakes(client, load);
  await brownOut(system, prometheus);
  await revocation(system, shows);
  await shows(
    'count(ALERTS{alertname="CmkIdentityEndsSoon",alertstate="firing"})',
    (value) => value === 1,
    90_000,
  );
  await load.stop();
  return { prometheus, load };
}

async function pods({ review }: InjectorWorld): Promise<void> {
  for (let count = 0; count < 3; count++) await review(pod());
  await review(pod({}, { listen: 'x' }));
}

/** Of a service: a damaged file, another asset's file, another service's asset. */
async function mistakes(client: CmkClient, { first }: TolerantLoad): Promise<void> {
  const damaged = Buffer.from(first.sealed);
  damaged[damaged.length - 100] = (damaged[damaged.length - 100] ?? 0) ^ 1;
  for (const wrong of [
    openSample(client, { ...first, sealed: damaged }),
    openSample(client, { ...first, asset: recording('another') }),
    sealSample(client, { ...first.asset, srvId: '0002', type: 'Voicemail' }),
  ]) {
    await wrong.then(
      () => Promise.reject(new Error('a mistake was not refused')),
      () => undefined,
    );
  }
}

/** The customer's KMS throttles, then answers late. */
async function brownOut({ sandbox, keys }: WholeSystem, prometheus: Prometheus): Promise<void> {
  const faults = `${sandbox.aws.controlUrl}/faults`;
  for (const effect of [{ kind: 'throttle' }, { kind: 'latency', ms: 300 }]) {
    for (const key of keys) {
      await fetch(faults, { method: 'POST', body: JSON.stringify({ effect, key }) });
    }
    const sum = `sum(cmk_kms_request_duration_seconds_count)`;
    const before = (await prometheus.latest(sum)) ?? 0;
    await eventually(async () => ((await prometheus.latest(sum)) ?? 0) > before + 10, SOON_MS);
    await fetch(faults, { method: 'DELETE' });
  }
}

/** The customer disables the key: refusals, then fallback, recovery, and a move back. */
async function revocation(
  { sandbox, keys }: WholeSystem,
  shows: (query: string, isIt: (value: number) => boolean, timeoutMs?: number) => Promise<void>,
): Promise<void> {
  const { customer, admin } = sandbox;
  await customer.disable(keys);
  await shows('sum(cmk_revocations_total{job="cmk-broker"})', (value) => value > 0);
  await shows('sum(cmk:failures:rate5m{fault="customer"})', (value) => value > 0);
  await allowFallback({ admin });
  await shows('max(cmk_fallback_active)', (value) => value === 1);
  await customer.enable(keys);
  await shows('sum(cmk_moved_data_keys_total{outcome="MOVED"})', (value) => value > 0, 120_000);
  await shows('max(cmk_fallback_active)', (value) => value === 0);
}
