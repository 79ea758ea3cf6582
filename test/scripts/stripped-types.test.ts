import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';

const run = promisify(execFile);
const dir = mkdtempSync(join(tmpdir(), 'cmk-types-'));
test.after.always(() => rmSync(dir, { recursive: true, force: true }));

const STRIPPED = join(dir, 'node_modules/.cache/stripped-types');
const source = (word: string) => `const word: string = '${word}';\nconsole.log(word);\n`;

/** What one of the folder's sources prints. */
async function print(name: string): Promise<string> {
  const hook = `--import=${pathToFileURL(join(dir, 'scripts/stripped-types.js')).href}`;
  const { stdout } = await run(process.execPath, [hook, name], { cwd: dir, env: {} });
  return stdout;
}

test.serial('what was stripped of types is taken in place of the source', async (t) => {
  for (const name of ['strip-types.js', 'stripped-types.js']) {
    cpSync(join('scripts', name), join(dir, 'scripts', name));
  }
  mkdirSync(join(dir, 'broker'));
  writeFileSync(join(dir, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(dir, 'broker/one.ts'), source('one'));
  await run(process.execPath, ['scripts/strip-types.js'], { cwd: dir, env: {} });
  const [stripped = '', ...others] = readdirSync(STRIPPED);
  t.deepEqual(others, []);
  t.is(await print('broker/one.ts'), 'one\n');
  writeFileSync(join(STRIPPED, stripped), `console.log('stripped');`);
  t.is(await print('broker/one.ts'), 'stripped\n');
});

test.serial('a source that is another, or new, is never an older one’s', async (t) => {
  writeFileSync(join(dir, 'broker/one.ts'), source('uno'));
  writeFileSync(join(dir, 'broker/two.ts'), source('two'));
  t.is(await print('broker/one.ts'), 'uno\n');
  t.is(await print('broker/two.ts'), 'two\n');
});

test.serial('what nobody needs any more is forgotten', async (t) => {
  const before = readdirSync(STRIPPED);
  await run(process.execPath, ['scripts/strip-types.js'], { cwd: dir, env: {} });
  const after = readdirSync(STRIPPED);
  t.is(after.length, 2);
  t.false(after.some((name) => before.includes(name)));
});
