// `node --import ./scripts/stripped-types.js`: takes TypeScript without its types from where `strip-types.js` has put it.
// Node strips every file again in each thread and process: half of what loading a broker costs. In JavaScript, so that it
// need not be stripped itself.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { version } from 'node:process';
import { fileURLToPath } from 'node:url';

export const STRIPPED_DIR = join(import.meta.dirname, '../node_modules/.cache/stripped-types');

/**
 * The file in which a source stands without types: named by its contents, so that it is never an older one's.
 * @param {Buffer} source
 */
export function strippedName(source) {
  return `${createHash('sha256').update(version).update(source).digest('hex')}.js`;
}

registerHooks({
  load(url, context, nextLoad) {
    const stripped = url.startsWith('file:') && url.endsWith('.ts') ? readStripped(fileURLToPath(url)) : null;
    if (stripped === null) return nextLoad(url, context);
    return { format: 'module', source: stripped, shortCircuit: true };
  },
});

/**
 * @param {string} path
 * @returns null: it was not stripped before; Node does it
 */
function readStripped(path) {
  try {
    return readFileSync(join(STRIPPED_DIR, strippedName(readFileSync(path))), 'utf8');
  } catch {
    return null;
  }
}
