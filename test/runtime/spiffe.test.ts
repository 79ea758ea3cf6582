import { X509Certificate } from 'node:crypto';
import type { PeerCertificate } from 'node:tls';
import test from 'ava';
import { parseSpiffeId, spiffeIdOf, type SpiffeRefusal } from '../../runtime/spiffe.ts';
import { createTestCa, type LeafOptions } from '../../sandbox/ca.ts';

const valid: [text: string, trustDomain: string, path: string][] = [
  ['spiffe://cmk.example/service/0001', 'cmk.example', '/service/0001'],
  ['spiffe://cmk.example', 'cmk.example', ''],
  ['spiffe://a_b-c.1/X.y_z-0', 'a_b-c.1', '/X.y_z-0'],
];

for (const [text, trustDomain, path] of valid) {
  test(`reads ${text}`, (t) => {
    t.deepEqual(parseSpiffeId(text), { text, trustDomain, path });
  });
}

const invalid = [
  '',
  'spiffe://',
  'spiffe:///service',
  'https://cmk.example/service',
  'SPIFFE://cmk.example/service',
  'spiffe://CMK.example/service',
  'spiffe://cmk.example:443/service',
  'spiffe://user@cmk.example/service',
  'spiffe://cmk.example/service/',
  'spiffe://cmk.example//service',
  'spiffe://cmk.example/./service',
  'spiffe://cmk.example/a/../b',
  'spiffe://cmk.example/service?x=1',
  'spiffe://cmk.example/service#x',
  'spiffe://cmk.example/%73ervice',
  'spiffe://cmk.example/service\n',
  'spiffe://cmk.example/sérvice',
  `spiffe://cmk.example/${'a'.repeat(2048)}`,
];

for (const text of invalid) {
  test(`refuses ${JSON.stringify(text.slice(0, 60))}`, (t) => {
    t.is(parseSpiffeId(text), null);
  });
}

const ours = 'spiffe://cmk.example/service/0001';
const certificates: [name: string, leaf: LeafOptions, expected: SpiffeRefusal | 'ok', detail?: string][] = [
  ['one URI SAN of our trust domain', { uriSans: [ours] }, 'ok'],
  ['other kinds of SAN beside it', { uriSans: [ours], dnsSans: ['a.example'], ipSans: ['10.0.0.1'] }, 'ok'],
  ['no SAN', {}, 'NO_URI_SAN', 'expected one URI SAN, got none'],
  ['only a DNS SAN', { dnsSans: ['cmk.example'] }, 'NO_URI_SAN'],
  ['two URI SANs', { uriSans: [ours, ours] }, 'SEVERAL_URI_SANS', 'expected one URI SAN, got 2'],
  ['a second URI SAN that is no SPIFFE id', { uriSans: [ours, 'https://x.example'] }, 'SEVERAL_URI_SANS'],
  ['another scheme', { uriSans: ['https://cmk.example/service/0001'] }, 'NOT_A_SPIFFE_ID'],
  ['another trust domain', { uriSans: ['spiffe://evil.example/service/0001'] }, 'OTHER_TRUST_DOMAIN'],
  ['a trust domain that begins alike', { uriSans: ['spiffe://cmk.example.evil/x'] }, 'OTHER_TRUST_DOMAIN'],
  ['a SPIFFE id in a DNS SAN', { dnsSans: [`x, URI:${ours}`] }, 'NO_URI_SAN'],
  ['a URI SAN that holds a separator', { uriSans: [`${ours}, URI:${ours}`] }, 'NOT_A_SPIFFE_ID'],
  ['the SPIFFE id only in the common name', { commonName: ours }, 'NO_URI_SAN'],
];

for (const [name, leaf, expected, detail] of certificates) {
  test(`a certificate with ${name}: ${expected}`, async (t) => {
    const { certPem } = await (await createTestCa()).issue(leaf);
    const result = spiffeIdOf(new X509Certificate(certPem).toLegacyObject(), 'cmk.example');
    if (result.ok) {
      t.is(expected, 'ok');
      t.is(result.id.text, ours);
    } else {
      t.is(result.refusal, expected as SpiffeRefusal);
      if (detail !== undefined) t.is(result.detail, detail);
    }
  });
}

test('no certificate', (t) => {
  for (const none of [undefined, {} as PeerCertificate]) {
    t.like(spiffeIdOf(none, 'cmk.example'), { ok: false, refusal: 'NO_CERTIFICATE' });
  }
});
