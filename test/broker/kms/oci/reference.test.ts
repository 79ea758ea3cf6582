import test from 'ava';
import { Realm, Region } from 'oci-common';
import { parseKeyOcid, vaultHost } from '../../../../broker/kms/oci/reference.ts';
import { REALMS } from '../../../../broker/kms/oci/regions.ts';
import { CmkError } from '../../../../core/errors.ts';

const UNIQUE = 'abuwcljrltwjp2vbwpnkhwsvfdpqnxjywa4sml5orisz5tzwjadtad4dnkza';
const VAULT = 'cnqtaqh2aagiu';

test('realms and regions are those that the SDK knows', (t) => {
  const known = Realm.values().map(({ realmId, secondLevelDomain }) => [realmId, secondLevelDomain]);
  t.deepEqual(
    Object.fromEntries(Object.entries(REALMS).map(([id, { domain }]) => [id, domain])),
    Object.fromEntries(known.filter(([id]) => Region.values().some(({ realm }) => realm.realmId === id))),
  );
  for (const [id, { regions }] of Object.entries(REALMS)) {
    const ofRealm = Region.values().filter(({ realm }) => realm.realmId === id);
    t.deepEqual(regions, Object.fromEntries(ofRealm.map((each) => [each.regionCode, each.regionId])), id);
  }
});

for (const [title, place, hosts] of [
  ['a region by its key', 'oc1.iad', ['us-ashburn-1.oraclecloud.com']],
  ['a region by its identifier', 'oc1.eu-frankfurt-1', ['eu-frankfurt-1.oraclecloud.com']],
  ['a newer region', 'oc1.eu-paris-1', ['eu-paris-1.oci.oraclecloud.com', 'eu-paris-1.oraclecloud.com']],
  [
    'a region of tomorrow',
    'oc1.eu-lisbon-1',
    ['eu-lisbon-1.oci.oraclecloud.com', 'eu-lisbon-1.oraclecloud.com'],
  ],
  ['a government’s', 'oc2.us-luke-1', ['us-luke-1.oci.oraclegovcloud.com', 'us-luke-1.oraclegovcloud.com']],
  [
    'a government’s, by its key',
    'oc4.ltn',
    ['uk-gov-london-1.oci.oraclegovcloud.uk', 'uk-gov-london-1.oraclegovcloud.uk'],
  ],
  [
    'the European sovereign one',
    'oc19.eu-madrid-2',
    ['eu-madrid-2.oci.oraclecloud.eu', 'eu-madrid-2.oraclecloud.eu'],
  ],
] as const) {
  test(`the vault’s addresses: ${title}`, (t) => {
    const key = parseKeyOcid(`ocid1.key.${place}.${VAULT}.${UNIQUE}`);
    t.deepEqual(key.domains, hosts);
    t.is(vaultHost(key, 'crypto', hosts[0]), `${VAULT}-crypto.kms.${hosts[0]}`);
    t.is(vaultHost(key, 'management', hosts[0]), `${VAULT}-management.kms.${hosts[0]}`);
  });
}

test('a realm that the configuration adds', (t) => {
  const text = `ocid1.key.oc99.xx-example-1.${VAULT}.${UNIQUE}`;
  t.throws(() => parseKeyOcid(text), { code: 'INVALID_ARGUMENT' });
  const key = parseKeyOcid(` ${text}\n`, new Map([['oc99', 'oraclecloud99.com']]));
  t.is(key.ocid, text);
  t.is(key.domains[0], 'xx-example-1.oci.oraclecloud99.com');
});

for (const [title, text] of Object.entries({
  nothing: '',
  'an address': `https://${VAULT}-crypto.kms.us-ashburn-1.oraclecloud.com`,
  'an address after the OCID': `ocid1.key.oc1.iad.${VAULT}.${UNIQUE} https://169.254.169.254`,
  'a vault': `ocid1.vault.oc1.iad.${VAULT}.${UNIQUE}`,
  'a version of a key': `ocid1.keyversion.oc1.iad.${VAULT}.${UNIQUE}`,
  'another scheme': `ocid2.key.oc1.iad.${VAULT}.${UNIQUE}`,
  'an unknown realm': `ocid1.key.oc77.iad.${VAULT}.${UNIQUE}`,
  'a realm of every object': `ocid1.key.constructor.iad.${VAULT}.${UNIQUE}`,
  'a region of every object': `ocid1.key.oc1.constructor.${VAULT}.${UNIQUE}`,
  'no region': `ocid1.key.oc1..${VAULT}.${UNIQUE}`,
  'an unknown region key': `ocid1.key.oc1.xyz.${VAULT}.${UNIQUE}`,
  'a region of another realm': `ocid1.key.oc1.us-luke-1.${VAULT}.${UNIQUE}`,
  'a region key of another realm': `ocid1.key.oc1.luf.${VAULT}.${UNIQUE}`,
  'a region with a port': `ocid1.key.oc1.eu-paris-1:8080.${VAULT}.${UNIQUE}`,
  'a region with a path': `ocid1.key.oc1.eu-paris-1/x.${VAULT}.${UNIQUE}`,
  'a region with a user name': `ocid1.key.oc1.me@eu-paris-1.${VAULT}.${UNIQUE}`,
  'a vault with an @': `ocid1.key.oc1.iad.x@169-254-169-254.${UNIQUE}`,
  'a vault with a slash': `ocid1.key.oc1.iad.evil/${VAULT}.${UNIQUE}`,
  'a vault with a hash': `ocid1.key.oc1.iad.evilevilevil#.${UNIQUE}`,
  'a vault with a hyphen': `ocid1.key.oc1.iad.evil-${VAULT}.${UNIQUE}`,
  'a vault with a wide dot': `ocid1.key.oc1.iad.evil。${VAULT}.${UNIQUE}`,
  'a vault in capitals': `ocid1.key.oc1.iad.${VAULT.toUpperCase()}.${UNIQUE}`,
  'an empty vault': `ocid1.key.oc1.iad..${UNIQUE}`,
  'a short end': `ocid1.key.oc1.iad.${VAULT}.abc`,
  'an end with a path': `ocid1.key.oc1.iad.${VAULT}.${UNIQUE}/actions/disable`,
  'a seventh part': `ocid1.key.oc1.iad.${VAULT}.x.${UNIQUE}`,
  'a line feed inside': `ocid1.key.oc1.iad.${VAULT}\n.${UNIQUE}`,
})) {
  test(`refused in words: ${title}`, (t) => {
    const error = t.throws(() => parseKeyOcid(text), { instanceOf: CmkError });
    t.is(error.code, 'INVALID_ARGUMENT');
    t.regex(error.message, /^reference: expected .+, got .+; example: /);
  });
}
