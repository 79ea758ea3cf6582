import { mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { IdentityWatcher, type Identity, type IdentityPaths } from '../../runtime/identity.ts';
import { createTestCa, type TestCa } from '../../sandbox/ca.ts';
import { DrivenClock } from '../support/driven-clock.ts';
import { eventually } from '../support/eventually.ts';

const ours = { uriSans: ['spiffe://cmk.example/broker'] };

async function setUp(t: ExecutionContext) {
  const dir = await mkdtemp(join(tmpdir(), 'cmk-identity-'));
  const ca = await createTestCa();
  const paths = await ca.writeIdentity(dir, ours);
  // The sandbox authority issues from the real time.
  const clock = new DrivenClock(Date.now());
  const reloaded: Identity[] = [];
  const rejected: string[] = [];
  const watcher = await IdentityWatcher.start(paths, {
    clock,
    onReload: (identity) => reloaded.push(identity),
    onRejected: (reason) => rejected.push(reason.message),
  });
  t.teardown(async () => {
    watcher.close();
    await rm(dir, { recursive: true });
  });
  return { dir, ca, paths, clock, watcher, reloaded, rejected };
}

test('loads at once, and tells when the certificate ends', async (t) => {
  const { ca, watcher, paths, reloaded } = await setUp(t);
  t.is(watcher.current.ca.toString(), ca.caPem);
  t.deepEqual(watcher.current.cert, await readFile(paths.certPath));
  const lifeMs = watcher.current.expiresAtMs - Date.now();
  t.true(lifeMs > 23.9 * 3_600_000 && lifeMs <= 24 * 3_600_000, String(lifeMs));
  t.is(reloaded.length, 0);
});

test('takes a renewed set over by itself, once', async (t) => {
  const { dir, ca, clock, watcher, reloaded, rejected } = await setUp(t);
  const before = watcher.current;
  await ca.writeIdentity(dir, { ...ours, notAfter: new Date(Date.now() + 48 * 3_600_000) });
  clock.advance(10_000);
  await eventually(() => reloaded.length === 1);
  t.false(watcher.current.cert.equals(before.cert));
  t.true(watcher.current.expiresAtMs > before.expiresAtMs);
  await watcher.poll();
  t.is(reloaded.length, 1);
  t.deepEqual(rejected, []);
});

test('a renewal between the reading of two files is no rejection', async (t) => {
  const { dir, ca, paths, watcher, reloaded, rejected } = await setUp(t);
  const { keyPath } = paths;
  const oldKeyPath = join(dir, 'old-key.pem');
  await rename(keyPath, oldKeyPath);
  await ca.writeIdentity(dir, ours);
  // Whoever reads it first gets the old key, beside the new certificate.
  const found = [oldKeyPath];
  Object.defineProperty(paths, 'keyPath', { get: () => found.shift() ?? keyPath });
  await watcher.poll();
  t.deepEqual(found, []);
  t.deepEqual(rejected, []);
  t.deepEqual(reloaded[0]?.key, await readFile(keyPath));
});

test('a renewed certificate is taken over once it is valid', async (t) => {
  const { dir, ca, clock, watcher, reloaded, rejected } = await setUp(t);
  const before = watcher.current;
  const hour = (count: number) => new Date(Date.now() + count * 3_600_000);
  await ca.writeIdentity(dir, { ...ours, notBefore: hour(1), notAfter: hour(48) });
  await watcher.poll();
  t.is(watcher.current, before);
  t.regex(rejected[0] ?? '', /cert\.pem is not valid before/);
  clock.turnWallClock(2 * 3_600_000);
  await watcher.poll();
  t.is(reloaded.length, 1);
});

test('goes on polling after a rejection', async (t) => {
  const { dir, ca, paths, clock, reloaded, rejected } = await setUp(t);
  await writeFile(paths.certPath, 'garbage');
  clock.advance(10_000);
  await eventually(() => rejected.length === 1);
  await ca.writeIdentity(dir, ours);
  // The next poll is scheduled once this one has ended.
  await eventually(() => (clock.advance(10_000), reloaded.length === 1));
  t.is(rejected.length, 1);
});

const torn: [name: string, tear: (paths: IdentityPaths, ca: TestCa) => Promise<unknown>, reason: RegExp][] = [
  [
    'new certificate, old key',
    async (paths, ca) => writeFile(paths.certPath, (await ca.issue(ours)).certPem),
    /key\.pem is not the private key of .*cert\.pem/,
  ],
  [
    'old certificate, new key',
    async (paths, ca) => writeFile(paths.keyPath, (await ca.issue(ours)).keyPem),
    /key\.pem is not the private key of .*cert\.pem/,
  ],
  [
    'certificate cut short',
    (paths) => truncate(paths.certPath, 300),
    /cert\.pem: expected certificates in PEM/,
  ],
  ['key cut short', (paths) => truncate(paths.keyPath, 100), /key\.pem: expected a private key in PEM/],
  [
    'chain cut short after the first certificate',
    async (paths, ca) =>
      writeFile(paths.certPath, `${await readFile(paths.certPath, 'utf8')}${ca.caPem.slice(0, 200)}`),
    /cert\.pem: a certificate is cut short/,
  ],
  [
    'authorities that share a line, of which TLS would read the first alone',
    async (paths, ca) => writeFile(paths.caPath, ca.caPem.trimEnd() + ca.caPem),
    /ca\.pem: a certificate is cut short/,
  ],
  [
    'authorities cut short after the first',
    async (paths, ca) => writeFile(paths.caPath, `${ca.caPem}\n${ca.caPem.slice(0, 200)}`),
    /ca\.pem: a certificate is cut short/,
  ],
  ['empty certificate', (paths) => truncate(paths.certPath, 0), /cert\.pem: expected certificates in PEM/],
  ['empty key', (paths) => truncate(paths.keyPath, 0), /key\.pem: expected a private key/],
  ['empty authorities', (paths) => truncate(paths.caPath, 0), /ca\.pem: expected certificates in PEM/],
  [
    'garbage for authorities',
    (paths) => writeFile(paths.caPath, 'garbage'),
    /ca\.pem: expected certificates/,
  ],
  [
    'well-formed PEM around garbage',
    (paths) => writeFile(paths.certPath, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
    /cert\.pem: malformed certificate/,
  ],
  ['missing certificate', (paths) => rm(paths.certPath), /ENOENT.*cert\.pem/],
  ['missing key', (paths) => rm(paths.keyPath), /ENOENT.*key\.pem/],
  ['missing authorities', (paths) => rm(paths.caPath), /ENOENT.*ca\.pem/],
  [
    'expired certificate',
    async (paths, ca) => {
      const leaf = await ca.issue({ ...ours, notAfter: new Date(Date.now() - 60_000) });
      await writeFile(paths.keyPath, leaf.keyPem);
      await writeFile(paths.certPath, leaf.certPem);
    },
    /cert\.pem expired at /,
  ],
];

for (const [name, tear, reason] of torn) {
  test(`keeps the last good identity and reports it: ${name}`, async (t) => {
    const { paths, ca, dir, watcher, reloaded, rejected } = await setUp(t);
    const good = watcher.current;
    const key = (await readFile(paths.keyPath, 'latin1')).split('\n')[1] ?? 'no key';
    await tear(paths, ca);
    await watcher.poll();
    t.is(watcher.current, good);
    t.is(reloaded.length, 0);
    t.is(rejected.length, 1);
    t.regex(rejected[0] ?? '', reason);
    t.false(rejected[0]?.includes(key));

    await watcher.poll();
    t.is(rejected.length, 1, 'one cause is reported once');
    await ca.writeIdentity(dir, ours);
    await watcher.poll();
    t.is(reloaded.length, 1, 'the next good set is taken over');
  });

  test(`does not start: ${name}`, async (t) => {
    const { paths, ca, clock } = await setUp(t);
    await tear(paths, ca);
    await t.throwsAsync(IdentityWatcher.start(paths, { clock }), { message: reason });
  });
}

test('a changed authority alone is a new identity', async (t) => {
  const { paths, ca, watcher, reloaded } = await setUp(t);
  const next = await createTestCa('next');
  await writeFile(paths.caPath, ca.caPem + next.caPem);
  await watcher.poll();
  t.is(reloaded.length, 1);
  t.is(watcher.current.ca.toString(), ca.caPem + next.caPem);
});

test('nothing is reported after the end', async (t) => {
  const { dir, ca, watcher, reloaded } = await setUp(t);
  watcher.close();
  await ca.writeIdentity(dir, ours);
  await watcher.poll();
  t.is(reloaded.length, 0);
});
