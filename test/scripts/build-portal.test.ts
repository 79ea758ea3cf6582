import { mkdtempSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { buildPortalIfStale, gzippedSizes, isStale } from '../../scripts/build-portal.ts';

const MAX_BYTES = 350 * 1024;
/** Of what every page needs. */
const MAX_FIRST_BYTES = 200 * 1024;

const dir = join(mkdtempSync(join(tmpdir(), 'cmk-portal-')), 'portal');
test.after.always(() => rmSync(dir, { recursive: true, force: true }));

test.serial('the portal is built when there is none or it is older than its sources', async (t) => {
  t.true(isStale(dir));
  t.true(await buildPortalIfStale(dir));
  t.false(await buildPortalIfStale(dir));
  utimesSync(join(dir, 'index.html'), 0, 0);
  t.true(isStale(dir));
});

test.serial('all of it is small, and pages are loaded when they are wanted', (t) => {
  const sizes = gzippedSizes(dir);
  const sum = (files: typeof sizes) => files.reduce((bytes, each) => bytes + each.bytes, 0);
  t.true(sum(sizes) <= MAX_BYTES, `${sum(sizes)} bytes`);
  const index = readFileSync(join(dir, 'index.html'), 'utf8');
  const first = sizes.filter(({ file }) => index.includes(file.split('/').at(-1) ?? file));
  t.true(sum(first) <= MAX_FIRST_BYTES, `${sum(first)} bytes`);
  t.true(sizes.length - first.length > 10, 'pages apart');
});

test.serial('the page runs nothing inline, and names nothing elsewhere', (t) => {
  const index = readFileSync(join(dir, 'index.html'), 'utf8');
  t.notRegex(index, /<script(?![^>]* src=)/);
  t.notRegex(index, /https?:|<style| style=| on\w+=/);
  t.true(index.includes('nonce="__CMK_NONCE__"'));
});
