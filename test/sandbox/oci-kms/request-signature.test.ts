import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import test from 'ava';
import { signedHeaders } from '../../../broker/kms/oci/signature.ts';
import { OciError } from '../../../sandbox/oci-kms/errors.ts';
import { Identities, type SigningCredentials } from '../../../sandbox/oci-kms/identities.ts';
import { newOcid } from '../../../sandbox/oci-kms/ocid.ts';
import { authenticate, type SignedRequest } from '../../../sandbox/oci-kms/request-signature.ts';

const NOW_MS = Date.UTC(2026, 0, 15, 12);
const TARGET = '/20180608/decrypt';

const identities = new Identities();
const tenancy = newOcid('tenancy');
const user = identities.create({ tenancy, kind: 'user', name: 'admin', groups: [] });
const instance = identities.create({ tenancy, kind: 'instance', name: 'broker', groups: [] });
const late = identities.create({ tenancy, kind: 'instance', name: 'late', groups: [], expiresAtMs: NOW_MS });

interface Signing {
  readonly as?: SigningCredentials;
  readonly method?: 'GET' | 'POST';
  readonly atMs?: number;
}

type Request = SignedRequest & { headers: { authorization?: string } & Record<string, string> };

function signed({ as = user.credentials, method = 'POST', atMs = NOW_MS }: Signing = {}): Request {
  const body = Buffer.from(method === 'POST' ? '{"keyId":"x"}' : '');
  const request = {
    method,
    host: 'vault-crypto.kms.us-ashburn-1.oraclecloud.com',
    target: TARGET,
    contentType: 'application/json',
    body: method === 'POST' ? body : null,
  };
  const key = { keyId: as.keyId, privateKey: createPrivateKey(as.privateKey) };
  return { method, url: TARGET, headers: signedHeaders(request, key, atMs), body };
}

const verify = (request: SignedRequest) => authenticate(request, identities, NOW_MS);

for (const [title, holder, method] of [
  ['a user’s API key', user, 'POST'],
  ['an instance’s session token', instance, 'POST'],
  ['a user’s API key, without a body', user, 'GET'],
] as const) {
  test(`a request signed with ${title} is theirs`, (t) => {
    t.is(verify(signed({ as: holder.credentials, method })).principal, holder.principal);
  });
}

for (const [title, skewMs] of [
  ['5 minutes old', -300_000],
  ['5 minutes early', 300_000],
] as const) {
  test(`a date that is ${title} is accepted, one second more is not`, (t) => {
    t.notThrows(() => verify(signed({ atMs: NOW_MS + skewMs })));
    const beyond = NOW_MS + skewMs + Math.sign(skewMs) * 1_000;
    t.throws(() => verify(signed({ atMs: beyond })), { message: /not within allowed clock skew/ });
  });
}

const changed = (headers: Record<string, string>) => (request: Request) => ({
  ...request,
  headers: { ...request.headers, ...headers },
});
const replaced = (from: string | RegExp, to: string) => (request: Request) =>
  changed({ authorization: (request.headers.authorization ?? '').replace(from, to) })(request);
const without = (name: string) => (request: Request) => ({
  ...request,
  headers: Object.fromEntries(Object.entries(request.headers).filter(([each]) => each !== name)),
});

const REFUSED: Readonly<Record<string, (request: Request) => SignedRequest>> = {
  'without a signature': without('authorization'),
  'without its host': without('host'),
  'without its date': without('x-date'),
  'with another scheme': replaced('Signature ', 'Bearer '),
  'with another version': replaced('version="1"', 'version="2"'),
  'with another algorithm': replaced('rsa-sha256', 'hmac-sha256'),
  'with an unknown key': replaced(/keyId="[^"]+/, 'keyId="a/b/c'),
  'with a parameter twice': replaced('version="1",', 'version="1",version="1",'),
  'with a parameter more': replaced('version="1",', 'version="1",expires="9",'),
  'with a signature that is not one': replaced(/signature="[^"]+/, 'signature="AAAA'),
  'whose host is not signed': replaced(' host', ''),
  'whose target is not signed': replaced(' (request-target)', ''),
  'whose date is not signed': replaced('x-date ', ''),
  'whose body is not signed': replaced(' x-content-sha256', ''),
  'whose length is not signed': replaced(' content-length', ''),
  'that names a header twice': replaced(' host', ' host host'),
  'to another host': changed({ host: 'other-crypto.kms.us-ashburn-1.oraclecloud.com' }),
  'with another date': changed({ 'x-date': new Date(NOW_MS + 1_000).toUTCString() }),
  'with a date in another form': changed({ 'x-date': new Date(NOW_MS).toISOString() }),
  'with another content type': changed({ 'content-type': 'text/plain' }),
  'to another path': (request) => ({ ...request, url: '/20180608/encrypt' }),
  'with another method': (request) => ({ ...request, method: 'PUT' }),
  'with another body': (request) => ({ ...request, body: Buffer.from('{"keyId":"y"}') }),
};

for (const [title, tamper] of Object.entries(REFUSED)) {
  test(`refused: a request ${title}`, (t) => {
    t.is(t.throws(() => verify(tamper(signed())), { instanceOf: OciError }).code, 'NotAuthenticated');
  });
}

test('refused: another private key, and a session token that has run out', (t) => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  for (const as of [{ ...user.credentials, privateKey: pem }, late.credentials]) {
    t.throws(() => verify(signed({ as })), { instanceOf: OciError, message: /incorrect/ });
  }
});

test('refused: a body that no header speaks of', (t) => {
  const request = signed({ method: 'GET' });
  t.throws(() => verify({ ...request, method: 'POST', body: Buffer.from('{}') }), { instanceOf: OciError });
});
