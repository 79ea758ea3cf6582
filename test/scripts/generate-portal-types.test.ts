import { readFileSync } from 'node:fs';
import test from 'ava';
import { PORTAL_TYPES_FILE, renderPortalTypes } from '../../scripts/generate-portal-types.ts';

test(`${PORTAL_TYPES_FILE} is what the API says of itself; else run npm run generate`, async (t) => {
  t.is(readFileSync(PORTAL_TYPES_FILE, 'utf8'), await renderPortalTypes());
});
