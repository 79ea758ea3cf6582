import test from 'ava';
import { OciError } from '../../../sandbox/oci-kms/errors.ts';
import { Identities } from '../../../sandbox/oci-kms/identities.ts';
import { newOcid } from '../../../sandbox/oci-kms/ocid.ts';
import { Policies } from '../../../sandbox/oci-kms/policies.ts';

const PROVIDER = newOcid('tenancy');
const CUSTOMER = newOcid('tenancy');
const STRANGER = newOcid('tenancy');
const COMPARTMENT = newOcid('compartment');
const KEY = `ocid1.key.oc1.iad.vaultvault.${'a'.repeat(60)}`;
const OTHER_KEY = `ocid1.key.oc1.iad.vaultvault.${'b'.repeat(60)}`;
const VAULT = `ocid1.vault.oc1.iad.vaultvault.${'a'.repeat(60)}`;

const identities = new Identities();
const group = identities.addGroup({ tenancy: PROVIDER, kind: 'group', name: 'brokers' });
const dynamicGroup = identities.addGroup({ tenancy: PROVIDER, kind: 'dynamic-group', name: 'brokers-too' });
const admins = identities.addGroup({ tenancy: CUSTOMER, kind: 'group', name: 'Admins' });
const make = (tenancy: string, groups: string[]) =>
  identities.create({ tenancy, kind: 'user', name: 'user', groups }).principal;
const user = make(PROVIDER, [group.ocid]);
const instance = make(PROVIDER, [dynamicGroup.ocid]);
const loner = make(PROVIDER, []);
const admin = make(CUSTOMER, [admins.ocid]);

const ENDORSE = [
  `Define tenancy Customer as ${CUSTOMER}`,
  'Endorse group brokers to use keys in tenancy Customer',
];
const DEFINES = [`Define tenancy Provider as ${PROVIDER}`, `Define group Broker as ${group.ocid}`];
const admit = (rest = 'to use keys in tenancy') => [
  ...DEFINES,
  `Admit group Broker of tenancy Provider ${rest}`,
];

interface Row {
  readonly by?: typeof user;
  readonly provider?: readonly string[];
  readonly customer?: readonly string[];
  readonly permission?: string;
  readonly operation?: string;
  readonly allowed: boolean;
}

const ROWS: Readonly<Record<string, Row>> = {
  'both sides agree': { allowed: true },
  'the provider’s side alone': { customer: [], allowed: false },
  'the customer’s side alone': { provider: [], allowed: false },
  'keywords in capitals': {
    provider: ENDORSE.map((text) => text.replace('Endorse group', 'ENDORSE GROUP').replace(' use ', ' USE ')),
    allowed: true,
  },
  'endorsed for any tenancy': {
    provider: ['Endorse group brokers to use keys in any-tenancy'],
    allowed: true,
  },
  'endorsed for another tenancy': {
    provider: [`Define tenancy Other as ${STRANGER}`, 'Endorse group brokers to use keys in tenancy Other'],
    allowed: false,
  },
  'endorsed for another group': {
    provider: [ENDORSE[0] ?? '', 'Endorse group others to use keys in tenancy Customer'],
    allowed: false,
  },
  'endorsed to read alone': {
    provider: [ENDORSE[0] ?? '', 'Endorse group brokers to read keys in tenancy Customer'],
    allowed: false,
  },
  'somebody outside the group': { by: loner, allowed: false },
  'an instance, where a group is meant': { by: instance, allowed: false },
  'a dynamic group': {
    by: instance,
    provider: ['Endorse dynamic-group brokers-too to use keys in any-tenancy'],
    customer: [
      `Define tenancy Provider as ${PROVIDER}`,
      `Define dynamic-group Broker as ${dynamicGroup.ocid}`,
      'Admit dynamic-group Broker of tenancy Provider to use keys in tenancy',
    ],
    allowed: true,
  },
  'admitted from another tenancy': {
    customer: [
      `Define tenancy Provider as ${STRANGER}`,
      `Define group Broker as ${group.ocid}`,
      'Admit group Broker of tenancy Provider to use keys in tenancy',
    ],
    allowed: false,
  },
  'another group is admitted': {
    customer: [
      DEFINES[0] ?? '',
      `Define group Broker as ${newOcid('group')}`,
      'Admit group Broker of tenancy Provider to use keys in tenancy',
    ],
    allowed: false,
  },
  'admitted to the compartment, by name': {
    customer: admit('to use keys in compartment keys'),
    allowed: true,
  },
  'admitted to the compartment, by OCID': {
    customer: admit(`to use keys in compartment id ${COMPARTMENT}`),
    allowed: true,
  },
  'admitted to another compartment': { customer: admit('to use keys in compartment Other'), allowed: false },
  'admitted to read alone': { customer: admit('to read keys in tenancy'), allowed: false },
  'admitted to read, and it reads': {
    customer: admit('to read keys in tenancy'),
    permission: 'KEY_READ',
    allowed: true,
  },
  'admitted to use, and it changes': { permission: 'KEY_UPDATE', allowed: false },
  'admitted for this key': {
    customer: admit(`to use keys in tenancy where target.key.id = '${KEY}'`),
    allowed: true,
  },
  'admitted for another key': {
    customer: admit(`to use keys in tenancy where target.key.id = '${OTHER_KEY}'`),
    allowed: false,
  },
  'admitted for any of two keys': {
    customer: admit(
      `to use keys in tenancy where any {target.key.id = '${OTHER_KEY}', target.key.id = '${KEY}'}`,
    ),
    allowed: true,
  },
  'all of the conditions but one': {
    customer: admit(
      `to use keys in tenancy where all {target.key.id = '${KEY}', request.permission != 'KEY_DECRYPT'}`,
    ),
    allowed: false,
  },
  'a permission that is left out, and another is used': {
    customer: admit(
      `to use keys in tenancy where all {target.key.id = '${KEY}', request.permission != 'KEY_EXPORT'}`,
    ),
    allowed: true,
  },
  'a permission that is left out': {
    customer: admit(`to use keys in tenancy where request.permission != 'KEY_EXPORT'`),
    permission: 'KEY_EXPORT',
    allowed: false,
  },
  'one operation alone': {
    customer: admit(`to use keys in tenancy where request.operation = 'Encrypt'`),
    allowed: false,
  },
  'a vault': { customer: admit(`to use keys in tenancy where target.vault.id = '${VAULT}'`), allowed: true },
  'one’s own tenancy, by Allow': {
    by: admin,
    customer: ['Allow group admins to manage keys in tenancy'],
    permission: 'KEY_DELETE',
    allowed: true,
  },
  'one’s own tenancy, without a word': { by: admin, customer: [], allowed: false },
  'Allow is not for other tenancies': {
    customer: ['Allow group brokers to use keys in tenancy'],
    allowed: false,
  },
};

for (const [title, row] of Object.entries(ROWS)) {
  test(title, (t) => {
    const policies = new Policies();
    policies.put({ tenancy: PROVIDER, name: 'cmk', statements: row.provider ?? ENDORSE });
    policies.put({ tenancy: CUSTOMER, name: 'cmk', statements: row.customer ?? admit() });
    const principal = row.by ?? user;
    const allowed = policies.allows({
      principal,
      groups: identities.groupsOf(principal),
      target: {
        tenancy: CUSTOMER,
        compartmentId: COMPARTMENT,
        compartmentName: 'Keys',
        vaultId: VAULT,
        keyId: KEY,
      },
      permission: row.permission ?? 'KEY_DECRYPT',
      operation: row.operation ?? 'Decrypt',
    });
    t.is(allowed, row.allowed);
  });
}

for (const [title, statements] of Object.entries({
  'another verb': ['Allow group admins to own keys in tenancy'],
  'another resource': ['Allow group admins to use key-family in tenancy'],
  'another subject': ['Allow any-user to use keys in tenancy'],
  'a denial': ['Deny group admins to use keys in tenancy'],
  'an alias that is not defined': ['Endorse group brokers to use keys in tenancy Nobody'],
  'a group that is not defined': [
    DEFINES[0] ?? '',
    'Admit group Broker of tenancy Provider to use keys in tenancy',
  ],
  'an unknown variable': ["Allow group admins to use keys in tenancy where request.user.name = 'x'"],
  'an operator': ["Allow group admins to use keys in tenancy where target.key.id > 'x'"],
  'a pattern in place of a value': ['Allow group admins to use keys in tenancy where target.key.id = /x*/'],
  'an open brace': ["Allow group admins to use keys in tenancy where all {target.key.id = 'x'"],
  'words at the end': ['Allow group admins to use keys in tenancy please'],
  'the OCID of something else': [`Define tenancy Provider as ${group.ocid}`],
  'no OCID': ['Define tenancy Provider as ocid1.tenancy'],
  nothing: [''],
})) {
  test(`refused rather than ignored: ${title}`, (t) => {
    const error = t.throws(() => new Policies().put({ tenancy: CUSTOMER, name: 'cmk', statements }), {
      instanceOf: OciError,
    });
    t.is(error.code, 'InvalidParameter');
    t.regex(error.message, /^policy statement: /);
  });
}
