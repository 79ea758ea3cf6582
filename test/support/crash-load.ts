import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { CmkClient, CmkError } from '../../client/index.ts';
import type { RestartableProcess, SidecarProcess } from '../../sandbox/parts.ts';
import { buildBundles } from './bundles.ts';
import { dataKeyRows } from './data-key-rows.ts';
import { eventually } from './eventually.ts';
import { seededRandom } from './seeded-random.ts';
import { OWNER, recording, WholeSystem } from './whole-system.ts';

/** Files sealed at a time through each sidecar. */
const WORKERS_PER_SIDECAR = 4;
const OPENED_AT_A_TIME = 32;
/** A kill comes at a random moment within this time. */
const KILL_WITHIN_MS = 300;
/** Every so manieth kill does not wait until the load flows again: it may come before the sidecars are back. */
const EARLY_EVERY = 5;

export interface CrashPlan {
  readonly suite: string;
  readonly database: 'sqlite' | 'postgres';
  readonly brokerKills: number;
  readonly sidecarKills: number;
  readonly seed: number;
}

/** What services were told while processes died around them. */
class Load {
  /** Data-key id → asset, of each `started` message. */
  readonly started = new Map<string, string>();
  /** Files whose call ended well. */
  readonly finished: { readonly assetId: string; readonly content: Buffer; readonly file: Buffer }[] = [];
  readonly failures = new Map<string, number>();
  readonly #system: WholeSystem;
  #running = true;

  constructor(system: WholeSystem) {
    this.#system = system;
  }

  /** Seals files, each of a new asset but for every fourth, until {@link stop}. */
  async work(worker: string, { address }: SidecarProcess): Promise<void> {
    const client = new CmkClient({ address });
    for (let count = 0; this.#running; count++) {
      const assetId = `${worker}-${count - (count % 4 === 3 ? 1 : 0)}`;
      const content = Buffer.from(`${worker} ${count} `.repeat(1 + (count % 50)));
      await this.#seal(client, assetId, content);
    }
    client.close();
  }

  stop(): void {
    this.#running = false;
  }

  async #seal(client: CmkClient, assetId: string, content: Buffer): Promise<void> {
    const stream = client.encrypt(content, { asset: recording(assetId), owner: OWNER });
    const noted = stream.started.then(
      ({ dataKeyId }) => void this.started.set(dataKeyId, assetId),
      () => undefined,
    );
    try {
      const file = await buffer(stream);
      await noted;
      this.finished.push({ assetId, content, file });
    } catch (error) {
      if (!(error instanceof CmkError)) throw error;
      this.failures.set(error.code, (this.failures.get(error.code) ?? 0) + 1);
      if (this.failures.get(error.code) === 1) this.#system.note(error);
      // Whoever fails at once must not keep the processors from those that start anew.
      await sleep(20);
    }
  }
}

/**
 * Kills the broker again and again while files are sealed, and holds what is left to the promise: no data key that
 * reached a sidecar is missing, and every file that was finished opens.
 */
export async function crashUnderLoad(t: ExecutionContext, plan: CrashPlan): Promise<void> {
  const random = seededRandom(plan.seed);
  const programs = await buildBundles(t, ['broker', 'sidecar']);
  const system = await WholeSystem.start(t, plan.suite, plan.database, {
    programs,
    brokerEnv: { CMK_LOG_LEVEL: 'warn' },
    sidecarEnv: { CMK_LOG_LEVEL: 'warn' },
  });
  const { sandbox } = system;
  const sidecars = [sandbox.sidecars.recorder, await sandbox.startSidecar('second', '0001')];

  const load = new Load(system);
  const workers = sidecars.flatMap((sidecar, number) =>
    Array.from({ length: WORKERS_PER_SIDECAR }, (_, index) => load.work(`s${number}w${index}`, sidecar)),
  );
  const kills = killsOf(plan, sandbox.broker, sidecars);
  let startedBefore = 0;
  try {
    for (const [index, victim] of kills.entries()) {
      if ((index + 1) % EARLY_EVERY !== 0) await eventually(() => load.started.size > startedBefore, 30_000);
      await sleep(random() * KILL_WITHIN_MS);
      await victim.restart();
      startedBefore = load.started.size;
    }
  } finally {
    load.stop();
    await Promise.all(workers);
  }
  await sandbox.broker.restart();
  const stored = new Set((await dataKeyRows(system.store)).map((row) => row.data_key_id));
  const { started, finished, failures } = load;
  const lost = [...started].filter(([dataKeyId]) => !stored.has(dataKeyId));
  t.log(
    `${plan.database}, seed ${plan.seed}: ${kills.length} kills, ${started.size} data keys reached a sidecar, ` +
      `${stored.size} stored, ${lost.length} missing; ${finished.length} files finished; ` +
      `failures ${JSON.stringify(Object.fromEntries(failures))}`,
  );
  t.deepEqual(lost, []);
  t.true(finished.length > kills.length, 'there was hardly any load');
  t.is(await countOpened(system, finished), finished.length);
}

/** The sidecars' crashes are spread among the broker's. */
function killsOf(
  { brokerKills, sidecarKills }: CrashPlan,
  broker: RestartableProcess,
  sidecars: readonly RestartableProcess[],
): RestartableProcess[] {
  const kills = Array.from({ length: brokerKills }, () => broker);
  for (let count = 0; count < sidecarKills; count++) {
    const victim = sidecars[count % sidecars.length];
    if (victim) kills.splice(Math.floor(((count + 0.5) * brokerKills) / sidecarKills), 0, victim);
  }
  return kills;
}

/** Through a new sidecar and a new broker: nothing is left in any cache. */
async function countOpened(system: WholeSystem, files: Load['finished']): Promise<number> {
  const { address } = await system.sandbox.startSidecar('reader', '0001');
  const client = new CmkClient({ address });
  const waiting = [...files];
  let opened = 0;
  const reader = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { assetId, content, file } = next;
      const asset = recording(assetId);
      if (content.equals(await buffer(client.decrypt(file, { asset, reason: 'USER_ACCESS' })))) opened++;
    }
  };
  await Promise.all(Array.from({ length: OPENED_AT_A_TIME }, reader));
  client.close();
  return opened;
}
