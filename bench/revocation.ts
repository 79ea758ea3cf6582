/**
 * How long plaintext still comes out after a customer took a key away. Everything is a process of its own: the
 * emulated AWS KMS, PostgreSQL, two brokers and 20 sidecars, ten at each broker. Settings are the defaults.
 *
 * Trials run at the same time over 20 accounts, each with a key of its own: the broker asks all keys with live leases
 * in one round anyway, so one account's trial costs another's nothing but the machine's time. Each account's key is
 * disabled at a random moment of the probe's interval, because a moment of the bench's choosing would be kind or unkind.
 * The sidecars of an account hang on one broker, so that no second probe helps. Readers take a frame each 100 ms, which is
 * some 25 MB/s in all: a figure may be that much short. How late the bench itself was is printed beside it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { CmkClient } from '../client/index.ts';
import type { References } from '../sandbox/customers/customer.ts';
import type { BrokerProcess } from '../sandbox/parts.ts';
import { startSystem, type SandboxSystem } from '../sandbox/system.ts';
import { PostgresServer } from '../test/support/postgres.ts';
import { Reader, sealSample, type Sample } from './reader.ts';

const SIDECARS_PER_BROKER = 10;
const ACCOUNTS = 20;
const TRIALS_PER_ACCOUNT = 5;
const REVOKE_NOW_TRIALS = 100;
const PROBE_INTERVAL_MS = 10_000;
/** A broker looks for what others revoked at least this often. */
const POLL_INTERVAL_MS = 250;
const LATENESS_RESOLUTION_MS = 10;
const MAX_PROBED_MS = 12_000;
const MAX_REVOKE_NOW_MS = 1_000;

interface World {
  readonly system: SandboxSystem;
  /** The first ten at the first broker, the others at the second. */
  readonly clients: readonly CmkClient[];
}

interface Customer {
  readonly keyId: string;
  readonly references: References;
  readonly sample: Sample;
}

/** @returns lines; what misses its target says MISSED */
export async function benchRevocation(): Promise<string[]> {
  const dir = await mkdtemp(join(tmpdir(), 'cmk-rev-'));
  const closers: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true })];
  try {
    const world = await start(dir, closers);
    const customers: Customer[] = [];
    for (let index = 0; index < ACCOUNTS; index++) {
      const [sealer] = clientsOf(world, index);
      customers.push(await addCustomer(world, sealer, `acme-${index}`));
    }
    return [await disabled(world, customers), await revokedNow(world, customers)];
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

/** The customer disables the key, and nobody tells the broker: its probe finds out. */
async function disabled(world: World, customers: readonly Customer[]): Promise<string> {
  const late = watchLateness();
  const trials = customers.map(async (customer, index) => {
    const figures: number[] = [];
    for (let trial = 0; trial < TRIALS_PER_ACCOUNT; trial++) {
      const readers = await readAll(clientsOf(world, index), customer);
      await sleep(Math.random() * PROBE_INTERVAL_MS);
      const disabledAtMs = performance.now();
      await world.system.customer.disable(customer.references);
      figures.push((await lastByteMs(readers)) - disabledAtMs);
      await world.system.customer.enable(customer.references);
    }
    return figures;
  });
  const figures = (await Promise.all(trials)).flat();
  return line('disabled in the KMS, to the last plaintext byte', figures, MAX_PROBED_MS) + late();
}

/**
 * The customer disables the key, and the operator presses "Revoke now": readers at 20 sidecars of two brokers. Each
 * customer in turn: a key that came and went a hundred times in a row would have to wait for its return.
 */
async function revokedNow({ system, clients }: World, customers: readonly Customer[]): Promise<string> {
  const late = watchLateness();
  const figures: number[] = [];
  for (let trial = 0; trial < REVOKE_NOW_TRIALS; trial++) {
    const customer = customers[trial % customers.length];
    if (!customer) throw new Error('no customer');
    const readers = await readAll(clients, customer);
    await sleep(Math.random() * POLL_INTERVAL_MS);
    await system.customer.disable(customer.references);
    await system.admin.call('POST', `/v1/keys/${customer.keyId}/revoke`);
    const answeredAtMs = performance.now();
    figures.push(Math.max(0, (await lastByteMs(readers)) - answeredAtMs));
    await system.customer.enable(customer.references);
  }
  const what = `"Revoke now" over ${clients.length} sidecars of two brokers, to the last plaintext byte`;
  return line(what, figures, MAX_REVOKE_NOW_MS) + late();
}

/** Two sidecars of one broker. */
function clientsOf({ clients }: World, account: number): [CmkClient, CmkClient] {
  const at = (sidecar: number): CmkClient => {
    const client = clients[sidecar % SIDECARS_PER_BROKER];
    if (!client) throw new Error(`no sidecar ${sidecar}`);
    return client;
  };
  return [at(account), at(account + SIDECARS_PER_BROKER / 2)];
}

/** Readers that have their first bytes. */
async function readAll(clients: readonly CmkClient[], { sample }: Customer): Promise<Reader[]> {
  const readers = clients.map((client) => new Reader(client, sample));
  await Promise.all(readers.map((reader) => reader.reading));
  return readers;
}

/** When the last of them got its last byte; each was refused after it, because the key is disabled. */
async function lastByteMs(readers: readonly Reader[]): Promise<number> {
  const times = await Promise.all(readers.map((reader) => reader.refused));
  return Math.max(...times);
}

async function addCustomer(
  { system: { admin, customer } }: World,
  sealer: CmkClient,
  account: string,
): Promise<Customer> {
  const references = await customer.createKey();
  await customer.allowBroker(references, account);
  await admin.putAccount(account, { name: account, licence: 'ACCOUNT' });
  const { key } = await admin.enrolKey(account, references);
  await admin.enrolType(account, '0001', 'MeetingWebinarRecording');
  return { keyId: key.id, references, sample: await sealSample(sealer, account) };
}

async function start(dir: string, closers: (() => Promise<unknown>)[]): Promise<World> {
  const postgres = await PostgresServer.start();
  closers.push(() => postgres.remove());
  const system = await startSystem({ dir, databaseUrl: await postgres.createDatabase() });
  closers.push(() => system.close());
  const brokers: BrokerProcess[] = [system.broker, await system.startBroker('broker-2')];
  const clients: CmkClient[] = [];
  closers.push(() => {
    for (const client of clients) client.close();
    return Promise.resolve();
  });
  for (const [index, broker] of brokers.entries()) {
    for (let at = 0; at < SIDECARS_PER_BROKER; at++) {
      const { address } = await system.startSidecar(`s${index}-${at}`, '0001', { broker });
      clients.push(new CmkClient({ address }));
    }
  }
  return { system, clients };
}

/** How late timers of this process fired: what it notes may be so late too. */
function watchLateness(): () => string {
  const delay = monitorEventLoopDelay({ resolution: LATENESS_RESOLUTION_MS });
  delay.enable();
  return () => {
    delay.disable();
    const lateMs = Math.max(0, delay.percentile(99) / 1e6 - LATENESS_RESOLUTION_MS);
    return `; this bench was late by ${lateMs.toFixed(0)} ms (p99)`;
  };
}

function line(what: string, figures: readonly number[], mostMs: number): string {
  const sorted = figures.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.ceil(sorted.length * part) - 1] ?? Infinity;
  const seconds = (ms: number): string => (ms / 1000).toFixed(2);
  const spread = `median ${seconds(at(0.5))} s, longest ${seconds(at(1))} s`;
  const verdict = at(0.99) <= mostMs ? '' : ' MISSED';
  return `${what}: p99 ${seconds(at(0.99))} s (≤ ${mostMs / 1000} s)${verdict}, ${spread}, ${sorted.length} trials`;
}
