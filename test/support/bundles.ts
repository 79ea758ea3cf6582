import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Programs } from '../../sandbox/parts.ts';
import { buildProgram, PROGRAMS } from '../../scripts/build.ts';

/** Builds bundles into an empty folder, with no `node_modules` above it, for the length of a test. */
export async function buildBundles(
  t: ExecutionContext,
  names: readonly string[] = PROGRAMS.map(({ name }) => name),
): Promise<Programs & { readonly cmk: string; readonly cwd: string }> {
  const cwd = mkdtempSync(join(tmpdir(), 'cmk-dist-'));
  t.teardown(() => rmSync(cwd, { recursive: true, force: true }));
  for (const program of PROGRAMS) {
    if (names.includes(program.name)) await buildProgram(program, join(cwd, program.name));
  }
  const main = (name: string) => join(cwd, name, `${name}.mjs`);
  return { cwd, broker: main('broker'), sidecar: main('sidecar'), cmk: main('cmk') };
}
