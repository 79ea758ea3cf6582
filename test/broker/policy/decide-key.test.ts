import test from 'ava';
import { decideKey, type KeyReason } from '../../../broker/policy/decide-key.ts';
import type { Coverage, Kek, KeyLifecycle, Protection } from '../../../broker/model/types.ts';
import { aKek, anAccount } from '../../support/stored-facts.ts';

const platform = aKek({ id: 'platform', account: null });
const active = aKek({ id: 'active', lifecycle: 'ACTIVE' });
const standby = aKek({ id: 'standby', lifecycle: 'STANDBY' });
const inLife = (lifecycle: KeyLifecycle): Kek => aKek({ id: lifecycle.toLowerCase(), lifecycle });

interface Row {
  readonly name: string;
  readonly licence?: Coverage['account']['licence'];
  readonly inGroup?: boolean;
  readonly enrolled?: boolean;
  readonly keks?: readonly Kek[];
  readonly expected: readonly [kek: string, Protection, KeyReason];
}

const OWN = ['active', 'CUSTOMER_KEY', 'OWNER_COVERED'] as const;
const platformFor = (reason: KeyReason) => ['platform', 'PLATFORM_KEY', reason] as const;

const ROWS: readonly Row[] = [
  { name: 'account licence', expected: OWN },
  { name: 'account licence covers owners outside groups', inGroup: false, expected: OWN },
  { name: 'group licence, owner in a licensed group', licence: 'GROUPS', inGroup: true, expected: OWN },
  { name: 'group licence, owner in none', licence: 'GROUPS', expected: platformFor('OWNER_NOT_LICENSED') },
  { name: 'no licence', licence: 'NONE', expected: platformFor('NO_LICENCE') },
  {
    name: 'no licence, though in a group',
    licence: 'NONE',
    inGroup: true,
    expected: platformFor('NO_LICENCE'),
  },
  { name: 'type not enrolled', enrolled: false, expected: platformFor('TYPE_NOT_ENROLLED') },
  { name: 'no key', keks: [], expected: platformFor('NO_KEY') },
  { name: 'a verified key', keks: [standby], expected: ['standby', 'CUSTOMER_KEY', 'OWNER_COVERED'] },
  {
    name: 'a newer key before the one in use',
    keks: [standby, active],
    expected: ['standby', 'CUSTOMER_KEY', 'OWNER_COVERED'],
  },
  {
    name: 'the newest of two keys in use',
    keks: [active, inLife('ACTIVE')],
    expected: ['active', 'CUSTOMER_KEY', 'OWNER_COVERED'],
  },
  { name: 'a newer key that is not verified', keks: [inLife('PENDING'), active], expected: OWN },
  {
    name: 'keys that only open',
    keks: [inLife('DECRYPT_ONLY'), inLife('RETIRED')],
    expected: platformFor('NO_KEY'),
  },
  { name: 'only a key not yet verified', keks: [inLife('PENDING')], expected: platformFor('NO_KEY') },
];

for (const {
  name,
  licence = 'ACCOUNT',
  inGroup = false,
  enrolled = true,
  keks = [active],
  expected,
} of ROWS) {
  test(name, (t) => {
    const coverage = { account: { ...anAccount(), licence }, ownerInLicensedGroup: inGroup, enrolled, keks };
    const { kek, protection, reason } = decideKey(coverage, platform);
    t.deepEqual([kek.id, protection, reason], [...expected]);
  });
}
