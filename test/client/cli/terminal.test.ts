import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { printable } from '../../../client/cli/io.ts';
import { FakeSidecar } from '../../support/fake-sidecar.ts';
import { runCmk } from '../../support/fake-terminal.ts';

const test = anyTest as TestFn<{ sidecar: FakeSidecar; dir: string; env: NodeJS.ProcessEnv }>;

const ASSET = ['--account', 'acme', '--service', '0001', '--type', 'MeetingWebinarRecording', '--id', 'm-42'];
const SEALING = [...ASSET, '--owner', 'u-7'];

test.beforeEach(async (t) => {
  const sidecar = await FakeSidecar.start();
  t.context = {
    sidecar,
    dir: mkdtempSync(join(tmpdir(), 'cmk-tty-')),
    env: { CMK_SIDECAR: sidecar.address },
  };
});
test.afterEach.always((t) => {
  t.context.sidecar.stop();
  rmSync(t.context.dir, { recursive: true });
});

test('sealed bytes do not go to a terminal unless one insists', async (t) => {
  const { env, sidecar } = t.context;
  const refused = await runCmk(['encrypt', ...SEALING], { env, terminals: { stdout: true } });
  t.is(refused.code, 2);
  t.regex(refused.stderr, /not for a terminal/);
  t.is(refused.stdout.length, 0);
  t.deepEqual(sidecar.starts, []);
  const insisted = await runCmk(['encrypt', '-', '-', ...SEALING], { env, terminals: { stdout: true } });
  t.is(insisted.code, 0);
  t.true(insisted.stdout.length > 0);
});

const shown: { name: string; bytes: Buffer; code: number }[] = [
  { name: 'text', bytes: Buffer.from('WEBVTT\r\n\tGrüße, 世界\n'), code: 0 },
  { name: 'an escape sequence', bytes: Buffer.from('a\u001b[2Jb'), code: 2 },
  { name: 'a zero byte', bytes: Buffer.from('a\0b'), code: 2 },
];

for (const { name, bytes, code } of shown) {
  test(`opening ${name} to a terminal: exit ${code}`, async (t) => {
    const { env } = t.context;
    const sealed = await runCmk(['encrypt', ...SEALING], { env, input: bytes });
    const opened = await runCmk(['decrypt', ...ASSET], {
      env,
      input: sealed.stdout,
      terminals: { stdout: true, stderr: true },
    });
    t.is(opened.code, code);
    t.deepEqual(opened.stdout, code === 0 ? bytes : Buffer.alloc(0));
    t.false(opened.stderr.includes('\u001b'), 'no progress bar over the text');
    const insisted = await runCmk(['decrypt', '-', '-', ...ASSET], {
      env,
      input: sealed.stdout,
      terminals: { stdout: true },
    });
    t.deepEqual(insisted.stdout, bytes);
  });
}

test('a progress bar on a terminal, none beside it', async (t) => {
  const { dir, env } = t.context;
  const plain = join(dir, 'plain');
  writeFileSync(plain, Buffer.alloc(3_000_000));
  const seen = await runCmk(['encrypt', plain, join(dir, 'a'), ...SEALING], {
    env,
    terminals: { stderr: true },
  });
  t.is(seen.code, 0, seen.stderr);
  t.regex(seen.stderr, /encrypt \[.*\] \d+% of 3\.0 MB/);
  t.true(seen.stderr.endsWith('\n'));
  t.regex(seen.stderr, /cmk: sealed 3\.0 MB/);
  const unsized = await runCmk(['encrypt', '-', join(dir, 'b'), ...SEALING], {
    env,
    terminals: { stderr: true },
    input: Buffer.alloc(5),
  });
  t.regex(unsized.stderr, /encrypt \d+\.\d MB/);
  for (const options of [
    { terminals: { stderr: true }, quiet: ['--quiet'] },
    { terminals: {}, quiet: [] },
  ]) {
    const silent = await runCmk(['encrypt', plain, join(dir, 'a'), ...SEALING, '-f', ...options.quiet], {
      env,
      ...options,
    });
    t.notRegex(silent.stderr, /%/);
  }
  t.true(readFileSync(join(dir, 'a')).length > 3_000_000);
});

for (const [text, safe] of [
  ['acme', 'acme'],
  ['Grüße 世界', 'Grüße 世界'],
  ['a\u001b[2Jb\n', 'a\\u001b[2Jb\\u000a'],
  ['\u202egnp.exe', '\\u202egnp.exe'],
] as const) {
  test(`${JSON.stringify(text)} is printed as ${safe}`, (t) => t.is(printable(text), safe));
}
