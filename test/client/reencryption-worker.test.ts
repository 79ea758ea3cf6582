import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import anyTest, { type TestFn } from 'ava';
import { CmkClient } from '../../client/client.ts';
import {
  ReencryptionWorker,
  type AssetOutcome,
  type AssetStore,
  type ReencryptionWorkerOptions,
  type StoredFile,
} from '../../client/reencryption-worker.ts';
import type { Reencryption } from '../../client/types.ts';
import { assetKey, type Asset } from '../../core/asset.ts';
import { CmkError } from '../../core/errors.ts';
import { eventually } from '../support/eventually.ts';
import { asset, SidecarFixture } from '../support/sidecar-fixture.ts';

const test = anyTest as TestFn<{ fixture: SidecarFixture; client: CmkClient; files: Files }>;
const content = randomBytes(300_000);
const named = (id: string): Asset => ({ ...asset, id });

/** A service's files in memory. */
class Files implements AssetStore {
  readonly byAsset = new Map<string, Map<string, Buffer>>();
  replaced = 0;
  /** Called before a file is replaced. */
  onReplace: (name: string) => void = () => undefined;
  /** Called when an asset's files are gone through. */
  onOpen: (asset: Asset) => Promise<void> | void = () => undefined;

  of(owner: Asset): Map<string, Buffer> {
    const files = this.byAsset.get(assetKey(owner)) ?? new Map<string, Buffer>();
    this.byAsset.set(assetKey(owner), files);
    return files;
  }

  async *open(owner: Asset): AsyncGenerator<StoredFile> {
    await this.onOpen(owner);
    const files = this.of(owner);
    for (const name of [...files.keys()]) {
      yield {
        name,
        read: () => piecesOf(files.get(name) ?? Buffer.alloc(0)),
        replace: async (sealed) => {
          const whole = await buffer(sealed);
          this.onReplace(name);
          files.set(name, whole);
          this.replaced++;
        },
      };
    }
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- a source is asynchronous
async function* piecesOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
}

test.beforeEach(async (t) => {
  const fixture = await SidecarFixture.start();
  const client = new CmkClient({ address: fixture.sidecar.addresses[0] });
  t.context = { fixture, client, files: new Files() };
});
test.afterEach.always(async (t) => {
  t.context.client.close();
  await t.context.fixture.close();
});

interface World {
  readonly fixture: SidecarFixture;
  readonly client: CmkClient;
  readonly files: Files;
}

/** An asset with files, whose data key is to go. @returns the data key */
async function markedAsset(
  { fixture, client, files }: World,
  owner: Asset,
  names: string[],
): Promise<string> {
  for (const name of names) {
    files.of(owner).set(name, await buffer(client.encrypt(content, { asset: owner, owner: 'user-1' })));
  }
  return fixture.broker.mark(owner);
}

function worker(
  { client, files }: World,
  facts: Partial<ReencryptionWorkerOptions> = {},
): ReencryptionWorker {
  return new ReencryptionWorker({ client, srvId: '0001', store: files, ...facts });
}

/** The files' data keys, once each opens as what was sealed. */
async function dataKeys({ client, files }: World, owner: Asset): Promise<Set<string>> {
  const ids = new Set<string>();
  for (const sealed of files.of(owner).values()) {
    const opened = client.decrypt(sealed, { asset: owner, reason: 'USER_ACCESS' });
    ids.add((await opened.started).dataKeyId);
    if (!(await buffer(opened)).equals(content)) throw new Error('another content');
  }
  return ids;
}

test('every file of every listed asset is sealed again, then the data key goes', async (t) => {
  const { fixture, client } = t.context;
  const old: string[] = [];
  for (const id of ['m-1', 'm-2', 'm-3']) {
    old.push(await markedAsset(t.context, named(id), ['video', 'transcript']));
  }
  const outcomes: AssetOutcome[] = [];
  const onProgress = (outcome: AssetOutcome) => void outcomes.push(outcome);
  const round = await worker(t.context, { onProgress }).runOnce();
  t.deepEqual(round, { done: 3, waiting: 0, failed: 0, readyInMs: null });
  t.deepEqual(
    outcomes.map(({ state, files, error }) => [state, files, error]),
    Array.from({ length: 3 }, () => ['DONE', 2, null]),
  );
  t.true(outcomes.every(({ sealedBytes }) => sealedBytes > 2 * content.length));
  t.deepEqual(fixture.broker.destroyed, new Set(old));
  for (const id of ['m-1', 'm-2', 'm-3']) {
    const now = await dataKeys(t.context, named(id));
    t.is(now.size, 1);
    t.false([...now].some((each) => old.includes(each)));
  }
  t.deepEqual((await client.listReencryption('0001')).reencryptions, []);
});

for (const dies of [1, 2, 3, 4]) {
  test(`one that dies at step ${dies} is followed by another, and every file opens at every moment`, async (t) => {
    const { files, fixture, client } = t.context;
    const old = await markedAsset(t.context, asset, ['a', 'b', 'c']);
    let steps = 0;
    const step = () => {
      if (++steps === dies) throw new Error('killed');
    };
    files.onReplace = step;
    const dying: ReencryptionWorkerOptions['client'] = {
      listReencryption: (...args) => client.listReencryption(...args),
      reencrypt: (...args) => client.reencrypt(...args),
      completeReencryption: async (...args) => {
        step();
        await client.completeReencryption(...args);
      },
    };
    t.like(await worker(t.context, { client: dying }).runOnce(), { done: 0, failed: 1 });
    t.is(files.replaced, dies - 1);
    t.false(fixture.broker.destroyed.has(old));
    await dataKeys(t.context, asset);
    files.onReplace = () => undefined;
    t.like(await worker(t.context).runOnce(), { done: 1, failed: 0 });
    t.is(files.replaced, 3, 'each file once');
    t.true(fixture.broker.destroyed.has(old));
    t.false((await dataKeys(t.context, asset)).has(old));
  });
}

test('a file that turns up meanwhile is sealed again before the data key goes', async (t) => {
  const { files, fixture } = t.context;
  const old = await markedAsset(t.context, asset, ['a', 'late']);
  const late = files.of(asset).get('late');
  files.of(asset).delete('late');
  let passes = 0;
  files.onOpen = () => {
    // Stored while the first pass was on its way.
    if (++passes === 2 && late) files.of(asset).set('late', late);
  };
  t.like(await worker(t.context).runOnce(), { done: 1 });
  t.is(passes, 3);
  t.true(fixture.broker.destroyed.has(old));
  t.false((await dataKeys(t.context, asset)).has(old));
});

const KEPT: Record<string, [change: (files: Files) => void, code: string]> = {
  'a damaged file': [
    (files) => {
      const bytes = files.of(asset).get('a') ?? Buffer.alloc(0);
      bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    },
    'AUTHENTICATION_FAILED',
  ],
  'a truncated file': [
    (files) => files.of(asset).set('a', (files.of(asset).get('a') ?? Buffer.alloc(0)).subarray(0, -1)),
    'TRUNCATED',
  ],
  'a file that is none of ours': [(files) => files.of(asset).set('z', Buffer.alloc(900, 7)), 'MALFORMED'],
  'a list of files that fails': [
    (files) => {
      files.onOpen = () => {
        throw new CmkError('LOCAL_IO_FAILED', 'no such folder');
      };
    },
    'LOCAL_IO_FAILED',
  ],
};
for (const [name, [change, code]] of Object.entries(KEPT)) {
  test(`the data key stays, and so does the file: ${name}; the next asset is not held up`, async (t) => {
    const { files, fixture } = t.context;
    const old = await markedAsset(t.context, asset, ['a']);
    const other = await markedAsset(t.context, named('other'), ['b']);
    change(files);
    files.onOpen = ((before) => (owner) => (owner.id === asset.id ? before(owner) : undefined))(files.onOpen);
    const offender = [...files.of(asset).keys()].at(-1) ?? '';
    const before = files.of(asset).get(offender);
    const outcomes: AssetOutcome[] = [];
    await worker(t.context, { concurrency: 1, onProgress: (each) => void outcomes.push(each) }).runOnce();
    t.deepEqual(
      outcomes.map(({ state, error }) => [state, error?.code]),
      [
        ['FAILED', code],
        ['DONE', undefined],
      ],
    );
    t.true(before !== undefined && files.of(asset).get(offender) === before);
    t.deepEqual(fixture.broker.destroyed, new Set([other]));
    t.false(fixture.broker.destroyed.has(old));
  });
}

test('a store that says it has replaced a file before all bytes were there is not believed', async (t) => {
  const { fixture } = t.context;
  await markedAsset(t.context, asset, ['a']);
  const files = t.context.files.of(asset);
  const hasty: AssetStore = {
    // eslint-disable-next-line @typescript-eslint/require-await -- as the interface wants it
    async *open() {
      for (const [name, bytes] of files) {
        yield { name, read: () => piecesOf(bytes), replace: () => Promise.resolve() };
      }
    },
  };
  t.like(await worker(t.context, { store: hasty }).runOnce(), { done: 0, failed: 1 });
  t.is(fixture.broker.destroyed.size, 0);
});

/** A list that says what a test wants. */
function listing(client: CmkClient, entries: () => Reencryption[]): ReencryptionWorkerOptions['client'] {
  return {
    listReencryption: () => Promise.resolve({ reencryptions: entries(), next: undefined }),
    completeReencryption: (...args) => client.completeReencryption(...args),
    reencrypt: (...args) => client.reencrypt(...args),
  };
}

test('an asset that may still be being sealed is left alone until it is ready', async (t) => {
  const { client, files } = t.context;
  const dataKeyId = await markedAsset(t.context, asset, ['a']);
  let readyInMs = 20;
  const entry = () => [{ asset, dataKeyId, since: new Date(), readyInMs }];
  const waiting = worker(t.context, { client: listing(client, entry) });
  t.deepEqual(await waiting.runOnce(), { done: 0, waiting: 1, failed: 0, readyInMs: 20 });
  t.is(files.replaced, 0);
  // It does not sleep for longer than until then.
  const end = new AbortController();
  const running = worker(t.context, {
    client: listing(client, entry),
    onProgress: ({ state }) => {
      readyInMs = 0;
      if (state === 'DONE') end.abort();
    },
  }).run(end.signal);
  await running;
  t.is(files.replaced, 1);
});

test('a data key in use is not a failure', async (t) => {
  const { client } = t.context;
  await markedAsset(t.context, asset, ['a']);
  const busy: ReencryptionWorkerOptions['client'] = {
    listReencryption: (...args) => client.listReencryption(...args),
    reencrypt: (...args) => client.reencrypt(...args),
    completeReencryption: () => Promise.reject(new CmkError('DATA_KEY_IN_USE', 'in use')),
  };
  t.like(await worker(t.context, { client: busy }).runOnce(), { waiting: 1, failed: 0 });
});

test('no more assets at a time than it is told', async (t) => {
  const { files } = t.context;
  for (let index = 0; index < 6; index++) await markedAsset(t.context, named(`m-${index}`), ['a']);
  let running = 0;
  let most = 0;
  files.onOpen = async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
  };
  t.like(await worker(t.context, { concurrency: 3 }).runOnce(), { done: 6 });
  t.is(most, 3);
});

test('the signal ends it, in the middle of a file too, and what it leaves opens', async (t) => {
  const { fixture, files } = t.context;
  await markedAsset(t.context, asset, ['a', 'b']);
  const end = new AbortController();
  files.onReplace = () => {
    end.abort();
    throw new Error('ended');
  };
  await worker(t.context).run(end.signal);
  t.is(fixture.broker.destroyed.size, 0);
  await dataKeys(t.context, asset);
  await t.throwsAsync(worker(t.context).runOnce(end.signal), { code: 'CANCELLED' });
  await worker(t.context).run(end.signal);
});

test('a list that cannot be fetched is told and tried again', async (t) => {
  const { fixture } = t.context;
  const old = await markedAsset(t.context, asset, ['a']);
  fixture.broker.refuse(new CmkError('STORE_UNAVAILABLE', 'no database'));
  const end = new AbortController();
  const told: string[] = [];
  const running = worker(t.context, {
    pauseMs: 10,
    onListFailed: ({ code }) => {
      told.push(code);
      fixture.broker.restore();
    },
    onProgress: () => end.abort(),
  }).run(end.signal);
  await eventually(() => fixture.broker.destroyed.has(old));
  await running;
  t.deepEqual(told, ['STORE_UNAVAILABLE']);
});
