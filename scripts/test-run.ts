import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ARTIFACTS, createMarker } from '../test/support/canaries.ts';
import { buildPortalIfStale } from './build-portal.ts';
import { scanForKeys } from './canary-scan.ts';

/**
 * Runs ava, then scans all that the tests wrote for data keys.
 * @param args for ava
 * @returns whether every test passed and no key was found
 */
export async function testAndScan(args: readonly string[]): Promise<boolean> {
  rmSync('test-output', { recursive: true, force: true });
  mkdirSync(ARTIFACTS, { recursive: true });
  // Once, and not by several files at a time.
  await buildPortalIfStale();
  stripTypes();
  const marker = createMarker();
  const passed = await runAva(args);
  const { files, bytes, leaks } = scanForKeys(ARTIFACTS, marker);
  const mib = (bytes / 1024 / 1024).toFixed(1);
  console.log(`canary scan: ${files} files, ${mib} MiB: ${leaks.length} with key bytes`);
  for (const leak of leaks) console.error(`key bytes in ${leak}`);
  return passed && leaks.length === 0;
}

/** For {@link STRIPPED}; what Node says of its own function's age is no news. */
function stripTypes(): void {
  const { status } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', 'scripts/strip-types.js'],
    { stdio: 'inherit' },
  );
  if (status !== 0) throw new Error('scripts/strip-types.js failed');
}

/** Has every process under the tests take sources without types from where {@link stripTypes} put them. */
const STRIPPED = `--import=${pathToFileURL('scripts/stripped-types.js').href}`;

/**
 * Ava's output goes to the terminal and among the artifacts. Hundreds of threads and processes load the same modules:
 * they share what was stripped of types and compiled.
 */
async function runAva(args: readonly string[]): Promise<boolean> {
  const log = createWriteStream(join(ARTIFACTS, 'ava.log'));
  const child = spawn('ava', args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      NODE_COMPILE_CACHE: resolve('node_modules/.cache/node'),
      ...process.env,
      NODE_OPTIONS: `${STRIPPED} ${process.env['NODE_OPTIONS'] ?? ''}`,
      FORCE_COLOR: '0',
    },
  });
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const) {
    from.pipe(to, { end: false });
    from.pipe(log, { end: false });
  }
  const status = await new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? 1)));
  await new Promise<void>((resolve) => log.end(resolve));
  return status === 0;
}
