import test from 'ava';
import { formatKeyId, parseKeyId, type Cloud } from '../../../../broker/kms/azure/reference.ts';
import { CmkError } from '../../../../core/errors.ts';

const VERSION = '0123456789abcdef0123456789abcdef';

const accepted: readonly (readonly [title: string, text: string, canonical: string, cloud?: Cloud])[] = [
  ['without a version', 'https://acme.vault.azure.net/keys/rec', 'https://acme.vault.azure.net/keys/rec'],
  [
    'with a version',
    `https://acme.vault.azure.net/keys/rec/${VERSION}`,
    `https://acme.vault.azure.net/keys/rec/${VERSION}`,
  ],
  ['spaces around it', ' https://acme.vault.azure.net/keys/rec\n', 'https://acme.vault.azure.net/keys/rec'],
  ['capitals', 'HTTPS://Acme.Vault.Azure.Net/Keys/Rec', 'https://acme.vault.azure.net/keys/rec'],
  ['the standard port', 'https://acme.vault.azure.net:443/keys/rec', 'https://acme.vault.azure.net/keys/rec'],
  ['a slash at the end', 'https://acme.vault.azure.net/keys/rec/', 'https://acme.vault.azure.net/keys/rec'],
  [
    'a Managed HSM',
    'https://acme.managedhsm.azure.net/keys/rec',
    'https://acme.managedhsm.azure.net/keys/rec',
  ],
  [
    'the US government’s cloud',
    'https://acme.vault.usgovcloudapi.net/keys/rec',
    'https://acme.vault.usgovcloudapi.net/keys/rec',
    'us-government',
  ],
  [
    'China',
    'https://acme.managedhsm.azure.cn/keys/rec',
    'https://acme.managedhsm.azure.cn/keys/rec',
    'china',
  ],
];

for (const [title, text, canonical, cloud = 'public'] of accepted) {
  test(`accepted: ${title}`, (t) => {
    const id = parseKeyId(text, cloud);
    t.is(formatKeyId(id), canonical);
    t.is(id.managedHsm, canonical.includes('managedhsm'));
    t.deepEqual(parseKeyId(canonical, cloud), id);
  });
}

for (const [title, text, expected] of [
  ['nothing', '', /expected the https:\/\/ identifier of a key, got nothing/],
  ['a name alone', 'recordings', /expected the https:\/\/ identifier/],
  ['plain HTTP', 'http://acme.vault.azure.net/keys/rec', /expected the https:\/\/ identifier/],
  ['another scheme', 'file:///etc/passwd', /expected the https:\/\/ identifier/],
  ['a metadata address', 'https://169.254.169.254/keys/rec', /expected a vault under/],
  ['a metadata address as one number', 'https://2852039166/keys/rec', /expected https:\/\/, a vault/],
  ['an IPv6 address', 'https://[fd00:ec2::254]/keys/rec', /expected https:\/\/, a vault/],
  ['localhost', 'https://localhost/keys/rec', /expected https:\/\/, a vault/],
  ['the suffix alone', 'https://vault.azure.net/keys/rec', /expected a vault under/],
  ['a host that ends alike', 'https://acme.evilvault.azure.net/keys/rec', /expected a vault under/],
  ['a host that begins alike', 'https://acme.vault.azure.net.evil.test/keys/rec', /expected a vault under/],
  ['a host one level deeper', 'https://a.acme.vault.azure.net/keys/rec', /expected a vault under/],
  ['a dot at the host’s end', 'https://acme.vault.azure.net./keys/rec', /expected a vault under/],
  ['another cloud', 'https://acme.vault.azure.cn/keys/rec', /expected a vault under vault.azure.net or/],
  ['a user name', 'https://acme.vault.azure.net@evil.test/keys/rec', /expected https:\/\/, a vault/],
  ['a user name in front', 'https://me@acme.vault.azure.net/keys/rec', /expected https:\/\/, a vault/],
  ['another port', 'https://acme.vault.azure.net:8443/keys/rec', /expected https:\/\/, a vault/],
  ['a backslash', 'https://acme.vault.azure.net\\@evil.test/keys/rec', /expected https:\/\/, a vault/],
  ['an escaped slash', 'https://evil.test%2f.vault.azure.net/keys/rec', /expected https:\/\/, a vault/],
  ['look-alike letters', 'https://acme.vаult.azure.net/keys/rec', /expected https:\/\/, a vault/],
  ['an ideographic full stop', 'https://acme。vault.azure.net/keys/rec', /expected https:\/\/, a vault/],
  ['a query', 'https://acme.vault.azure.net/keys/rec?a=b', /expected https:\/\/, a vault/],
  ['a fragment', 'https://acme.vault.azure.net/keys/rec#a', /expected https:\/\/, a vault/],
  ['a path that climbs', 'https://acme.vault.azure.net/keys/../secrets/rec', /expected https:\/\/, a vault/],
  ['a secret', 'https://acme.vault.azure.net/secrets/rec', /expected https:\/\/, a vault/],
  ['two slashes', 'https://acme.vault.azure.net//keys/rec', /expected https:\/\/, a vault/],
  ['no key', 'https://acme.vault.azure.net/keys/', /expected https:\/\/, a vault/],
  ['a short version', 'https://acme.vault.azure.net/keys/rec/0123', /expected https:\/\/, a vault/],
  [
    'something after the version',
    `https://acme.vault.azure.net/keys/rec/${VERSION}/x`,
    /expected https:\/\/, a vault/,
  ],
  ['something after a line', 'https://acme.vault.azure.net/keys/rec\nx', /expected https:\/\/, a vault/],
  ['a vault’s name of two letters', 'https://ab.vault.azure.net/keys/rec', /expected a vault’s name/],
  ['a vault’s name with two hyphens', 'https://a--b.vault.azure.net/keys/rec', /expected a vault’s name/],
  [
    'a vault’s name of 25 letters',
    `https://${'a'.repeat(25)}.vault.azure.net/keys/rec`,
    /expected a vault’s name/,
  ],
] as const) {
  test(`refused: ${title}`, (t) => {
    const error = t.throws(() => parseKeyId(text, 'public'), { instanceOf: CmkError });
    t.is(error.code, 'INVALID_ARGUMENT');
    t.deepEqual(error.metadata, { field: 'reference' });
    t.regex(error.message, expected);
  });
}
