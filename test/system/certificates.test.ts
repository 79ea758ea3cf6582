// Certificates that are renewed over and over under load. For about a minute; CMK_TEST_ROTATION_MINUTES=10 makes it longer,
// with certificates of 60 s.
import { join } from 'node:path';
import grpc from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { loadBroker } from '../../proto/load.ts';
import type { KeyBrokerClient } from '../../proto/types/cmk/v1/KeyBroker.ts';
import type { Leaf } from '../../sandbox/ca.ts';
import type { SidecarProcess } from '../../sandbox/parts.ts';
import { metricIn, scrape } from '../../sandbox/scrape.ts';
import { pod } from '../deploy/injector/pods.ts';
import { buildBundles } from '../support/bundles.ts';
import { INJECTOR_LEAF, injectorWorld } from '../support/injector-world.ts';
import { Rotation, type Renewed } from '../support/rotation.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { recording, WholeSystem } from '../support/whole-system.ts';

const minutes = Number(process.env['CMK_TEST_ROTATION_MINUTES'] ?? 0);
const RUN_MS = minutes > 0 ? minutes * 60_000 : 60_000;
/** Longer than two turns: a turn is over when a torn renewal was seen and then the whole one, each at a look of 10 s. */
const LIFE_MS = minutes > 0 ? 60_000 : 45_000;
const MIB = 2 ** 20;
const BROKER_ID = 'spiffe://cmk.sandbox/broker';
const RECORDER_ID = 'spiffe://cmk.sandbox/service/0001';

function connect(t: ExecutionContext, address: string, bundle: string, leaf: Leaf): KeyBrokerClient {
  const { KeyBroker } = loadBroker();
  const [ca, key, cert] = [bundle, leaf.keyPem, leaf.certPem].map((pem) => Buffer.from(pem));
  const credentials = grpc.credentials.createSsl(ca, key, cert, { checkServerIdentity: () => undefined });
  const client = new KeyBroker(address, credentials, {
    'grpc.ssl_target_name_override': 'cmk-broker',
    'grpc.use_local_subchannel_pool': 1,
  });
  t.teardown(() => client.close());
  return client;
}

/** The status that a harmless question is answered with: NOT_FOUND for those who may ask. */
function ask(client: KeyBrokerClient): Promise<grpc.status> {
  const asked = { asset: recording('never-sealed') };
  return new Promise((resolve) => {
    client.describeAsset(asked, { deadline: Date.now() + 10_000 }, (error) =>
      resolve(error?.code ?? grpc.status.OK),
    );
  });
}

/** How many of a sidecar's requests found no broker. */
async function unreachableBroker({ statusUrl }: SidecarProcess): Promise<number> {
  const name = 'cmk_broker_request_duration_seconds_count';
  return metricIn(await scrape(statusUrl), name, 'outcome="BROKER_UNREACHABLE"');
}

test('certificates and authorities are renewed over and over, torn ones too: no call fails', async (t) => {
  t.timeout(RUN_MS + 180_000);
  const programs = await buildBundles(t, ['broker', 'sidecar']);
  const system = await WholeSystem.start(t, 'system-certificates', 'sqlite', {
    programs,
    brokerEnv: { CMK_LEASE: '10s' },
  });
  const { sandbox } = system;
  const { broker, sidecars } = sandbox;
  // Its certificate would not be renewed.
  await sidecars.phone.process.stop();
  const sealer = sidecars.recorder;
  const opener = await sandbox.startSidecar('second', '0001');
  const injector = await injectorWorld(t, { ca: sandbox.ca });
  const part = (name: string, { statusUrl }: { statusUrl: string }, uri: string): Renewed => {
    return { name, statusUrl, dir: join(sandbox.dir, name), leaf: { uriSans: [uri] } };
  };
  const processes: readonly Renewed[] = [
    part('broker', broker, BROKER_ID),
    part('recorder', sealer, RECORDER_ID),
    part('second', opener, RECORDER_ID),
    { ...injector, name: 'injector', leaf: INJECTOR_LEAF },
  ];

  const rotation = new Rotation(sandbox.ca, LIFE_MS);
  const load = new SteadyLoad(system);
  for (const worker of ['a', 'b']) load.add(`small-${worker}`, { sealer, opener }, 1_000);
  load.add('large', { sealer, opener }, 4 * MIB);
  for (const worker of ['a', 'b']) load.addSlow(`slow-${worker}`, { sealer, opener });
  load.addCall('review', async () => {
    const { status } = await injector.review(pod(), { trusted: rotation.bundle });
    if (status !== 200) throw new Error(`the injector answered ${status}`);
  });
  const old = await rotation.issue({ uriSans: [RECORDER_ID] });
  const opened = connect(t, broker.address, rotation.bundle, old);
  t.is(await ask(opened), grpc.status.NOT_FOUND);
  const endMs = performance.now() + RUN_MS;
  try {
    while (performance.now() < endMs) await rotation.turn(processes);
  } finally {
    await load.stop();
  }
  t.log(`${rotation.turns} turns, ${rotation.torn} torn renewals: ${String(load)}`);
  t.deepEqual(load.failures, []);
  t.true(load.files > 100, 'there was hardly any load');
  t.true(rotation.turns >= 3, `${rotation.turns} turns`);
  const unreachable = await Promise.all([sealer, opener].map(unreachableBroker));
  t.deepEqual(unreachable, [0, 0]);

  // TLS holds those who come to the end of their certificates and to today's authorities; an open connection goes on,
  // for as long as the broker lets connections live.
  if (RUN_MS < 300_000) t.is(await ask(opened), grpc.status.NOT_FOUND, 'on the connection that was open');
  const newcomer = { uriSans: [RECORDER_ID] };
  const certificates = {
    expired: await rotation.issue(newcomer, -1_000),
    'of an authority that is trusted no more': await sandbox.ca.issue(newcomer),
    valid: await rotation.issue(newcomer),
  };
  const outcomes: Record<string, grpc.status> = {};
  for (const [name, leaf] of Object.entries(certificates))
    outcomes[name] = await ask(connect(t, broker.address, rotation.bundle, leaf));
  t.deepEqual(outcomes, {
    expired: grpc.status.PERMISSION_DENIED,
    'of an authority that is trusted no more': grpc.status.PERMISSION_DENIED,
    valid: grpc.status.NOT_FOUND,
  });
});
