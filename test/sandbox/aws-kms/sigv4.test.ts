import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import test from 'ava';
import { AwsError } from '../../../sandbox/aws-kms/errors.ts';
import { Principals } from '../../../sandbox/aws-kms/principals.ts';
import { authenticate, type SignedRequest } from '../../../sandbox/aws-kms/sigv4.ts';

const NOW_MS = Date.UTC(2026, 0, 15, 12);
const REGION = 'us-east-1';

const principals = new Principals();
const user = principals.create({ account: '111122223333', kind: 'user', name: 'admin' });
const role = principals.create({ account: '444455556666', kind: 'role', name: 'broker' });
const expired = principals.create({
  account: '444455556666',
  kind: 'role',
  name: 'late',
  expiresAtMs: NOW_MS,
});

interface Signing {
  readonly as?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  readonly region?: string;
  readonly service?: string;
  readonly atMs?: number;
}

async function signed({
  as = role.accessKey,
  region = REGION,
  service = 'kms',
  atMs = NOW_MS,
}: Signing = {}): Promise<SignedRequest & { headers: Record<string, string> }> {
  const body = '{"KeyId":"x"}';
  const signer = new SignatureV4({ credentials: as, region, service, sha256: Sha256 });
  const request = await signer.sign(
    {
      method: 'POST',
      protocol: 'http:',
      hostname: '127.0.0.1',
      path: '/',
      query: {},
      headers: {
        host: '127.0.0.1:4001',
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'TrentService.DescribeKey',
      },
      body,
    },
    { signingDate: new Date(atMs) },
  );
  return { method: 'POST', url: '/', headers: request.headers, body: Buffer.from(body) };
}

const verify = (request: SignedRequest) =>
  authenticate(request, principals, { service: 'kms', region: REGION, nowMs: NOW_MS });

for (const [title, holder] of [
  ['a user', user],
  ['a role with its session token', role],
] as const) {
  test(`a request signed by ${title} is theirs`, async (t) => {
    t.is(verify(await signed({ as: holder.accessKey })).principal, holder.principal);
  });
}

for (const [title, skewMs] of [
  ['5 minutes old', -300_000],
  ['5 minutes early', 300_000],
] as const) {
  test(`a signature ${title} is accepted`, async (t) => {
    t.is(verify(await signed({ atMs: NOW_MS + skewMs })), role);
  });
}

for (const [title, type, signing] of [
  [
    'an unknown access key',
    'UnrecognizedClientException',
    { as: { ...user.accessKey, accessKeyId: 'AKIA0000000000000000' } },
  ],
  ['a wrong secret', 'InvalidSignatureException', { as: { ...user.accessKey, secretAccessKey: 'wrong' } }],
  [
    'a role without its token',
    'UnrecognizedClientException',
    { as: { accessKeyId: role.accessKey.accessKeyId, secretAccessKey: role.accessKey.secretAccessKey } },
  ],
  ['a wrong token', 'UnrecognizedClientException', { as: { ...role.accessKey, sessionToken: 'wrong' } }],
  ['a user with a token', 'UnrecognizedClientException', { as: { ...user.accessKey, sessionToken: 'any' } }],
  ['an expired token', 'ExpiredTokenException', { as: expired.accessKey }],
  ['another region’s scope', 'InvalidSignatureException', { region: 'us-west-2' }],
  ['another service’s scope', 'InvalidSignatureException', { service: 's3' }],
  ['a signature 5 minutes and a second old', 'InvalidSignatureException', { atMs: NOW_MS - 301_000 }],
  ['a signature 5 minutes and a second early', 'InvalidSignatureException', { atMs: NOW_MS + 301_000 }],
] as const satisfies readonly (readonly [string, string, Signing])[]) {
  test(`refused: ${title}`, async (t) => {
    const request = await signed(signing);
    t.is(t.throws(() => verify(request), { instanceOf: AwsError }).type, type);
  });
}

for (const [title, type, change] of [
  [
    'no signature',
    'MissingAuthenticationTokenException',
    ({ headers: { authorization: _, ...headers } }) => ({ headers }),
  ],
  [
    'another algorithm',
    'IncompleteSignatureException',
    (r) => authorization(r, (text) => text.replace('AWS4-HMAC', 'AWS4-ECDSA')),
  ],
  ['half a signature', 'IncompleteSignatureException', (r) => authorization(r, (text) => text.slice(0, -10))],
  ['a changed signature', 'InvalidSignatureException', (r) => authorization(r, flipLast)],
  ['a changed body', 'InvalidSignatureException', () => ({ body: Buffer.from('{"KeyId":"y"}') })],
  [
    'a changed body and its hash',
    'InvalidSignatureException',
    ({ headers }) => {
      const body = Buffer.from('{"KeyId":"y"}');
      return {
        body,
        headers: { ...headers, 'x-amz-content-sha256': createHash('sha256').update(body).digest('hex') },
      };
    },
  ],
  [
    'another target',
    'InvalidSignatureException',
    ({ headers }) => ({ headers: { ...headers, 'x-amz-target': 'TrentService.DisableKey' } }),
  ],
  [
    'another host',
    'InvalidSignatureException',
    ({ headers }) => ({ headers: { ...headers, host: 'evil.test' } }),
  ],
  ['another method', 'InvalidSignatureException', () => ({ method: 'PUT' })],
  ['another path', 'UnknownOperationException', () => ({ url: '/other' })],
  [
    'a date other than the signed one',
    'InvalidSignatureException',
    ({ headers }) => ({ headers: { ...headers, 'x-amz-date': '20260115T120001Z' } }),
  ],
  [
    'no date',
    'IncompleteSignatureException',
    ({ headers: { 'x-amz-date': _, ...headers } }) => ({ headers }),
  ],
  [
    'a header of AWS’s that is not signed',
    'InvalidSignatureException',
    ({ headers }) => ({ headers: { ...headers, 'x-amz-extra': 'x' } }),
  ],
  [
    'the target left out of the signature',
    'InvalidSignatureException',
    (r) => authorization(r, (text) => text.replace(';x-amz-target', '')),
  ],
] as const satisfies readonly (readonly [
  string,
  string,
  (request: Awaited<ReturnType<typeof signed>>) => Partial<SignedRequest>,
])[]) {
  test(`refused: ${title}`, async (t) => {
    const request = await signed();
    const changed = { ...request, ...change(request) };
    t.is(t.throws(() => verify(changed), { instanceOf: AwsError }).type, type);
  });
}

function authorization({ headers }: { headers: Record<string, string> }, change: (text: string) => string) {
  return { headers: { ...headers, authorization: change(headers['authorization'] ?? '') } };
}

function flipLast(text: string): string {
  return text.slice(0, -1) + (text.endsWith('0') ? '1' : '0');
}

/** What the signer asks of a hash. */
class Sha256 {
  readonly #hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()));
  }

  reset(): void {
    throw new Error('unused');
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data);
}
