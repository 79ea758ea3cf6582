import test from 'ava';
import { ociSettings, parseRealms } from '../../../../broker/kms/oci/config.ts';
import { OciKmsProvider } from '../../../../broker/kms/oci/provider.ts';
import { readConfig } from '../../../../runtime/config.ts';

const API_KEY_ID = `ocid1.tenancy.oc1..aaaa/ocid1.user.oc1..bbbb/${Array(16).fill('0f').join(':')}`;

test('without settings the instance’s own identity and the public addresses are used', (t) => {
  t.like(readConfig(ociSettings, {}), {
    ociAuth: 'instance-principal',
    ociEndpoint: null,
    ociRealms: null,
  });
});

test('an API key needs its name and its file, and is missed at the start', (t) => {
  const config = readConfig(ociSettings, { CMK_OCI_AUTH: 'api-key', CMK_OCI_API_KEY_ID: API_KEY_ID });
  t.throws(() => new OciKmsProvider(config), {
    code: 'CONFIG_INVALID',
    message: /CMK_OCI_API_KEY_ID and CMK_OCI_API_KEY_FILE/,
  });
});

for (const [title, name, value] of [
  ['an unknown way to authenticate', 'CMK_OCI_AUTH', 'password'],
  ['an API key without its fingerprint', 'CMK_OCI_API_KEY_ID', API_KEY_ID.replace(/\/[^/]+$/, '')],
  ['a quote in the API key’s name', 'CMK_OCI_API_KEY_ID', `${API_KEY_ID}"`],
  ['a profile with a bracket', 'CMK_OCI_CONFIG_PROFILE', 'a]b'],
  ['an endpoint with another scheme', 'CMK_OCI_KMS_ENDPOINT', 'ftp://proxy.test'],
] as const) {
  test(`refused: ${title}`, (t) => {
    t.throws(() => readConfig(ociSettings, { [name]: value }), { code: 'CONFIG_INVALID' });
  });
}

test('realms are pairs of realm and domain', (t) => {
  t.deepEqual(
    parseRealms('oc98=oraclecloud98.com, oc99=sovereign.example.org'),
    new Map([
      ['oc98', 'oraclecloud98.com'],
      ['oc99', 'sovereign.example.org'],
    ]),
  );
  for (const wrong of [
    'oc99',
    'oc99=',
    '=a.com',
    'oc99=a.com/path',
    'oc99=a.com:8080',
    'oc99=a.com,oc99=b.com',
  ]) {
    t.is(parseRealms(wrong), undefined, wrong);
  }
});
