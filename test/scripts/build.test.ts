import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { buildProgram, PROGRAMS } from '../../scripts/build.ts';

for (const program of PROGRAMS) {
  test(`the ${program.name} that is built starts, far enough to say what it needs`, async (t) => {
    const folder = join(mkdtempSync(join(tmpdir(), 'cmk-build-')), program.name);
    await buildProgram(program, folder);
    const { stdout, stderr } = spawnSync(process.execPath, [join(folder, `${program.name}.mjs`)], {
      env: {},
      encoding: 'utf8',
      timeout: 30_000,
    });
    t.regex(stdout + stderr, /CONFIG_INVALID|Usage: /);
  });
}
