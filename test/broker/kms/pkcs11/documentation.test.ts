import { readFile } from 'node:fs/promises';
import test from 'ava';
import { pkcs11Settings } from '../../../../broker/kms/pkcs11/config.ts';
import { fromFailure } from '../../../../broker/kms/pkcs11/errors.ts';
import { parseKeyUri } from '../../../../broker/kms/pkcs11/reference.ts';
import { WRAPPED_BYTES } from '../../../../broker/kms/pkcs11/wrapped-key.ts';
import { KMS_CAUSES } from '../../../../broker/kms/provider.ts';

const page = await readFile('docs/kms/pkcs11.md', 'utf8');
const rows = [...page.matchAll(/^\|(.+?)\|.*\| `([A-Z_]+)` +\| (yes|no) +\|$/gm)];

test('the page’s table of causes is complete, and right about whose decision each is', (t) => {
  const documented = Object.fromEntries(
    rows.map(([, , cause = '', decision]) => [cause, decision === 'yes']),
  );
  const actual = Object.entries(KMS_CAUSES).map(([cause, { customerDecision }]) => [cause, customerDecision]);
  t.deepEqual(documented, Object.fromEntries(actual));
});

test('every code in it has the cause of its row', (t) => {
  const codes = rows.flatMap(([, text = '', cause = '']) =>
    [...text.matchAll(/`(CKR_\w+)`/g)].map(([, code = '']) => [code, cause] as const),
  );
  t.true(codes.length > 15);
  for (const [code, cause] of codes) t.is(fromFailure({ code, during: '' }).kmsCause, cause as never, code);
});

test('its reference, its layout and its settings are what the code has', (t) => {
  t.notThrows(() => parseKeyUri(/`(pkcs11:[^`]+)`/.exec(page)?.[1] ?? ''));
  const layout = [...page.matchAll(/^\| (\d+) +\| \w+ +\|/gm)].map(([, bytes]) => Number(bytes));
  t.is(
    layout.reduce((sum, bytes) => sum + bytes, 0),
    WRAPPED_BYTES,
  );
  for (const { name } of Object.values(pkcs11Settings)) t.true(page.includes(`\`${name}\``), name);
});
