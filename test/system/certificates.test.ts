// Certificates that are renewed over and over under load. For about a minute; CMK_TEST_ROTATION_MINUTES=10 makes it longer,
// with certificates of 60 s.
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import grpc from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { loadBroker } from '../../proto/load.ts';
import type { KeyBrokerClient } from '../../proto/types/cmk/v1/KeyBroker.ts';
import type { Leaf } from '../../sandbox/ca.ts';
import { launchInjector } from '../../sandbox/parts.ts';
import { tlsSettings } from '../../sandbox/settings.ts';
import { metricIn, scrape } from '../../sandbox/scrape.ts';
import { buildBundles } from '../support/bundles.ts';
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
const INJECTOR_LEAF = { dnsSans: ['localhost'] };

async function startInjector(t: ExecutionContext, { sandbox }: WholeSystem, main: string) {
  const { dir, ca } = sandbox;
  const identity = await ca.writeIdentity(join(dir, 'injector'), INJECTOR_LEAF);
  const injector = await launchInjector(
    { dir, name: 'injector', main },
    {
      ...tlsSettings(identity),
      CMK_SIDECAR_IMAGE: 'registry.example/cmk/sidecar:0.1.0',
      CMK_BROKER: 'broker:8443',
      CMK_BROKER_SPIFFE_ID: BROKER_ID,
    },
  );
  t.teardown(() => injector.process.stop());
  return injector;
}

/** One review on a connection of its own, as an API server that has just started. */
function review(port: number, ca: string): Promise<void> {
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: { containers: [] } };
  const asked = { uid: 'u', kind: { group: '', version: 'v1', kind: 'Pod' }, operation: 'CREATE', object };
  const agent = new Agent({ ca, keepAlive: false });
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: 'localhost', port, path: '/mutate', method: 'POST', agent, timeout: 10_000 },
      (response) => {
        response.resume().once('end', () => {
          if (response.statusCode === 200) resolve();
          else reject(new Error(`the injector answered ${response.statusCode}`));
        });
      },
    );
    sent.once('error', reject);
    sent.once('timeout', () => sent.destroy(new Error('the injector did not answer')));
    sent.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: asked }));
  });
}

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

test('certificates and authorities are renewed over and over, torn ones too: no call fails', async (t) => {
  t.timeout(RUN_MS + 180_000);
  const programs = await buildBundles(t, ['broker', 'sidecar', 'injector']);
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
  const injector = await startInjector(t, system, join(programs.cwd, 'injector', 'injector.mjs'));
  const part = (name: string, { statusUrl }: { statusUrl: string }, uri: string): Renewed => ({
    name,
    statusUrl,
    dir: join(sandbox.dir, name),
    leaf: { uriSans: [uri] },
  });
  const processes: readonly Renewed[] = [
    part('broker', broker, BROKER_ID),
    part('recorder', sealer, RECORDER_ID),
    part('second', opener, RECORDER_ID),
    { ...part('injector', injector, ''), leaf: INJECTOR_LEAF },
  ];

  const rotation = new Rotation(sandbox.ca, LIFE_MS);
  const load = new SteadyLoad(system);
  for (const worker of ['a', 'b']) load.add(`small-${worker}`, { sealer, opener }, 1_000);
  load.add('large', { sealer, opener }, 4 * MIB);
  for (const worker of ['a', 'b']) load.addSlow(`slow-${worker}`, { sealer, opener });
  load.addCall('review', () => review(injector.port, rotation.bundle));
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
  const unreachable = await Promise.all(
    [sealer, opener].map(async ({ statusUrl }) =>
      metricIn(
        await scrape(statusUrl),
        'cmk_broker_request_duration_seconds_count',
        'outcome="BROKER_UNREACHABLE"',
      ),
    ),
  );
  t.deepEqual(unreachable, [0, 0]);

  // TLS holds those who come to the end of their certificates and to today's authorities; an open connection goes on,
  // for as long as the broker lets connections live.
  if (RUN_MS < 300_000) t.is(await ask(opened), grpc.status.NOT_FOUND, 'on the connection that was open');
  const late = { uriSans: [RECORDER_ID] };
  const outcomes = {
    expired: await ask(connect(t, broker.address, rotation.bundle, await rotation.issue(late, -1_000))),
    'of an authority that is trusted no more': await ask(
      connect(t, broker.address, rotation.bundle, await sandbox.ca.issue(late)),
    ),
    valid: await ask(connect(t, broker.address, rotation.bundle, await rotation.issue(late))),
  };
  t.deepEqual(outcomes, {
    expired: grpc.status.PERMISSION_DENIED,
    'of an authority that is trusted no more': grpc.status.PERMISSION_DENIED,
    valid: grpc.status.NOT_FOUND,
  });
});
