import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { CmkError } from '../../core/errors.ts';
import { FakeSidecar } from '../support/fake-sidecar.ts';

/** Debian's own: the packages that scripts/system-tests.ts installs are for this one. */
const PYTHON = '/usr/bin/python3';
const run = promisify(execFile);

test('the Python example of docs/integrating.md seals, opens, and reports a refusal', async (t) => {
  const sidecar = await FakeSidecar.start();
  const dir = mkdtempSync(join(tmpdir(), 'cmk-docs-'));
  t.teardown(() => {
    sidecar.stop();
    rmSync(dir, { recursive: true });
  });
  const plaintext = Buffer.alloc(700_000, 'talk');
  writeFileSync(join(dir, 'talk.mp4'), plaintext);
  cpSync('docs/examples/seal_and_open.py', join(dir, 'example.py'));
  const options = { cwd: dir, env: { PATH: process.env['PATH'], CMK_SIDECAR: sidecar.address } };

  const guide = readFileSync('docs/integrating.md', 'utf8');
  const command = /^python (-m grpc_tools\.protoc .*)$/m.exec(guide)?.[1] ?? '';
  const args = command.replace('-I proto', `-I ${resolve('proto')}`).split(' ');
  await run(PYTHON, args, options);

  const { stdout } = await run(PYTHON, ['example.py'], options);
  t.is(stdout, 'data key dk-1 under arn:aws:kms:eu-1:111122223333:key/k-1\n'.repeat(2));
  t.true(readFileSync(join(dir, 'talk-again.mp4')).equals(plaintext));

  sidecar.behaviour.refuseWith = new CmkError('KEY_DISABLED', 'key disabled');
  const refused = await t.throwsAsync(run(PYTHON, ['example.py'], options));
  t.like(refused, { code: 1, stderr: "('KEY_DISABLED', False): key disabled\n" });
  t.false(existsSync(join(dir, 'talk-again.mp4.partial')));
});
