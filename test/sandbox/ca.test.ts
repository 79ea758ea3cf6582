import { once } from 'node:events';
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import test from 'ava';
import { createTestCa } from '../../sandbox/ca.ts';

const SPIFFE_ID = 'spiffe://cmk.test/ns/meetings/sa/recorder';

test('a leaf names its SANs, matches its key and chains to the authority', async (t) => {
  const ca = await createTestCa();
  for (const keyAlg of ['P-256', 'P-384', 'RSA-2048'] as const) {
    const leaf = await ca.issue({
      uriSans: [SPIFFE_ID],
      dnsSans: ['localhost'],
      ipSans: ['127.0.0.1'],
      keyAlg,
    });
    const certificate = new X509Certificate(leaf.certPem);
    t.is(certificate.subjectAltName, `URI:${SPIFFE_ID}, DNS:localhost, IP Address:127.0.0.1`, keyAlg);
    t.true(certificate.checkPrivateKey(createPrivateKey(leaf.keyPem)), keyAlg);
    t.true(certificate.checkIssued(new X509Certificate(ca.caPem)), keyAlg);
    t.true(certificate.verify(new X509Certificate(ca.caPem).publicKey), keyAlg);
  }
});

test('another authority’s leaf does not verify', async (t) => {
  const [ours, other] = [await createTestCa(), await createTestCa()];
  const leaf = await other.issue({ uriSans: [SPIFFE_ID] });
  t.false(new X509Certificate(leaf.certPem).verify(new X509Certificate(ours.caPem).publicKey));
});

for (const [name, client, expected] of [
  ['a valid client', { uriSans: [SPIFFE_ID] }, null],
  [
    'an expired client',
    { uriSans: [SPIFFE_ID], notAfter: new Date(Date.now() - 60_000) },
    'CERT_HAS_EXPIRED',
  ],
  [
    'a client of tomorrow',
    { uriSans: [SPIFFE_ID], notBefore: new Date(Date.now() + 3_600_000) },
    'CERT_NOT_YET_VALID',
  ],
  ['a client without SAN', {}, null],
] as const) {
  test(`TLS 1.3 sees ${name}`, async (t) => {
    const ca = await createTestCa();
    const serverLeaf = await ca.issue({ dnsSans: ['localhost'] });
    const clientLeaf = await ca.issue(client);
    const server = tls.createServer({
      cert: serverLeaf.certPem,
      key: serverLeaf.keyPem,
      ca: ca.caPem,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const socket = tls.connect({
      port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: ca.caPem,
      cert: clientLeaf.certPem,
      key: clientLeaf.keyPem,
    });
    const [accepted] = (await once(server, 'secureConnection')) as [tls.TLSSocket];
    // Typed as an Error, but a code.
    t.is<unknown, unknown>(accepted.authorizationError, expected);
    accepted.destroy();
    socket.destroy();
    server.close();
  });
}

test('writeIdentity leaves three files, the key readable by its owner alone', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'cmk-ca-'));
  try {
    const ca = await createTestCa();
    const files = await ca.writeIdentity(join(dir, 'identity'), { uriSans: [SPIFFE_ID] });
    const [cert, key, authority] = await Promise.all(
      [files.certPath, files.keyPath, files.caPath].map((path) => readFile(path, 'utf8')),
    );
    t.true(new X509Certificate(cert ?? '').checkPrivateKey(createPrivateKey(key ?? '')));
    t.is(authority, ca.caPem);
    t.is((await stat(files.keyPath)).mode & 0o777, 0o600);
  } finally {
    await rm(dir, { recursive: true });
  }
});
