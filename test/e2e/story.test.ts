import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { runStory, type StoryRun } from '../support/story-process.ts';
import { testStory } from '../support/told-story.ts';

/** `npm start -- --once FILE`: its exit code says whether all came out as told. test/system has the other KMSs. */

const dir = mkdtempSync(join(tmpdir(), 'cmk-story-'));
test.after.always(() => rmSync(dir, { recursive: true }));

function start(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<StoryRun> {
  return runStory({ dir, name }, args, env);
}

testStory('aws');

test.serial('a KMS that it does not know', async (t) => {
  const { status, errors } = await start('no-kms', ['--once', '--kms', 'abacus']);
  t.is(status, 1);
  t.true(errors.includes('Allowed choices are aws, azure, oci, transit'), errors);
});

test.serial('a database that nobody serves: it ends with the cause, and not with zero', async (t) => {
  const { status, out, errors } = await start('no-database', ['--once'], {
    CMK_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
  });
  t.is(status, 1);
  const told = out + errors;
  t.true(told.includes('This did not come out as told: the process broker ended'), told);
  t.true(told.includes('STORE_UNAVAILABLE'), told);
  t.false(told.includes('Everything came out as told.'));
});

test.serial('a file that is not there', async (t) => {
  const { status, errors } = await start('no-file', ['--once', join(dir, 'missing')]);
  t.is(status, 1);
  t.true(errors.includes(`no such file: ${join(dir, 'missing')}`), errors);
});
