// Writes docs/openapi.json: what the broker answers at /v1/openapi.json.
import { writeFileSync } from 'node:fs';
import { format } from 'prettier';
import { createAdminApp, type AdminParts } from '../broker/admin/server.ts';

export const OPENAPI_FILE = 'docs/openapi.json';

/** The document as the file has it. */
export async function renderOpenApi(): Promise<string> {
  // No route is called: the parts are never looked at.
  const parts = new Proxy({}, { get: () => ({}) }) as AdminParts;
  const app = createAdminApp({ ...parts, authenticators: [], portalDir: null });
  await app.ready();
  const text = JSON.stringify(app.swagger());
  await app.close();
  return format(text, { parser: 'json', printWidth: 110 });
}

if (import.meta.main) writeFileSync(OPENAPI_FILE, await renderOpenApi());
