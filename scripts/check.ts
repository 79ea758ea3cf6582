// Everything about the source that can be checked without running it. Reports all failures, not only the first.
import { spawnSync } from 'node:child_process';

const CHECKS: readonly [name: string, command: string, args: readonly string[]][] = [
  ['types', 'tsc', ['--noEmit']],
  ['types of the portal', 'tsc', ['--noEmit', '-p', 'portal']],
  ['lint', 'eslint', ['.', '--max-warnings=0']],
  ['format', 'prettier', ['--check', '--log-level=warn', '.']],
  ['generated types', process.execPath, ['scripts/generate-types.ts', '--check']],
  ['import rules', 'ava', ['test/architecture.test.ts']],
];

const failed: string[] = [];
for (const [name, command, args] of CHECKS) {
  const result = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], shell: false });
  const ok = result.status === 0;
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}`);
  if (!ok) failed.push(name);
}
if (failed.length > 0) {
  console.error(`check failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
