import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import test from 'ava';
import { scanForKeys } from '../../scripts/canary-scan.ts';
import { canaryBytes, canaryKey, leakForms, runMarker } from './canaries.ts';

const key = canaryKey();
const among = (before: number) => Buffer.concat([Buffer.alloc(before, 0x55), key, Buffer.alloc(7, 0xaa)]);

const leaks: Record<string, string | Buffer> = {
  raw: Buffer.concat([Buffer.from('x'), key, Buffer.from('y')]),
  hex: among(3).toString('hex'),
  'upper-case hex': among(3).toString('hex').toUpperCase(),
  'a printed Buffer': inspect(among(3)),
  'a printed Uint8Array': inspect({ error: { cause: { key: new Uint8Array(among(3)) } } }, { depth: 10 }),
  'a Buffer in JSON': JSON.stringify({ key: among(3) }),
  'numbers on lines of their own': JSON.stringify([...among(3)], null, 2),
};
for (const before of [0, 1, 2, 3, 4, 5]) {
  leaks[`base64 after ${before} bytes`] = among(before).toString('base64');
  leaks[`base64url after ${before} bytes`] = among(before).toString('base64url');
}

for (const [name, content] of Object.entries(leaks)) {
  test(`the scan finds a key leaked as ${name}`, (t) => {
    const bytes = Buffer.from(content as string);
    t.true(leakForms(runMarker()).some(({ isIn }) => isIn(bytes)));
    const another = canaryKey().subarray(12, 20);
    t.false(leakForms(another).some(({ isIn }) => isIn(bytes)));
  });
}

test('what is not random does not count as a key', (t) => {
  for (const byte of [0x00, 0x55, 0xff]) {
    t.false(leakForms(runMarker()).some(({ isIn }) => isIn(Buffer.alloc(1000, byte))));
  }
});

for (const count of [24, 32, 64]) {
  test(`${count} canary bytes are as many, marked at both ends, and differ each time`, (t) => {
    const bytes = canaryBytes(count);
    t.is(bytes.length, count);
    t.deepEqual(bytes.subarray(0, 12), runMarker());
    t.deepEqual(bytes.subarray(-12), runMarker());
    if (count > 24) t.notDeepEqual(bytes, canaryBytes(count));
  });
}

test('the scan reads every file below a folder, and names those with a key in them', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cmk-scan-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'crash', 'logs'), { recursive: true });
  writeFileSync(join(folder, 'metrics.txt'), 'cmk_streams 3\n');
  const clean = scanForKeys(folder, runMarker());
  t.deepEqual(clean, { files: 1, bytes: 14, leaks: [] });

  const planted = join(folder, 'crash', 'logs', 'broker.log');
  writeFileSync(planted, `{"level":30,"msg":"key ${key.toString('hex')}"}\n`);
  const found = scanForKeys(folder, runMarker());
  t.is(found.files, 2);
  t.deepEqual(found.leaks, [`${planted} (hex)`]);
});

test('the scan finds a key wherever it lies in a file that is read in pieces', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cmk-scan-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const text = key.toString('hex');
  for (let before = 1950; before <= 2060; before += 7) {
    const log = join(folder, 'broker.log');
    writeFileSync(log, `${'x'.repeat(before)}${text}${'x'.repeat(3000)}`);
    const { bytes, leaks: found } = scanForKeys(folder, runMarker(), 2048);
    t.is(bytes, before + text.length + 3000);
    t.deepEqual(found, [`${log} (hex)`], `after ${before} characters`);
  }
});
