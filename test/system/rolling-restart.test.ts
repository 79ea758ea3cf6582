import { once } from 'node:events';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { CmkClient } from '../../client/index.ts';
import type { BrokerProcess } from '../../sandbox/parts.ts';
import { metricIn, scrape } from '../../sandbox/scrape.ts';
import { buildBundles } from '../support/bundles.ts';
import { eventually } from '../support/eventually.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { OWNER, recording, WholeSystem } from '../support/whole-system.ts';

const NAME = 'brokers.cmk.test';
const MIB = 2 ** 20;
/** A hosts file keeps its length, and is written by one call: nobody reads half of it. */
const HOSTS_BYTES = 1_024;
/** How long all brokers have been ready before the next one is stopped; Kubernetes waits longer (`minReadySeconds`). */
const SETTLED_MS = 1_000;
/** As long, when addresses change: not every broker that a sidecar knows is gone before it may look again, after 5 s. */
const REPLACED_MS = 3_000;

/** Several addresses behind one name, as a headless Service has them, without a DNS server. */
class Hosts {
  readonly path: string;

  constructor(dir: string) {
    this.path = join(dir, 'hosts');
  }

  point(addresses: readonly string[]): void {
    const lines = ['127.0.0.1 localhost', ...addresses.map((address) => `${address} ${NAME}`)];
    const file = openSync(this.path, 'a+');
    closeSync(file);
    const again = openSync(this.path, 'r+');
    writeSync(again, `${lines.join('\n')}\n`.padEnd(HOSTS_BYTES, '\n'), 0);
    closeSync(again);
  }
}

async function issued({ statusUrl }: BrokerProcess): Promise<number> {
  return metricIn(await scrape(statusUrl), 'cmk_rpc_duration_seconds_count', 'method="IssueDataKey"');
}

test('3 brokers on PostgreSQL are restarted and replaced under load: no call of a service fails', async (t) => {
  t.timeout(300_000);
  const programs = await buildBundles(t, ['broker', 'sidecar']);
  const system = await WholeSystem.start(t, 'system-rolling-restart', 'postgres', {
    programs,
    brokerEnv: { CMK_LOG_LEVEL: 'warn', CMK_LEASE: '10s' },
    sidecarEnv: { CMK_LOG_LEVEL: 'warn' },
  });
  const { sandbox } = system;
  const port = sandbox.broker.address.split(':')[1] ?? '';
  const hosts = new Hosts(sandbox.dir);
  const start = (host: string) =>
    sandbox.startBroker(`broker-${host}`, { env: { CMK_GRPC_HOST: host, CMK_GRPC_PORT: port } });
  const brokers = new Map<string, BrokerProcess>([['127.0.0.1', sandbox.broker]]);
  for (const host of ['127.0.0.2', '127.0.0.3']) brokers.set(host, await start(host));
  hosts.point([...brokers.keys()]);

  const behindName = {
    broker: { address: `${NAME}:${port}` },
    programs: { ...programs, hostsFile: hosts.path },
  };
  const sealer = await sandbox.startSidecar('sealer', '0001', behindName);
  const opener = await sandbox.startSidecar('opener', '0001', behindName);
  const load = new SteadyLoad(system);
  for (const worker of ['a', 'b', 'c']) load.add(`small-${worker}`, { sealer, opener }, 1_000);
  load.add('large', { sealer, opener }, 8 * MIB);
  for (const worker of ['a', 'b']) load.addSlow(`slow-${worker}`, { sealer, opener });

  const exits: (number | null)[] = [];
  const spread: number[] = [];
  try {
    await eventually(() => load.files > 10, 30_000);
    for (const broker of brokers.values()) spread.push(await issued(broker));
    for (const broker of brokers.values()) {
      const { ended } = broker.process;
      await broker.restart('stop');
      exits.push(await ended);
      await sleep(SETTLED_MS);
    }
    // As a Deployment does it: another address for each, and the name knows it before the old one is stopped.
    for (const next of [4, 5, 6, 7]) {
      const [old = ''] = brokers.keys();
      const stopped = brokers.get(old);
      const host = `127.0.0.${next}`;
      brokers.set(host, await start(host));
      brokers.delete(old);
      hosts.point([...brokers.keys()]);
      await stopped?.process.stop(40_000);
      exits.push((await stopped?.process.ended) ?? null);
      await sleep(REPLACED_MS);
    }
    await sleep(SETTLED_MS);
  } finally {
    await load.stop();
  }
  for (const broker of brokers.values()) spread.push(await issued(broker));
  t.log(`${exits.length} brokers stopped: ${String(load)}; data keys issued by each: ${spread.join(', ')}`);
  t.deepEqual(load.failures, []);
  t.deepEqual(new Set(exits), new Set([0]), `exit codes ${exits.join(', ')}`);
  t.true(load.files > 100, 'there was hardly any load');
  t.true(
    spread.every((count) => count > 0),
    `a broker was not asked: ${spread.join(', ')}`,
  );
});

const STREAMS = 50;
const PIECE = Buffer.alloc(100_000, 'piece');

test('a sidecar told to stop in the middle of 50 streams loses none, refuses new ones and ends with 0', async (t) => {
  t.timeout(120_000);
  const programs = await buildBundles(t, ['broker', 'sidecar']);
  const system = await WholeSystem.start(t, 'system-sidecar-stop', 'sqlite', { programs });
  const { recorder } = system.sandbox.sidecars;
  const client = new CmkClient({ address: recorder.address });
  const streams = Array.from({ length: STREAMS }, (_, index) => {
    const source = new PassThrough();
    const stream = client.encrypt(source, { asset: recording(`stop-${index}`), owner: OWNER });
    source.write(PIECE);
    const file = buffer(stream);
    // Awaited later.
    file.catch(() => undefined);
    return { index, source, started: stream.started, file };
  });
  await Promise.all(streams.map(({ started }) => started));

  const { process } = recorder;
  const stopping = process.stop(40_000);
  await eventually(async () => (await fetch(`${recorder.statusUrl}/ready`)).status === 503);
  // On the connection that there is, and on a new one.
  const another = new CmkClient({ address: recorder.address });
  for (const each of [client, another]) {
    const refused = buffer(each.encrypt(PIECE, { asset: recording('too-late'), owner: OWNER }));
    await t.throwsAsync(refused, { code: 'SHUTTING_DOWN' });
  }
  for (const { source } of streams) if (!source.write(PIECE)) await once(source, 'drain');
  for (const { source } of streams) source.end(PIECE);
  const files = await Promise.all(streams.map(({ file }) => file));
  await stopping;
  t.is(await process.ended, 0);
  client.close();
  another.close();

  const { address } = await system.sandbox.startSidecar('reader', '0001');
  const reader = new CmkClient({ address });
  for (const [index, file] of files.entries()) {
    const asset = recording(`stop-${index}`);
    const opened = await buffer(reader.decrypt(file, { asset, reason: 'USER_ACCESS' }));
    t.true(opened.equals(Buffer.concat([PIECE, PIECE, PIECE])));
  }
  reader.close();
});
