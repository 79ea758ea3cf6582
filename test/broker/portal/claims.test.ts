import test from 'ava';
import { readClaims, type Claims } from '../../../broker/portal/claims.ts';

const NAMES = {
  name: 'email',
  account: 'cmk_account',
  roles: 'roles',
  roleValues: {
    OPERATOR: ['cmk-operator'],
    ADMINISTRATOR: ['cmk-administrator', 'owners'],
    AUDITOR: ['cmk-auditor'],
  },
};
const MARIA = { email: 'maria@acme.example', cmk_account: 'acme', roles: ['cmk-auditor'] };
const [name, account] = ['maria@acme.example', 'acme'];

const PEOPLE: Record<string, [claims: Claims, expected: object, names?: Partial<typeof NAMES>]> = {
  'a list of one role': [MARIA, { refusal: null, name, role: 'AUDITOR', account }],
  'a role as a text': [
    { ...MARIA, roles: 'owners' },
    { refusal: null, role: 'ADMINISTRATOR', account },
  ],
  'the most powerful of several': [
    { ...MARIA, roles: ['cmk-auditor', 'cook', 'owners'] },
    { refusal: null, role: 'ADMINISTRATOR' },
  ],
  'an operator, whose account does not count': [
    { ...MARIA, roles: ['owners', 'cmk-operator'] },
    { refusal: null, role: 'OPERATOR', account: null },
  ],
  'roles in an object': [
    { ...MARIA, roles: undefined, realm_access: { roles: ['cmk-auditor'] } },
    { refusal: null, role: 'AUDITOR' },
    { roles: 'realm_access.roles' },
  ],
  'a claim whose name has dots': [
    { ...MARIA, 'https://cmk.example/roles': ['cmk-auditor'] },
    { refusal: null, role: 'AUDITOR' },
    { roles: 'https://cmk.example/roles' },
  ],
  'an account in a list of one': [
    { ...MARIA, cmk_account: ['acme'] },
    { refusal: null, account },
  ],
  'two accounts': [{ ...MARIA, cmk_account: ['acme', 'globex'] }, { refusal: 'NO_ACCOUNT' }],
  'no account': [
    { ...MARIA, cmk_account: undefined },
    { refusal: 'NO_ACCOUNT', name, account: null },
  ],
  'an account that is a number': [{ ...MARIA, cmk_account: 7 }, { refusal: 'NO_ACCOUNT' }],
  'an empty account': [{ ...MARIA, cmk_account: '' }, { refusal: 'NO_ACCOUNT' }],
  'no role': [
    { ...MARIA, roles: [] },
    { refusal: 'NO_ROLE', name, account },
  ],
  'a role that begins so': [{ ...MARIA, roles: ['cmk-operators', 'xcmk-auditor'] }, { refusal: 'NO_ROLE' }],
  'roles that are no texts': [{ ...MARIA, roles: [{ name: 'cmk-operator' }, 1] }, { refusal: 'NO_ROLE' }],
  'a role from the prototype': [MARIA, { refusal: 'NO_ROLE' }, { roles: 'constructor.name' }],
  'no name': [
    { ...MARIA, email: undefined },
    { refusal: 'NAME_UNUSABLE', name: null, account },
  ],
  'an address that is not verified': [{ ...MARIA, email_verified: false }, { refusal: 'NAME_UNUSABLE' }],
  'one that is not verified, as a text': [
    { ...MARIA, email_verified: 'false' },
    { refusal: 'NAME_UNUSABLE' },
  ],
  'one that is verified, as a text': [
    { ...MARIA, email_verified: 'true' },
    { refusal: null, name },
  ],
  'an account that no account can be called': [
    { ...MARIA, cmk_account: 'ac\0me' },
    { refusal: 'NO_ACCOUNT' },
  ],
  'one that is': [
    { ...MARIA, email_verified: true },
    { refusal: null, name },
  ],
  'a name that is another actor’s': [{ ...MARIA, email: 'Operator' }, { refusal: 'NAME_UNUSABLE' }],
  'the name of a token': [{ ...MARIA, email: 'token:backup' }, { refusal: 'NAME_UNUSABLE' }],
  'the name of a service': [{ ...MARIA, email: 'spiffe://cmk.test/broker' }, { refusal: 'NAME_UNUSABLE' }],
  'a name of two lines': [{ ...MARIA, email: 'maria\nADMINISTER' }, { refusal: 'NAME_UNUSABLE' }],
  'a name that reads backwards': [{ ...MARIA, email: 'maria\u202egro' }, { refusal: 'NAME_UNUSABLE' }],
  'a name without end': [{ ...MARIA, email: 'm'.repeat(129) }, { refusal: 'NAME_UNUSABLE' }],
  'an empty name': [{ ...MARIA, email: '' }, { refusal: 'NAME_UNUSABLE' }],
};

for (const [title, [claims, expected, names]] of Object.entries(PEOPLE)) {
  test(title, (t) => {
    t.like(readClaims(claims, { ...NAMES, ...names }), expected);
  });
}
