import test from 'ava';
import { KEY_LIFECYCLES, LICENCES, type Kek, type KeyLifecycle } from '../../../broker/model/types.ts';
import { decideKey } from '../../../broker/policy/decide-key.ts';
import { aKek, anAccount } from '../../support/stored-facts.ts';

/**
 * The whole of: licence × group × asset type × the account's keys. What must come out is stated here once more, in the
 * words of the documents rather than of the code.
 */

const PLATFORM = aKek({ id: 'platform', account: null });

/** Every list of up to two keys, newest first. */
const KEY_LISTS: readonly (readonly KeyLifecycle[])[] = [
  [],
  ...KEY_LIFECYCLES.map((one) => [one]),
  ...KEY_LIFECYCLES.flatMap((newer) => KEY_LIFECYCLES.map((older) => [newer, older])),
];

interface Case {
  readonly licence: (typeof LICENCES)[number];
  readonly inGroup: boolean;
  readonly enrolled: boolean;
  readonly keys: readonly KeyLifecycle[];
}

const CASES: readonly Case[] = LICENCES.flatMap((licence) =>
  [true, false].flatMap((inGroup) =>
    [true, false].flatMap((enrolled) => KEY_LISTS.map((keys) => ({ licence, inGroup, enrolled, keys }))),
  ),
);

/** Lines of the rules: the first that fits decides. `*` fits everything. */
const RULES = [
  // licence   in group  enrolled  a key in use   protection     reason
  ['NONE', '*', '*', '*', 'PLATFORM_KEY', 'NO_LICENCE'],
  ['GROUPS', 'no', '*', '*', 'PLATFORM_KEY', 'OWNER_NOT_LICENSED'],
  ['*', '*', 'no', '*', 'PLATFORM_KEY', 'TYPE_NOT_ENROLLED'],
  ['*', '*', '*', 'no', 'PLATFORM_KEY', 'NO_KEY'],
  ['*', '*', '*', 'yes', 'CUSTOMER_KEY', 'OWNER_COVERED'],
] as const;

/** A key in use is one that was verified and that no newer one replaced or nobody retired. */
const IN_USE: Record<KeyLifecycle, 'yes' | 'no'> = {
  PENDING: 'no',
  STANDBY: 'yes',
  ACTIVE: 'yes',
  DECRYPT_ONLY: 'no',
  RETIRED: 'no',
};

function rulesFor({ licence, inGroup, enrolled, keys }: Case) {
  const yesNo = (fact: boolean) => (fact ? 'yes' : 'no');
  const facts = [licence, yesNo(inGroup), yesNo(enrolled), yesNo(keys.some((key) => IN_USE[key] === 'yes'))];
  const rule = RULES.find((cells) =>
    facts.every((fact, index) => cells[index] === '*' || cells[index] === fact),
  );
  if (!rule) throw new Error('no rule fits');
  return { protection: rule[4], reason: rule[5] };
}

for (const each of CASES) {
  const { licence, inGroup, enrolled, keys } = each;
  const words = [
    `licence ${licence}`,
    inGroup ? 'in a licensed group' : 'in none',
    enrolled ? 'type enrolled' : 'type not enrolled',
    `keys ${keys.join(', ') || 'none'}`,
  ];
  test(words.join(' · '), (t) => {
    const keks: Kek[] = keys.map((lifecycle, index) => aKek({ id: `key-${index}`, lifecycle }));
    const facts = {
      account: anAccount({ licence }),
      ownerInLicensedGroup: inGroup,
      enrolled,
      keks,
    };
    const { kek, protection, reason } = decideKey(facts, PLATFORM);
    t.deepEqual({ protection, reason }, rulesFor(each));
    const newest = keys.findIndex((key) => IN_USE[key] === 'yes');
    t.is(kek.id, protection === 'CUSTOMER_KEY' ? `key-${newest}` : 'platform');
  });
}

test('the table is whole, and every rule decides something', (t) => {
  t.is(CASES.length, 3 * 2 * 2 * (1 + 5 + 25));
  const reasons = new Set(CASES.map((each) => rulesFor(each).reason));
  t.deepEqual([...reasons].sort(), RULES.map((rule) => rule[5]).sort());
});
