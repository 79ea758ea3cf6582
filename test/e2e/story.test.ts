import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { artifactFolder } from '../support/artifacts.ts';

/** `npm start -- --once FILE`: what it tells is what happened, and its exit code says whether all came out as told. */

const dir = mkdtempSync(join(tmpdir(), 'cmk-story-'));
test.after.always(() => rmSync(dir, { recursive: true }));

async function start(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, ['sandbox/start.ts', ...args], {
    env: { ...process.env, TMPDIR: dir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const status = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  writeFileSync(join(artifactFolder('story'), `${name}.txt`), out + errors);
  return { status: await status, out, errors };
}

const FILES: Record<string, Buffer> = { 'an empty file': Buffer.alloc(0), 'one byte': Buffer.of(7) };

for (const [name, content] of Object.entries(FILES)) {
  test(`${name}: the story comes out as told`, async (t) => {
    const file = join(dir, name);
    writeFileSync(file, content);
    const { status, out, errors } = await start(name, ['--once', file]);
    t.is(status, 0, out + errors);
    t.regex(out, new RegExp(`seals ${name}, ${content.length} byte`));
    t.true(out.includes('SHA-256 equal'));
    t.true(out.includes('KEY_DISABLED'));
    t.true(out.includes('Everything came out as told.'));
  });
}

test('a database that nobody serves: it ends with the cause, and not with zero', async (t) => {
  const { status, out, errors } = await start('no-database', ['--once'], {
    CMK_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
  });
  t.is(status, 1);
  const told = out + errors;
  t.true(told.includes('This did not come out as told: the process broker ended'), told);
  t.true(told.includes('STORE_UNAVAILABLE'), told);
  t.false(told.includes('Everything came out as told.'));
});

test('a file that is not there', async (t) => {
  const { status, errors } = await start('no-file', ['--once', join(dir, 'missing')]);
  t.is(status, 1);
  t.true(errors.includes(`no such file: ${join(dir, 'missing')}`), errors);
});
