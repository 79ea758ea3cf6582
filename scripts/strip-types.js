// Strips the types of every source that is not stripped yet, for `stripped-types.js`, and forgets the others.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { pid } from 'node:process';
import { STRIPPED_DIR, strippedName } from './stripped-types.js';

const NOT_OURS = new Set(['node_modules', 'dist', 'test-output']);

/** The sources under a folder, this one by default. */
function sources(folder = '.') {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return entry.name.startsWith('.') || NOT_OURS.has(entry.name) ? [] : sources(path);
    return entry.isFile() && /(?<!\.d)\.ts$/.test(entry.name) ? [path] : [];
  });
}

mkdirSync(STRIPPED_DIR, { recursive: true });
const stale = new Set(readdirSync(STRIPPED_DIR));
for (const path of sources()) {
  const source = readFileSync(path);
  const name = strippedName(source);
  stale.delete(name);
  const target = join(STRIPPED_DIR, name);
  if (existsSync(target)) continue;
  // There as a whole, or not at all.
  writeFileSync(`${target}-${pid}`, stripTypeScriptTypes(source.toString('utf8')));
  renameSync(`${target}-${pid}`, target);
}
for (const name of stale) rmSync(join(STRIPPED_DIR, name), { force: true });
