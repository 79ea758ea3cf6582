import { randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  lstatSync,
  writeFileSync,
  rmSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import anyTest, { type TestFn } from 'ava';
import { CmkError, type ErrorCode } from '../../../core/errors.ts';
import { cmk, resultOf, startCmk } from '../../support/cmk-command.ts';
import { eventually } from '../../support/eventually.ts';
import { FakeSidecar } from '../../support/fake-sidecar.ts';

const test = anyTest as TestFn<{ sidecar: FakeSidecar; dir: string; env: { CMK_SIDECAR: string } }>;

const ASSET = ['--account', 'acme', '--service', '0001', '--type', 'MeetingWebinarRecording', '--id', 'm-42'];
const SEALING = [...ASSET, '--owner', 'u-7'];
const MIB = 1024 * 1024;
const plaintext = randomBytes(2 * MIB + 7);

test.beforeEach(async (t) => {
  const sidecar = await FakeSidecar.start();
  t.context = {
    sidecar,
    dir: mkdtempSync(join(tmpdir(), 'cmk-cli-')),
    env: { CMK_SIDECAR: sidecar.address },
  };
  writeFileSync(join(t.context.dir, 'plain'), plaintext);
});
test.afterEach.always((t) => {
  t.context.sidecar.stop();
  rmSync(t.context.dir, { recursive: true });
});

/** A sealed file in the test's folder. */
async function sealedFile({ dir, env }: { dir: string; env: { CMK_SIDECAR: string } }): Promise<string> {
  const path = join(dir, 'sealed');
  const { code, stderr } = await cmk(['encrypt', join(dir, 'plain'), path, ...SEALING], { env });
  if (code !== 0) throw new Error(stderr);
  return path;
}

test.serial('seals and opens files, and tells what it did', async (t) => {
  const { dir, env, sidecar } = t.context;
  const sealed = join(dir, 'sealed');
  const encrypted = await cmk(['encrypt', join(dir, 'plain'), sealed, ...SEALING, '--reason', 'backup'], {
    env,
  });
  t.is(encrypted.code, 0);
  t.is(encrypted.stdout.length, 0);
  t.regex(
    encrypted.stderr,
    /^cmk: sealed 2\.1 MB in \d+\.\d\d s, [\d.]+ MB\/s; data key dk-1, CUSTOMER_KEY arn:aws:kms:\S+\n$/,
  );
  const decrypted = await cmk(['decrypt', sealed, join(dir, 'opened'), ...ASSET, '--quiet'], { env });
  t.like(decrypted, { code: 0, stderr: '' });
  t.true(readFileSync(join(dir, 'opened')).equals(plaintext));
  t.like(sidecar.starts, [
    { owner: 'u-7', reason: 'REASON_BACKUP' },
    { owner: '', reason: 'REASON_USER_ACCESS' },
  ]);
  t.deepEqual(readdirSync(dir).sort(), ['opened', 'plain', 'sealed']);
});

test.serial('seals and opens standard streams', async (t) => {
  const { env } = t.context;
  const sealed = await cmk(['encrypt', ...SEALING], { env, input: plaintext });
  t.is(sealed.code, 0);
  const opened = await cmk(['decrypt', '-', '-', ...ASSET], { env, input: sealed.stdout });
  t.is(opened.code, 0);
  t.true(opened.stdout.equals(plaintext));
  t.regex(opened.stderr, /^cmk: opened .*\n$/, 'no progress bar in a pipe');
});

test.serial('seals a file again, beside the old one or in its place', async (t) => {
  const { dir, env, sidecar } = t.context;
  const sealed = await sealedFile(t.context);
  const again = await cmk(['reencrypt', sealed, join(dir, 'again'), ...ASSET, '--reason', 'processing'], {
    env,
  });
  t.is(again.code, 0);
  t.regex(again.stderr, /^cmk: sealed again 2\.1 MB in .*; data key dk-1, CUSTOMER_KEY arn:aws:kms:\S+\n$/);
  t.like(sidecar.starts.at(-1), { owner: '', reason: 'REASON_PROCESSING' });
  t.is((await cmk(['reencrypt', sealed, sealed, ...ASSET, '--force', '--quiet'], { env })).code, 0);
  for (const path of [sealed, join(dir, 'again')]) {
    t.true((await cmk(['decrypt', path, '-', ...ASSET], { env })).stdout.equals(plaintext));
  }
  sidecar.behaviour.failAfter = { bytes: 1_000_000, error: new CmkError('TRUNCATED', 'cut short') };
  t.is((await cmk(['reencrypt', sealed, join(dir, 'third'), ...ASSET], { env })).code, 4);
  t.deepEqual(readdirSync(dir).sort(), ['again', 'plain', 'sealed']);
});

test.serial('--sidecar overrules CMK_SIDECAR', async (t) => {
  const { sidecar } = t.context;
  const args = ['encrypt', ...SEALING, '--sidecar', sidecar.address];
  t.is((await cmk(args, { env: { CMK_SIDECAR: 'unix:/nowhere' } })).code, 0);
});

test.serial('keeps an existing file unless forced to replace it', async (t) => {
  const { dir, env } = t.context;
  const target = join(dir, 'target');
  writeFileSync(target, 'precious');
  const refused = await cmk(['encrypt', join(dir, 'plain'), target, ...SEALING], { env });
  t.like(refused, { code: 3 });
  t.regex(refused.stderr, /^cmk: \S+target: exists already; --force replaces it \[LOCAL_IO_FAILED\]\n/);
  t.is(readFileSync(target, 'utf8'), 'precious');
  t.is((await cmk(['encrypt', join(dir, 'plain'), target, ...SEALING, '--force'], { env })).code, 0);
  t.true(statSync(target).size > plaintext.length);
});

test.serial('a file can be sealed in its own place, through a link', async (t) => {
  const { dir, env } = t.context;
  const link = join(dir, 'link');
  symlinkSync(join(dir, 'plain'), link);
  t.is((await cmk(['encrypt', link, link, ...SEALING, '-f'], { env })).code, 0);
  t.is((await cmk(['decrypt', link, link, ...ASSET, '-f'], { env })).code, 0);
  t.true(lstatSync(link).isSymbolicLink());
  t.true(readFileSync(join(dir, 'plain')).equals(plaintext));
});

test.serial('a named pipe is written to, not replaced', async (t) => {
  const { dir, env } = t.context;
  const fifo = join(dir, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const child = startCmk(['encrypt', join(dir, 'plain'), fifo, ...SEALING, '--force'], env);
  const [result, sealed] = await Promise.all([resultOf(child), readFile(fifo)]);
  t.is(result.code, 0);
  t.true(sealed.length > plaintext.length);
  t.true(lstatSync(fifo).isFIFO());
});

const failures: { name: string; args: (dir: string) => string[]; code: number; says: RegExp }[] = [
  {
    name: 'an input that is not there',
    args: (dir) => [join(dir, 'none'), join(dir, 'out')],
    code: 3,
    says: /none: no such file or directory \(ENOENT\) \[LOCAL_IO_FAILED\]/,
  },
  { name: 'an input that is a folder', args: (dir) => [dir, join(dir, 'out')], code: 3, says: /EISDIR/ },
  {
    name: 'a target that is a folder',
    args: (dir) => [join(dir, 'plain'), dir],
    code: 3,
    says: /is a directory/,
  },
  {
    name: 'a target in no folder',
    args: (dir) => [join(dir, 'plain'), join(dir, 'none', 'out')],
    code: 3,
    says: /out: no such file or directory/,
  },
  {
    name: 'an id with a space',
    args: (dir) => [join(dir, 'plain'), join(dir, 'out'), '--id', 'a b'],
    code: 2,
    says: /id: expected 1 to 256 .* \[INVALID_ARGUMENT\]/,
  },
  {
    name: 'an unknown reason',
    args: (dir) => [join(dir, 'plain'), join(dir, 'out'), '--reason', 'fun'],
    code: 2,
    says: /--reason: expected one of storage, user-access/,
  },
  {
    name: 'an address elsewhere',
    args: (dir) => [join(dir, 'plain'), join(dir, 'out'), '--sidecar', 'example.org:1'],
    code: 2,
    says: /sidecar address: expected/,
  },
  {
    name: 'a sidecar that is not there',
    args: (dir) => [join(dir, 'plain'), join(dir, 'out'), '--sidecar', '/nowhere.sock'],
    code: 7,
    says: /\[SIDECAR_UNREACHABLE\]\n {5}.*CMK_SIDECAR/,
  },
];

for (const { name, args, code, says } of failures) {
  test.serial(`fails for ${name}, and leaves nothing behind`, async (t) => {
    const { dir, env } = t.context;
    const before = readdirSync(dir);
    const result = await cmk(['encrypt', ...SEALING, ...args(dir)], { env });
    t.is(result.code, code, result.stderr);
    t.regex(result.stderr, says);
    t.deepEqual(readdirSync(dir), before);
  });
}

const refusals: [ErrorCode, number][] = [
  ['NOT_AUTHORIZED', 5],
  ['ACCOUNT_UNKNOWN', 5],
  ['KEY_DISABLED', 6],
  ['KMS_UNREACHABLE', 7],
  ['TOO_MANY_STREAMS', 7],
  ['STREAM_IDLE', 7],
  ['INTERNAL', 1],
];

for (const [errorCode, exitCode] of refusals) {
  test.serial(`${errorCode} of the sidecar exits with ${exitCode}`, async (t) => {
    const { dir, env, sidecar } = t.context;
    sidecar.behaviour.refuseWith = new CmkError(errorCode, 'this went wrong');
    const result = await cmk(['encrypt', join(dir, 'plain'), join(dir, 'out'), ...SEALING], { env });
    t.is(result.code, exitCode);
    t.true(result.stderr.startsWith(`cmk: this went wrong [${errorCode}]\n     `));
    t.deepEqual(readdirSync(dir), ['plain']);
  });
}

const damages: { name: string; damage: (sealed: Buffer) => Uint8Array; says: RegExp }[] = [
  { name: 'cut short', damage: (sealed) => sealed.subarray(0, -1), says: /\[TRUNCATED\]/ },
  {
    name: 'changed in its last frame',
    damage: (sealed) => (
      sealed.writeUInt8(sealed.readUInt8(sealed.length - 1) ^ 1, sealed.length - 1),
      sealed
    ),
    says: /\[AUTHENTICATION_FAILED\]/,
  },
  {
    name: 'followed by more',
    damage: (sealed) => Buffer.concat([sealed, Buffer.alloc(1)]),
    says: /\[MALFORMED\]/,
  },
  { name: 'something else', damage: () => randomBytes(5000), says: /\[MALFORMED\]/ },
];

for (const { name, damage, says } of damages) {
  test.serial(`a file that is ${name} opens neither to a file nor, unnoticed, to a pipe`, async (t) => {
    const { dir, env } = t.context;
    const path = await sealedFile(t.context);
    writeFileSync(path, damage(readFileSync(path)));
    writeFileSync(join(dir, 'old'), 'as it was');
    const toFile = await cmk(['decrypt', path, join(dir, 'old'), ...ASSET, '--force'], { env });
    t.is(toFile.code, 4);
    t.regex(toFile.stderr, says);
    t.is(readFileSync(join(dir, 'old'), 'utf8'), 'as it was');
    t.deepEqual(readdirSync(dir).sort(), ['old', 'plain', 'sealed']);
    const toPipe = await cmk(['decrypt', path, ...ASSET], { env });
    t.is(toPipe.code, 4);
    t.is(
      /standard output is INCOMPLETE, \d+ bytes: discard it/.test(toPipe.stderr),
      toPipe.stdout.length > 0,
    );
    t.true(plaintext.subarray(0, toPipe.stdout.length).equals(toPipe.stdout));
  });
}

test.serial('a reader that leaves early ends the command without a word', async (t) => {
  const { env } = t.context;
  const sealed = await sealedFile(t.context);
  const child = startCmk(['decrypt', sealed, ...ASSET], env);
  await once(child.stdout, 'readable');
  child.stdout.destroy();
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close') as Promise<[number]>]);
  t.is(stderr, '');
  t.is(code, 141);
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test.serial(`${signal} removes the temporary file and ends the command by that signal`, async (t) => {
    const { dir, env, sidecar } = t.context;
    const child = startCmk(['encrypt', '-', join(dir, 'out'), ...SEALING], env);
    child.stdin.write(plaintext);
    await eventually(() =>
      readdirSync(dir).some((name) => name.endsWith('.cmk-partial') && statSync(join(dir, name)).size > MIB),
    );
    child.kill(signal);
    t.like(await resultOf(child), { code: null, signal });
    t.deepEqual(readdirSync(dir), ['plain']);
    await eventually(() => sidecar.cancelled === 1);
  });
}

test.serial('an interruption ends a command whose reader is stuck', async (t) => {
  const sealed = await sealedFile(t.context);
  const child = startCmk(['decrypt', sealed, ...ASSET], t.context.env);
  await once(child.stdout, 'readable');
  child.kill('SIGINT');
  const [, signal] = (await once(child, 'exit')) as [null, NodeJS.Signals];
  t.is(signal, 'SIGINT');
});

test.serial('a sidecar that goes away in mid-stream leaves nothing behind', async (t) => {
  const { dir, env, sidecar } = t.context;
  const child = startCmk(['encrypt', '-', join(dir, 'out'), ...SEALING], env);
  child.stdin.write(plaintext);
  await eventually(() => readdirSync(dir).some((name) => name.endsWith('.cmk-partial')));
  sidecar.stop();
  t.like(await resultOf(child), { code: 7 });
  t.deepEqual(readdirSync(dir), ['plain']);
});

test.serial('100 MB go through pipes in bounded memory', async (t) => {
  const { env } = t.context;
  const bytes = 100_000_000;
  const report = ['--import', './test/support/report-peak-memory.ts'];
  const peakKib = async (total: number): Promise<number> => {
    const sealing = startCmk(['encrypt', ...SEALING], env, report);
    const opening = startCmk(['decrypt', ...ASSET], env, report);
    let opened = 0;
    const piece = Buffer.alloc(MIB, 7);
    function* source(): Generator<Buffer> {
      for (let left = total; left > 0; left -= MIB) yield piece.subarray(0, Math.min(left, MIB));
    }
    const count = async (pieces: AsyncIterable<Buffer>): Promise<void> => {
      for await (const each of pieces)
        opened += each.equals(piece.subarray(0, each.length)) ? each.length : NaN;
    };
    const [first, second] = await Promise.all([
      text(sealing.stderr),
      text(opening.stderr),
      pipeline(source, sealing.stdin),
      pipeline(sealing.stdout, opening.stdin),
      count(opening.stdout),
    ]);
    t.is(opened, total);
    return Math.max(...[first, second].map((stderr) => Number(/peak (\d+) KiB/.exec(stderr)?.[1])));
  };
  const small = await peakKib(MIB);
  const large = await peakKib(bytes);
  t.log(`peak resident memory: ${small} KiB for 1 MiB, ${large} KiB for 100 MB`);
  t.true(large - small < 64 * 1024, `${large - small} KiB more`);
});
