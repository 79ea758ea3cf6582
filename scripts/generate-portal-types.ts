// Writes portal/api/types.gen.ts: what docs/openapi.json says of the API, as types.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createClient } from '@hey-api/openapi-ts';
import { format } from 'prettier';
import { OPENAPI_FILE } from './generate-openapi.ts';

export const PORTAL_TYPES_FILE = 'portal/api/types.gen.ts';

/** The types as the file has them. */
export async function renderPortalTypes(): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'cmk-types-'));
  try {
    await createClient({
      input: resolve(OPENAPI_FILE),
      output: { path: dir },
      plugins: ['@hey-api/typescript'],
      logs: { level: 'silent' },
    });
    const text = readFileSync(join(dir, 'types.gen.ts'), 'utf8');
    return await format(text, {
      parser: 'typescript',
      singleQuote: true,
      printWidth: 110,
      trailingComma: 'all',
    });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

if (import.meta.main) writeFileSync(PORTAL_TYPES_FILE, await renderPortalTypes());
