import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import anyTest, { type TestFn } from 'ava';
import { CmkError } from '../../core/errors.ts';
import { loadSidecar } from '../../proto/load.ts';
import { FakeSidecar } from '../support/fake-sidecar.ts';
import { asset, SidecarFixture } from '../support/sidecar-fixture.ts';

const test = anyTest as TestFn<{ sidecar: FakeSidecar; dir: string; env: NodeJS.ProcessEnv }>;
const run = promisify(execFile);
const plaintext = Buffer.alloc(700_000, 'talk');

test.beforeEach(async (t) => {
  const sidecar = await FakeSidecar.start();
  const dir = mkdtempSync(join(tmpdir(), 'cmk-docs-'));
  writeFileSync(join(dir, 'talk.mp4'), plaintext);
  t.context = { sidecar, dir, env: { PATH: process.env['PATH'], CMK_SIDECAR: sidecar.address } };
});
test.afterEach.always((t) => {
  t.context.sidecar.stop();
  rmSync(t.context.dir, { recursive: true });
});

test('the Node example seals, opens, and reports a refusal', async (t) => {
  const { dir, env, sidecar } = t.context;
  const example = resolve('docs/examples/seal-and-open.ts');
  const { stdout } = await run(process.execPath, [example], { cwd: dir, env });
  t.is(stdout, 'sealing under arn:aws:kms:eu-1:111122223333:key/k-1 (CUSTOMER_KEY), data key dk-1\n');
  t.true(readFileSync(join(dir, 'talk-again.mp4')).equals(plaintext));
  sidecar.behaviour.refuseWith = new CmkError('KEY_DISABLED', 'key disabled');
  const refused = await t.throwsAsync(run(process.execPath, [example], { cwd: dir, env }));
  t.like(refused, { code: 1, stderr: 'KEY_DISABLED: key disabled; retrying does not help\n' });
  t.false(existsSync(join(dir, 'talk-again.mp4')));
});

test('the re-encryption example seals again what is to be, and stops when it is told to', async (t) => {
  const fixture = await SidecarFixture.start();
  t.teardown(() => fixture.close());
  const folder = join(t.context.dir, 'assets', asset.id);
  mkdirSync(folder, { recursive: true });
  const { data } = await fixture.seal([plaintext]);
  writeFileSync(join(folder, 'talk.mp4.cmk'), data);
  const old = fixture.broker.mark(asset);
  const env = { ...t.context.env, CMK_SIDECAR: fixture.sidecar.addresses[0] };
  const example = spawn(process.execPath, [resolve('docs/examples/reencryption-worker.ts')], {
    cwd: t.context.dir,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(example.stdout, 'data')) as [Buffer];
  t.is(said.toString(), `${asset.id}: DONE, 1 files\n`);
  example.kill('SIGTERM');
  t.deepEqual(await once(example, 'exit'), [0, null]);
  t.deepEqual(fixture.broker.destroyed, new Set([old]));
  const sealed = readFileSync(join(folder, 'talk.mp4.cmk'));
  t.false(sealed.equals(data));
  t.true((await fixture.open([sealed])).data.equals(plaintext));
});

test('the Python example uses names that the contract has', (t) => {
  const text = readFileSync('docs/examples/seal_and_open.py', 'utf8');
  const contract = ['common', 'sidecar']
    .map((name) => readFileSync(`proto/cmk/v1/${name}.proto`, 'utf8'))
    .join('\n');
  const names = [...text.matchAll(/(?:common|sidecar)_pb2\.(\w+)/g)].map(([, name = '']) => name);
  t.true(names.length > 3);
  for (const name of names) t.regex(contract, new RegExp(`\\b${name}\\b`));
  const methods = [...text.matchAll(/sidecar\.(\w+)\(/g)].map(([, name = '']) => name);
  t.deepEqual(methods, ['Encrypt', 'Decrypt']);
  for (const method of methods) t.true(method in loadSidecar().Sidecar.service);
});

test('the shell examples of docs/cli.md work', async (t) => {
  const { dir, env } = t.context;
  const [, script = ''] = /```sh\n([^]*?)```/.exec(readFileSync('docs/cli.md', 'utf8')) ?? [];
  t.regex(script, /^cmk encrypt/);
  // The command as the examples call it.
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  writeFileSync(
    join(bin, 'cmk'),
    `#!/bin/sh\nexec '${process.execPath}' '${resolve('client/cli/main.ts')}' "$@"\n`,
    { mode: 0o755 },
  );
  const { stdout } = await run('sh', ['-e', '-c', script], {
    cwd: dir,
    env: { ...env, PATH: `${bin}:${env['PATH'] ?? ''}` },
  });
  t.regex(stdout, /structure +whole[^]*protection +CUSTOMER_KEY[^]*"plaintextBytes": 700000/);
});

test('what docs/cli.md says on how to start the command is so', (t) => {
  const scripts = (JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> })
    .scripts;
  t.is(scripts['cmk'], 'node client/cli/main.ts');
  t.regex(
    execFileSync(process.execPath, ['client/cli/main.ts', '--help'], { encoding: 'utf8' }),
    /^Usage: cmk/,
  );
});
