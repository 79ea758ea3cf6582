import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import test from 'ava';
import { DefaultRequestSigner, SimpleAuthenticationDetailsProvider } from 'oci-common';
import { signedHeaders } from '../../../../broker/kms/oci/signature.ts';

const HOST = 'cnqtaqh2aagiu-crypto.kms.us-ashburn-1.oraclecloud.com';
const FINGERPRINT = Array(16).fill('0f').join(':');

for (const [title, method, target, body] of [
  ['a use of a key', 'POST', '/20180608/decrypt', '{"keyId":"käy"}'],
  ['a change without a body', 'POST', '/20180608/keys/ocid1.key.oc1.iad.a.b/actions/disable', ''],
  ['a look at a key', 'GET', '/20180608/keys/ocid1.key.oc1.iad.a.b', null],
] as const) {
  test(`the signature is the one that the SDK makes: ${title}`, async (t) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const provider = new SimpleAuthenticationDetailsProvider('tenancy', 'user', FINGERPRINT, pem, null);
    const headers = new Headers({
      'content-type': 'application/json',
      'x-date': 'Thu, 05 Jan 2034 21:31:40 GMT',
    });
    const uri = `https://${HOST}${target}`;
    await new DefaultRequestSigner(provider).signHttpRequest({
      method,
      uri,
      headers,
      ...(body ? { body } : {}),
    });

    const ours = signedHeaders(
      {
        method,
        host: HOST,
        target,
        contentType: 'application/json',
        body: body === null ? null : Buffer.from(body),
      },
      { keyId: await provider.getKeyId(), privateKey: createPrivateKey(pem) },
      Date.parse('2034-01-05T21:31:40Z'),
    );
    const lowerCaseNames = (headers.get('authorization') ?? '').replace(/headers="[^"]*"/, (text) =>
      text.toLowerCase(),
    );
    t.is(ours['authorization'], lowerCaseNames);
    for (const [name, value] of Object.entries(ours)) {
      if (name !== 'authorization') t.is(value, headers.get(name) ?? '', name);
    }
  });
}
