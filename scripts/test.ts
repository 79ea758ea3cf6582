// `npm test`: runs every test, then scans all that they wrote for data keys. Arguments go to ava.
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ARTIFACTS, createMarker, patternsOf } from '../test/support/canaries.ts';

rmSync('test-output', { recursive: true, force: true });
mkdirSync(ARTIFACTS, { recursive: true });
const marker = createMarker();

const tests = await runTests(process.argv.slice(2));
const leaks = scan();
process.exitCode = tests === 0 && leaks.length === 0 ? 0 : 1;

/** Runs ava, its output on the terminal and among the artifacts. */
async function runTests(args: readonly string[]): Promise<number> {
  const log = createWriteStream(join(ARTIFACTS, 'ava.log'));
  const child = spawn('ava', args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, FORCE_COLOR: '0' } });
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const) {
    from.pipe(to, { end: false });
    from.pipe(log, { end: false });
  }
  const status = await new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? 1)));
  await new Promise((resolve) => log.end(resolve));
  return status;
}

/** Looks for this run's canary keys in everything that the tests left. */
function scan(): string[] {
  const patterns = patternsOf(marker);
  const found: string[] = [];
  let bytes = 0;
  const files = readdirSync(ARTIFACTS, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const entry of files) {
    const path = join(entry.parentPath, entry.name);
    const content = readFileSync(path);
    bytes += content.length;
    for (const { encoding, pattern } of patterns) {
      if (content.includes(pattern)) found.push(`${path} (${encoding})`);
    }
  }
  const mib = (bytes / 1024 / 1024).toFixed(1);
  console.log(`canary scan: ${String(files.length)} files, ${mib} MiB: ${String(found.length)} with key bytes`);
  for (const leak of found) console.error(`key bytes in ${leak}`);
  return found;
}
