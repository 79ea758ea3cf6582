import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import {
  CmkError,
  ReencryptionWorker,
  storedFile,
  type AssetOutcome,
  type AssetStore,
  type CmkClient,
} from '../../client/index.ts';
import type { Asset } from '../../core/asset.ts';
import type { DataKey } from '../../core/data-key.ts';
import { HeaderReader } from '../../core/header.ts';
import { Opener } from '../../core/opener.ts';
import { copyDatabase, onDatabase, wrappedKeys } from '../support/data-key-copies.ts';
import { DrivenSystem } from '../support/driven-system.ts';
import { eventually } from '../support/eventually.ts';
import { ACCOUNT, OWNER, recording } from '../support/whole-system.ts';

/** What the platform key has wrapped in place of the customer's does not stay open to it. */

const LEASE_MS = 300_000;
const TYPE = 'MeetingWebinarTranscript';
const ASSETS = ['m-1', 'm-2', 'm-3'];
const FILES = ['talk', 'chat'];
const content = randomBytes(200_000);

const assetOf = (id: string): Asset => ({ ...recording(id), type: TYPE });

/** The service's files: a folder an asset. */
class Folders implements AssetStore {
  readonly root: string;
  /** Called before a file is replaced. */
  onReplace: () => void = () => undefined;

  constructor(root: string) {
    this.root = root;
  }

  paths(asset: Asset): string[] {
    const folder = join(this.root, asset.id);
    return readdirSync(folder).map((name) => join(folder, name));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- as the interface wants it
  async *open(asset: Asset) {
    for (const path of this.paths(asset)) {
      const file = storedFile(path);
      yield {
        ...file,
        replace: async (sealed: AsyncIterable<Uint8Array>) => {
          this.onReplace();
          await file.replace(sealed);
        },
      };
    }
  }
}

/** Assets whose data keys the platform key wrapped, as an episode of fallback leaves them. */
async function sealInFallback(system: DrivenSystem, client: CmkClient, folders: Folders): Promise<void> {
  for (const id of ASSETS) {
    mkdirSync(join(folders.root, id), { recursive: true });
    for (const name of FILES) {
      const stream = client.encrypt(content, { asset: assetOf(id), owner: OWNER });
      writeFileSync(join(folders.root, id, name), await buffer(stream));
    }
  }
  await onDatabase(join(system.dir, 'cmk.db'), (db) =>
    db('data_keys').where({ type: TYPE }).update({ protection: 'FALLBACK_KEY' }),
  );
}

/** The customer's key is back: everything is rewrapped under it at once, and marked. */
async function recover(system: DrivenSystem): Promise<void> {
  await system.admin.enrolType(ACCOUNT, '0001', TYPE);
  const listed = (await system.admin.call('GET', `/v1/accounts/${ACCOUNT}/keys`)) as {
    keys: { id: string }[];
  };
  await system.admin.call('POST', `/v1/accounts/${ACCOUNT}/moves`, {
    kind: 'RECOVER',
    selection: { kekIds: ['platform'], protections: ['FALLBACK_KEY'] },
    target: listed.keys[0]?.id,
  });
  await eventually(async () => {
    system.clock.advance(1_000);
    const { keys } = await wrappedKeys(join(system.dir, 'cmk.db'), ACCOUNT);
    return keys.every(({ protection }) => protection === 'CUSTOMER_KEY');
  });
}

async function codeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return 'OK';
  } catch (error) {
    return error instanceof CmkError ? error.code : String(error);
  }
}

function open(client: CmkClient, id: string, sealed: Uint8Array): Promise<Buffer> {
  return buffer(client.decrypt(sealed, { asset: assetOf(id), reason: 'USER_ACCESS' }));
}

/** Opens a file without any of us, with a data key that was got somehow. @throws when it is not the file's */
function openWith(dataKey: DataKey, sealed: Buffer): Buffer {
  const read = new HeaderReader().push(sealed);
  if (!read) throw new Error('no whole header');
  const opener = new Opener(read.header, dataKey);
  const out = Buffer.alloc(opener.updateBytes(read.rest.length));
  const bytes = opener.update(read.rest, out, 0);
  opener.final();
  return out.subarray(0, bytes);
}

/** What the platform key makes of each wrapped data key in a copy of the database. */
async function unwrapped(system: DrivenSystem, path: string): Promise<Map<string, DataKey>> {
  const { keys, platform } = await wrappedKeys(path, ACCOUNT);
  const opened = new Map<string, DataKey>();
  for (const { id, wrapped, context } of keys) {
    for (const reference of platform) {
      const attempt = system.kms.unwrap(reference, wrapped, context, { timeoutMs: 10_000 });
      const dataKey = await attempt.catch(() => null);
      if (dataKey) opened.set(id, dataKey);
    }
  }
  return opened;
}

/** Works until the list is empty, and dies on the way: after each of these many steps once. */
async function workWithCrashes(
  t: ExecutionContext,
  { client, folders }: { client: CmkClient; folders: Folders },
): Promise<AssetOutcome[]> {
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
    const worker = new ReencryptionWorker({
      client: mortal,
      srvId: '0001',
      store: folders,
      concurrency: 1,
      onProgress: (outcome) => void outcomes.push(outcome),
    });
    await worker.runOnce(life.signal).catch(() => undefined);
    for (const id of ASSETS) {
      for (const path of folders.paths(assetOf(id))) {
        t.true((await open(client, id, readFileSync(path))).equals(content), `${path}, life ${lifeSpan}`);
      }
    }
    if (!life.signal.aborted) return outcomes;
  }
  throw new Error('it does not come to an end');
}

test('after a recovery and re-encryption the platform key opens nothing, and nothing was lost on the way', async (t) => {
  const system = await DrivenSystem.start(t, 'reencryption');
  const { client, sidecar } = await system.startSidecar('recorder');
  const folders = new Folders(join(system.dir, 'files'));
  await sealInFallback(system, client, folders);
  const copyFromBefore = join(system.dir, 'before.db');
  await copyDatabase(join(system.dir, 'cmk.db'), copyFromBefore);
  const filesFromBefore = new Map(
    ASSETS.flatMap((id) => folders.paths(assetOf(id)).map((path) => [path, readFileSync(path)])),
  );

  await recover(system);
  const marked = (await client.listReencryption('0001')).reencryptions;
  t.deepEqual(new Set(marked.map(({ asset }) => asset.id)), new Set(ASSETS));
  t.true(marked.every(({ readyInMs }) => readyInMs > LEASE_MS));
  // A file that is added meanwhile is right already.
  for (let passed = 0; passed < 2 * LEASE_MS; passed += 30_000) {
    await system.pass(30_000);
    await eventually(() => sidecar.hearsRevocations());
  }
  const added = client.encrypt(content, { asset: assetOf('m-1'), owner: OWNER });
  const { dataKeyId: newId } = await added.started;
  t.false(marked.some(({ dataKeyId }) => dataKeyId === newId));
  writeFileSync(join(folders.root, 'm-1', 'added'), await buffer(added));

  const outcomes = await workWithCrashes(t, { client, folders });
  t.is(outcomes.filter(({ state }) => state === 'DONE').length, ASSETS.length);
  t.deepEqual((await client.listReencryption('0001')).reencryptions, []);

  // Old files open nowhere, not even through a sidecar that never saw them.
  const { client: fresh } = await system.startSidecar('fresh');
  for (const [path, sealed] of filesFromBefore) {
    const id = ASSETS.find((each) => path.includes(`/${each}/`)) ?? '';
    for (const each of [client, fresh])
      t.is(await codeOf(open(each, id, sealed)), 'DATA_KEY_DESTROYED', path);
    t.true((await open(fresh, id, readFileSync(path))).equals(content), path);
  }

  // With the platform key, the database from before, and the files from before: this is what it could do.
  const stolen = await unwrapped(system, copyFromBefore);
  t.is(stolen.size, ASSETS.length);
  for (const sealed of filesFromBefore.values()) {
    t.is([...stolen.values()].filter((dataKey) => succeeds(() => openWith(dataKey, sealed))).length, 1);
  }
  // The same with the files from after, and with the database from after: nothing.
  t.is((await unwrapped(system, join(system.dir, 'cmk.db'))).size, 0);
  for (const id of ASSETS) {
    for (const path of folders.paths(assetOf(id))) {
      for (const dataKey of stolen.values()) {
        t.throws(() => openWith(dataKey, readFileSync(path)), { code: 'AUTHENTICATION_FAILED' }, path);
      }
    }
  }
  for (const dataKey of stolen.values()) dataKey[Symbol.dispose]();
});

test('a recording that goes on keeps its data key, and its file is sealed again in its turn', async (t) => {
  const system = await DrivenSystem.start(t, 'reencryption-running');
  const { client, sidecar } = await system.startSidecar('recorder');
  const folders = new Folders(join(system.dir, 'files'));
  await sealInFallback(system, client, folders);
  const source = new TransformStream<Uint8Array, Uint8Array>();
  const writer = source.writable.getWriter();
  const running = client.encrypt(source.readable, { asset: assetOf('m-1'), owner: OWNER });
  const whole = buffer(running);
  const { dataKeyId } = await running.started;
  await recover(system);
  const worker = new ReencryptionWorker({ client, srvId: '0001', store: folders });
  // It writes on, past the end of its first lease.
  for (let passed = 0; passed < 4 * LEASE_MS; passed += 60_000) {
    await writer.write(content);
    await eventually(() => sidecar.hearsRevocations());
    await system.pass(60_000);
    await eventually(() => sidecar.hearsRevocations());
    await writer.write(content);
    await eventually(async () => (await isHeld(client, dataKeyId)) || passed < LEASE_MS);
    await worker.runOnce();
    t.true(
      (await client.listReencryption('0001')).reencryptions.some((each) => each.dataKeyId === dataKeyId),
    );
  }
  await writer.close();
  const sealed = await whole;
  writeFileSync(join(folders.root, 'm-1', 'recording'), sealed);
  for (let passed = 0; passed < 2 * LEASE_MS; passed += 30_000) {
    await system.pass(30_000);
    await eventually(() => sidecar.hearsRevocations());
  }
  t.deepEqual(await worker.runOnce(), { done: 1, waiting: 0, failed: 0, readyInMs: null });
  t.is(await codeOf(open(client, 'm-1', sealed)), 'DATA_KEY_DESTROYED');
  const opened = await open(client, 'm-1', readFileSync(join(folders.root, 'm-1', 'recording')));
  t.is(opened.length % content.length, 0);
  t.true(opened.subarray(0, content.length).equals(content));
});

/** Whether the broker says that somebody may still be sealing with it. */
async function isHeld(client: CmkClient, dataKeyId: string): Promise<boolean> {
  const { reencryptions } = await client.listReencryption('0001');
  return reencryptions.some((each) => each.dataKeyId === dataKeyId && each.readyInMs > 0);
}

function succeeds(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}
