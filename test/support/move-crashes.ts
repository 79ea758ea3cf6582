import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { AwsKmsProvider } from '../../broker/kms/aws/provider.ts';
import type { KmsProvider } from '../../broker/kms/provider.ts';
import type { Move } from '../../broker/model/moves.ts';
import type { DataKeyRecord, Kek } from '../../broker/model/types.ts';
import { openStore } from '../../broker/store/open-store.ts';
import type { Store } from '../../broker/store/store.ts';
import type { DataKey } from '../../core/data-key.ts';
import { assetContext } from '../../core/encryption-context.ts';
import { AwsAccount } from '../../sandbox/customers/aws.ts';
import type { SandboxSystem } from '../../sandbox/system.ts';
import { awsConfigFor, CUSTOMER_ACCOUNT } from './aws-kms.ts';
import { buildBundles } from './bundles.ts';
import { dataKeyRows } from './data-key-rows.ts';
import { eventually } from './eventually.ts';
import { seededRandom } from './seeded-random.ts';
import { aDataKey, anAuditEvent } from './stored-facts.ts';
import { ACCOUNT, recording, WholeSystem } from './whole-system.ts';

const AT_A_TIME = 48;
const KMS_TIMEOUT_MS = 20_000;
/** A kill comes at a random moment within this time after the move has come so far. */
const KILL_WITHIN_MS = 1_000;
const LOOK_EVERY_MS = 100;
const SAMPLE_EVERY_MS = 10;

export interface MoveCrashPlan {
  readonly suite: string;
  readonly database: 'sqlite' | 'postgres';
  readonly dataKeys: number;
  readonly kills: number;
  /** CMK_MOVE_RATE. */
  readonly perSecond: number;
  readonly seed: number;
}

export interface MoveCrashResult {
  /** Data keys a second while a broker worked on the move, its first second left out: then a burst is allowed. */
  readonly perSecond: number;
}

/** What is known of the data keys from before. */
interface Known {
  /** By asset. */
  readonly hashes: ReadonlyMap<string, string>;
  readonly ids: ReadonlySet<string>;
}

interface World {
  readonly store: Store;
  readonly kms: KmsProvider;
  readonly from: Kek;
  readonly to: Kek;
}

/**
 * Moves an account's data keys to another key while the broker is killed again and again, opens some of them all the
 * while, and in the end all: none is lost, none doubled, each is the data key that it was.
 */
export async function moveUnderCrashes(t: ExecutionContext, plan: MoveCrashPlan): Promise<MoveCrashResult> {
  const random = seededRandom(plan.seed);
  const programs = await buildBundles(t, ['broker', 'sidecar']);
  const system = await WholeSystem.start(t, plan.suite, plan.database, {
    programs,
    brokerEnv: {
      CMK_LOG_LEVEL: 'warn',
      CMK_MOVE_RATE: String(plan.perSecond),
      CMK_KMS_ACCOUNT_RATE: String(plan.perSecond * 4),
    },
  });
  const world = await twoKeys(t, system);
  const known = await fill(world, plan.dataKeys);

  const selection = { kekIds: [world.from.id] };
  const body = { kind: 'ROTATE', selection, target: world.to.id };
  const path = `/v1/accounts/${ACCOUNT}/moves`;
  const { move } = (await system.sandbox.admin.call('POST', path, body)) as { move: Move };
  t.is(move.total, plan.dataKeys);
  const watch = new Watch(world.store, move.id);
  const sampler = new Sampler(world, known);
  const sampling = sampler.run(random);
  const startedMs = performance.now();
  try {
    for (let kill = 0; kill < plan.kills; kill++) {
      await watch.until(({ moved }) => moved >= ((kill + 0.5) * plan.dataKeys) / plan.kills);
      await watch.for(random() * KILL_WITHIN_MS);
      await system.sandbox.broker.restart();
      watch.newTurn();
    }
    await watch.until(({ left }) => left === 0);
  } finally {
    sampler.stop();
    await sampling;
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  await watch.until(({ state }) => state === 'DONE');
  t.log(
    `${plan.database}, seed ${plan.seed}: ${plan.dataKeys} data keys moved with ${plan.kills} kills in ` +
      `${seconds.toFixed(0)} s; ${watch.perSecond.toFixed(1)} a second while a broker worked, ` +
      `${plan.perSecond} allowed; ${sampler.opened} opened on the way, ${JSON.stringify(sampler.under)}`,
  );
  t.deepEqual(sampler.problems, []);
  t.true(sampler.opened >= plan.kills, 'hardly any was sampled');
  await checkAll(t, { system, world, known, move });
  return { perSecond: watch.perSecond };
}

async function twoKeys(t: ExecutionContext, { sandbox, store: location }: WholeSystem): Promise<World> {
  const store = await openStore(location);
  t.teardown(() => store.close());
  const [from] = await store.listKeks(ACCOUNT);
  const to = await store.findKek(await enrolAnother(sandbox));
  if (!from || !to) throw new Error('a key is not stored');
  const { controlUrl } = sandbox.aws;
  const role = await new AwsAccount(controlUrl, CUSTOMER_ACCOUNT).createRole('auditor');
  const kms = new AwsKmsProvider(awsConfigFor(sandbox.aws), role);
  t.teardown(() => kms.close());
  return { store, kms, from, to };
}

async function enrolAnother({ customer, admin }: SandboxSystem): Promise<string> {
  const references = await customer.createKey();
  await customer.allowBroker(references, ACCOUNT);
  // Which of two keys is newer is told by whole seconds first.
  await sleep(1_000);
  return (await admin.enrolKey(ACCOUNT, references)).key.id;
}

/** Stores data keys that the customer's KMS made, past the broker. */
async function fill({ store, kms, from }: World, count: number): Promise<Known> {
  const hashes = new Map<string, string>();
  const ids = new Set<string>();
  await forEach(count, async (index) => {
    const asset = recording(`moved-${index}`);
    const createdAt = 1_700_000_000;
    const context = assetContext(asset, createdAt);
    const { dataKey, wrapped } = await kms.generate(from.references[0], context, {
      timeoutMs: KMS_TIMEOUT_MS,
    });
    hashes.set(asset.id, hashOf(dataKey));
    const record = aDataKey(from, { asset, createdAt, wrapped });
    ids.add(record.id);
    // On ledgers of several accounts: writers to one wait for each other.
    await store.insertDataKey(record, anAuditEvent({ account: `filler-${index % AT_A_TIME}` }));
  });
  return { hashes, ids };
}

/** Follows a move and measures it. */
class Watch {
  readonly #store: Store;
  readonly #id: string;
  #first: Move | null = null;
  #last: Move | null = null;
  #moved = 0;
  #ms = 0;

  constructor(store: Store, id: string) {
    this.#store = store;
    this.#id = id;
  }

  get perSecond(): number {
    const { moved, ms } = this.#turn();
    return ((this.#moved + moved) / (this.#ms + ms)) * 1_000;
  }

  async until(condition: (move: Move) => boolean): Promise<void> {
    await eventually(async () => {
      await sleep(LOOK_EVERY_MS);
      return condition(await this.#look());
    }, 30 * 60_000);
  }

  async for(ms: number): Promise<void> {
    const endMs = performance.now() + ms;
    while (performance.now() < endMs) {
      await this.#look();
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** What was measured since the last kill is added up. */
  newTurn(): void {
    const { moved, ms } = this.#turn();
    this.#moved += moved;
    this.#ms += ms;
    this.#first = null;
    this.#last = null;
  }

  async #look(): Promise<Move> {
    const move = await this.#store.moves.find(ACCOUNT, this.#id);
    if (!move) throw new Error('the move is gone');
    const since = move.pace?.since ?? Infinity;
    // A broker that waits for a claim to expire, or waits for its KMS, does not work on it.
    const isWorking = move.left > 0 && move.progressAt !== null && move.progressAt > since + 1_000;
    if (!isWorking) return move;
    if (this.#first?.pace?.since !== since) {
      this.newTurn();
      this.#first = move;
    }
    this.#last = move;
    return move;
  }

  #turn(): { moved: number; ms: number } {
    if (!this.#first || !this.#last) return { moved: 0, ms: 0 };
    return {
      moved: this.#last.moved - this.#first.moved,
      ms: (this.#last.progressAt ?? 0) - (this.#first.progressAt ?? 0),
    };
  }
}

/** Opens data keys at random, each with what its row says at that moment. */
class Sampler {
  readonly under = { from: 0, to: 0 };
  readonly problems: string[] = [];
  readonly #world: World;
  readonly #known: Known;
  #isRunning = true;

  constructor(world: World, known: Known) {
    this.#world = world;
    this.#known = known;
  }

  get opened(): number {
    return this.under.from + this.under.to;
  }

  stop(): void {
    this.#isRunning = false;
  }

  async run(random: () => number): Promise<void> {
    const ids = [...this.#known.hashes.keys()];
    while (this.#isRunning) {
      const id = ids[Math.floor(random() * ids.length)] ?? '';
      await this.#open(id);
      await sleep(SAMPLE_EVERY_MS);
    }
  }

  async #open(id: string): Promise<void> {
    const { store, to } = this.#world;
    try {
      const record = await store.findNewestDataKey(recording(id));
      if (!record) throw new Error('it is not stored');
      if ((await hashAsStored(this.#world, record)) !== this.#known.hashes.get(id))
        throw new Error('another key');
      this.under[record.kekId === to.id ? 'to' : 'from']++;
    } catch (error) {
      this.problems.push(`${id}: ${String(error)}`);
    }
  }
}

async function hashAsStored({ kms, from, to }: World, record: DataKeyRecord): Promise<string> {
  const kek = [from, to].find(({ id }) => id === record.kekId);
  if (!kek) throw new Error('it is under neither key');
  const call = { timeoutMs: KMS_TIMEOUT_MS };
  return hashOf(await kms.unwrap(kek.references[0], record.wrapped, record.context, call));
}

function hashOf(dataKey: DataKey): string {
  const bytes = dataKey.copyBytes();
  dataKey[Symbol.dispose]();
  const hash = createHash('sha256').update(bytes).digest('base64');
  bytes.fill(0);
  return hash;
}

async function checkAll(
  t: ExecutionContext,
  { system, world, known, move }: { system: WholeSystem; world: World; known: Known; move: Move },
): Promise<void> {
  const { store, to } = world;
  const rows = await dataKeyRows(system.store);
  t.is(rows.length, known.ids.size, 'none is lost and none doubled');
  t.true(rows.every(({ data_key_id }) => known.ids.has(data_key_id)));
  const wrong: string[] = [];
  const ids = [...known.hashes.keys()];
  await forEach(ids.length, async (index) => {
    const id = ids[index] ?? '';
    const record = await store.findNewestDataKey(recording(id));
    const isRight = record?.kekId === to.id && (await hashAsStored(world, record)) === known.hashes.get(id);
    if (!isRight) wrong.push(id);
  });
  t.deepEqual(wrong, []);
  const events = await store.listAudit(ACCOUNT, 100_000);
  const told = events.map(({ detail }) => /moved (\d+) data keys/.exec(detail ?? '')?.[1]);
  const inLedger = told.reduce((sum, count) => sum + Number(count ?? 0), 0);
  t.is(inLedger, ids.length, 'the ledger tells of each once');
  t.like(await store.moves.find(ACCOUNT, move.id), { state: 'DONE', moved: ids.length, left: 0, failed: 0 });
}

async function forEach(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
}
