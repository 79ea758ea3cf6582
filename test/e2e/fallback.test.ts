import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { CmkError, ReencryptionWorker, type AssetOutcome, type CmkClient } from '../../client/index.ts';
import type { DataKey } from '../../core/data-key.ts';
import { HeaderReader } from '../../core/header.ts';
import { Opener } from '../../core/opener.ts';
import { AssetFolders } from '../support/asset-folders.ts';
import { copyDatabase, wrappedKeys } from '../support/data-key-copies.ts';
import { DrivenSystem } from '../support/driven-system.ts';
import { eventually } from '../support/eventually.ts';
import { allowFallback, beginOutage, untilRewrapped } from '../support/fallback-episode.ts';
import { ACCOUNT, recording } from '../support/whole-system.ts';

/**
 * An outage of the customer's KMS from its beginning to the end of everything that it leaves behind. In the end the
 * platform key opens nothing of what it stood in for: shown by trying.
 */

const LEASE_MS = 300_000;
/** The first five tries of a key are so far apart; the outage ends before the third. */
const PROBE_INTERVAL_MS = 60_000;
const OLD = ['before-1', 'before-2'].map((id) => recording(id));
const NEW = ['meanwhile-1', 'meanwhile-2', 'meanwhile-3'].map((id) => recording(id));
const FILES = ['talk', 'chat'];
const content = randomBytes(200_000);

type SealedFile = ReturnType<AssetFolders['read']>[number];

async function outcomeOf(attempt: Promise<Buffer>): Promise<string> {
  try {
    return (await attempt).equals(content) ? 'OPEN' : 'another content';
  } catch (error) {
    return error instanceof CmkError ? error.code : String(error);
  }
}

function open(client: CmkClient, { asset, sealed }: SealedFile): Promise<string> {
  return outcomeOf(buffer(client.decrypt(sealed, { asset, reason: 'USER_ACCESS' })));
}

/** Opens a file without any of us, with a data key that was got somehow. */
function opensWith(dataKey: DataKey, { sealed }: SealedFile): boolean {
  const read = new HeaderReader().push(sealed);
  if (!read) throw new Error('no whole header');
  try {
    const opener = new Opener(read.header, dataKey);
    const out = Buffer.alloc(opener.updateBytes(read.rest.length));
    const bytes = opener.update(read.rest, out, 0);
    opener.final();
    return out.subarray(0, bytes).equals(content);
  } catch (error) {
    if (error instanceof CmkError && error.code === 'AUTHENTICATION_FAILED') return false;
    throw error;
  }
}

/** What the platform key makes of each wrapped data key in a copy of the database. */
async function stolenFrom(system: DrivenSystem, path: string): Promise<DataKey[]> {
  const { keys, platform } = await wrappedKeys(path, ACCOUNT);
  const stolen: DataKey[] = [];
  for (const { wrapped, context } of keys) {
    // Any of its replicas opens what another wrapped.
    const attempt = system.kms.unwrap(platform[0] ?? '', wrapped, context, { timeoutMs: 10_000 });
    const dataKey = await attempt.catch(() => null);
    if (dataKey) stolen.push(dataKey);
  }
  return stolen;
}

/** Time passes in strides, and what is due at their ends gets some real time to be done. */
const STRIDE_MS = 10_000;
const REAL_MS_PER_STRIDE = 10;

/** Watches of revocations may break on the way and come back: nothing is revoked here. */
async function pass({ clock }: DrivenSystem, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += STRIDE_MS) {
    clock.advance(STRIDE_MS);
    await setTimeout(REAL_MS_PER_STRIDE);
  }
}

/** The newest one. */
async function episode({ admin }: DrivenSystem) {
  const { episodes } = (await admin.call('GET', `/v1/accounts/${ACCOUNT}/fallback/episodes`)) as {
    episodes: { assets: number; probes: number; endedAt: number | null }[];
  };
  return episodes[0];
}

/** Works until the list is empty, and dies on the way: after each of these many steps once. */
async function workWithCrashes(
  t: ExecutionContext,
  { client, folders }: { client: CmkClient; folders: AssetFolders },
): Promise<{ outcomes: AssetOutcome[]; lives: number }> {
  const outcomes: AssetOutcome[] = [];
  for (let lifeSpan = 1; lifeSpan < 20; lifeSpan++) {
    const life = new AbortController();
    let steps = 0;
    const step = () => {
      if (++steps < lifeSpan) return;
      life.abort();
      throw new Error('killed');
    };
    folders.onReplace = step;
    const mortal: Pick<CmkClient, 'listReencryption' | 'reencrypt' | 'completeReencryption'> = {
      listReencryption: (...args) => client.listReencryption(...args),
      reencrypt: (...args) => client.reencrypt(...args),
      async completeReencryption(...args) {
        step();
        await client.completeReencryption(...args);
      },
    };
    const onProgress = (outcome: AssetOutcome) => void outcomes.push(outcome);
    const options = { client: mortal, srvId: '0001', store: folders, concurrency: 1, onProgress };
    await new ReencryptionWorker(options).runOnce(life.signal).catch(() => undefined);
    for (const file of folders.read(NEW)) {
      t.is(await open(client, file), 'OPEN', `${file.path}, life ${lifeSpan}`);
    }
    if (!life.signal.aborted) return { outcomes, lives: lifeSpan };
  }
  throw new Error('it does not come to an end');
}

test('an outage, the recovery, re-encryption: then the platform key opens nothing, and nothing was lost', async (t) => {
  const system = await DrivenSystem.start(t, 'fallback');
  const recorder = await system.startSidecar('recorder');
  const { client } = recorder;
  const folders = new AssetFolders(join(system.dir, 'files'));
  const seal = (asset: (typeof OLD)[number], name: string) => folders.seal(client, asset, name, content);
  const database = join(system.dir, 'cmk.db');
  await allowFallback(system);
  for (const asset of OLD) t.is(await seal(asset, 'talk'), 'CUSTOMER_KEY');

  const endOutage = beginOutage(system);
  await pass(system, LEASE_MS);
  for (const asset of NEW) for (const name of FILES) t.is(await seal(asset, name), 'FALLBACK_KEY');
  const fresh = await system.startSidecar('fresh');
  for (const [name, each] of Object.entries({ recorder, fresh })) {
    for (const file of folders.read(OLD)) t.is(await open(each.client, file), 'KMS_UNREACHABLE', name);
    for (const file of folders.read(NEW)) t.is(await open(each.client, file), 'OPEN', name);
  }
  await pass(system, PROBE_INTERVAL_MS);
  await eventually(async () => {
    await pass(system, STRIDE_MS);
    return (await episode(system))?.probes === 1;
  });
  t.like(await episode(system), { assets: NEW.length, endedAt: null });
  const copyFromBefore = join(system.dir, 'before.db');
  await copyDatabase(database, copyFromBefore);
  const filesFromBefore = folders.read(NEW);

  endOutage();
  const intervals = (await untilRewrapped(system)) / PROBE_INTERVAL_MS;
  t.true(intervals <= 2, `rewrapped after ${intervals} probe intervals`);
  for (const file of folders.read([...OLD, ...NEW])) t.is(await open(client, file), 'OPEN', file.path);
  const marked = (await client.listReencryption('0001')).reencryptions;
  t.deepEqual(new Set(marked.map(({ asset }) => asset.id)), new Set(NEW.map(({ id }) => id)));
  t.true(marked.every(({ readyInMs }) => readyInMs > LEASE_MS));

  await pass(system, 2 * LEASE_MS);
  // A file that is added meanwhile is right already.
  t.is(await seal(recording('meanwhile-1'), 'added'), 'CUSTOMER_KEY');
  const { outcomes, lives } = await workWithCrashes(t, { client, folders });
  t.is(outcomes.filter(({ state }) => state === 'DONE').length, NEW.length);
  t.deepEqual((await client.listReencryption('0001')).reencryptions, []);
  for (const file of filesFromBefore) {
    for (const each of [recorder, fresh])
      t.is(await open(each.client, file), 'DATA_KEY_DESTROYED', file.path);
    t.is(await open(fresh.client, { ...file, sealed: readFileSync(file.path) }), 'OPEN', file.path);
  }

  // With the platform key and the database from before, the files from before open, each by one data key.
  const stolen = await stolenFrom(system, copyFromBefore);
  const { keys } = await wrappedKeys(copyFromBefore, ACCOUNT);
  t.is(stolen.length, keys.filter(({ protection }) => protection === 'FALLBACK_KEY').length);
  t.is(stolen.length, NEW.length);
  for (const file of filesFromBefore) {
    t.is(stolen.filter((dataKey) => opensWith(dataKey, file)).length, 1, file.path);
  }
  // The files from after do not, by any of them; and the database from after gives away no data key at all.
  const filesFromAfter = folders.read([...OLD, ...NEW]);
  t.is(filesFromAfter.length, OLD.length + NEW.length * FILES.length + 1);
  for (const file of filesFromAfter) {
    t.is(stolen.filter((dataKey) => opensWith(dataKey, file)).length, 0, file.path);
  }
  t.deepEqual(await stolenFrom(system, database), []);
  for (const dataKey of stolen) dataKey[Symbol.dispose]();
  t.log(
    `${NEW.length} assets with ${filesFromBefore.length} files in fallback; rewrapped ${intervals.toFixed(2)} probe intervals after the recovery; ` +
      `sealed again through ${lives - 1} crashes; ${stolen.length} data keys of the platform key: ` +
      `${filesFromBefore.length} of ${filesFromBefore.length} files from before open, 0 of ${filesFromAfter.length} from after`,
  );
});
