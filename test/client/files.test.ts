import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  lstatSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { CmkClient, decryptFile, encryptFile, type EncryptOptions } from '../../client/index.ts';
import { writeWhole } from '../../client/whole-file.ts';
import { CmkError } from '../../core/errors.ts';
import { FakeSidecar } from '../support/fake-sidecar.ts';

const test = anyTest as TestFn<{
  sidecar: FakeSidecar;
  client: CmkClient;
  dir: string;
  at: (name: string) => string;
}>;

const asset = { account: 'acme', srvId: '0001', type: 'MeetingWebinarRecording', id: 'm-42' };
const sealing: EncryptOptions = { asset, owner: 'u-7' };
const opening = { asset, reason: 'USER_ACCESS' } as const;
const plaintext = randomBytes(1_000_003);

test.beforeEach(async (t) => {
  const sidecar = await FakeSidecar.start();
  const dir = mkdtempSync(join(tmpdir(), 'cmk-files-'));
  writeFileSync(join(dir, 'plain'), plaintext);
  t.context = {
    sidecar,
    client: new CmkClient({ address: sidecar.address }),
    dir,
    at: (name) => join(dir, name),
  };
});
test.afterEach.always((t) => {
  t.context.client.close();
  t.context.sidecar.stop();
  rmSync(t.context.dir, { recursive: true });
});

test('seals and opens a file, and tells sizes, progress and the key', async (t) => {
  const { client, dir, at } = t.context;
  const progress: number[] = [];
  const sealed = await encryptFile(client, at('plain'), at('sealed'), {
    ...sealing,
    onProgress: (bytes) => progress.push(bytes),
  });
  t.like(sealed, { bytesIn: plaintext.length, dataKeyId: 'dk-1', protection: 'CUSTOMER_KEY' });
  t.is(sealed.bytesOut, readFileSync(at('sealed')).length);
  t.deepEqual(progress, [262144, 524288, 786432, 1_000_003]);
  t.like(await decryptFile(client, at('sealed'), at('opened'), opening), { bytesOut: plaintext.length });
  t.true(readFileSync(at('opened')).equals(plaintext));
  t.deepEqual(readdirSync(dir).sort(), ['opened', 'plain', 'sealed']);
});

const failures: {
  name: string;
  input: string;
  output: string;
  overwrite: boolean;
  refusal?: CmkError;
  code: string;
}[] = [
  { name: 'the input is not there', input: 'none', output: 'old', overwrite: true, code: 'LOCAL_IO_FAILED' },
  {
    name: 'the target exists and may not be replaced',
    input: 'plain',
    output: 'old',
    overwrite: false,
    code: 'LOCAL_IO_FAILED',
  },
  {
    name: 'the target is a folder',
    input: 'plain',
    output: 'folder',
    overwrite: true,
    code: 'LOCAL_IO_FAILED',
  },
  {
    name: 'the target’s folder is not there',
    input: 'plain',
    output: 'none/new',
    overwrite: true,
    code: 'LOCAL_IO_FAILED',
  },
  {
    name: 'the sidecar refuses',
    input: 'plain',
    output: 'old',
    overwrite: true,
    refusal: new CmkError('KEY_DISABLED', 'no'),
    code: 'KEY_DISABLED',
  },
  { name: 'the input is not sealed', input: 'plain', output: 'new', overwrite: true, code: 'MALFORMED' },
];

for (const { name, input, output, overwrite, refusal, code } of failures) {
  test(`when ${name}, everything stays as it was`, async (t) => {
    const { client, sidecar, dir, at } = t.context;
    writeFileSync(at('old'), 'as it was');
    mkdirSync(at('folder'));
    sidecar.behaviour.refuseWith = refusal;
    await t.throwsAsync(decryptFile(client, at(input), at(output), { ...opening, overwrite }), { code });
    t.is(readFileSync(at('old'), 'utf8'), 'as it was');
    t.deepEqual(readdirSync(dir).sort(), ['folder', 'old', 'plain']);
    t.deepEqual(readdirSync(at('folder')), []);
  });
}

test('a target that cannot be made costs no key use', async (t) => {
  const { client, sidecar, at } = t.context;
  await t.throwsAsync(encryptFile(client, at('plain'), at('none/new'), sealing), {
    code: 'LOCAL_IO_FAILED',
    message: /none\/new: no such file/,
  });
  t.deepEqual(sidecar.starts, []);
});

test('a damaged end fails after most of it was written, and leaves nothing', async (t) => {
  const { client, dir, at } = t.context;
  await encryptFile(client, at('plain'), at('sealed'), sealing);
  writeFileSync(at('sealed'), readFileSync(at('sealed')).subarray(0, -1));
  await t.throwsAsync(decryptFile(client, at('sealed'), at('opened'), opening), { code: 'TRUNCATED' });
  t.deepEqual(readdirSync(dir).sort(), ['plain', 'sealed']);
});

test('the file behind a link is replaced, the link stays', async (t) => {
  const { client, at } = t.context;
  writeFileSync(at('real'), 'old');
  symlinkSync('real', at('link'));
  await encryptFile(client, at('plain'), at('link'), sealing);
  t.true(lstatSync(at('link')).isSymbolicLink());
  t.true(readFileSync(at('real')).length > plaintext.length);
});

test('an existing file is whole at every moment until it is replaced', async (t) => {
  const { at } = t.context;
  writeFileSync(at('target'), 'old');
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (const text of ['new ', 'content']) {
      t.is(readFileSync(at('target'), 'utf8'), 'old');
      yield await Promise.resolve(Buffer.from(text));
    }
  }
  t.is(await writeWhole(at('target'), pieces, { overwrite: true }), 11);
  t.is(readFileSync(at('target'), 'utf8'), 'new content');
});

test('a target that comes into being meanwhile is not replaced', async (t) => {
  const { dir, at } = t.context;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(Buffer.from('ours'));
    writeFileSync(at('target'), 'theirs');
  }
  await t.throwsAsync(writeWhole(at('target'), pieces, { overwrite: false }), {
    code: 'LOCAL_IO_FAILED',
    message: /exists already/,
  });
  t.is(readFileSync(at('target'), 'utf8'), 'theirs');
  t.deepEqual(readdirSync(dir).sort(), ['plain', 'target']);
});
