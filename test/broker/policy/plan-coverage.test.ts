import test from 'ava';
import type { CoverageChange, CoverageFacts, GroupFacts } from '../../../broker/model/coverage.ts';
import type { Kek, Licence } from '../../../broker/model/types.ts';
import { planCoverage } from '../../../broker/policy/plan-coverage.ts';
import { aKek } from '../../support/stored-facts.ts';

const PLATFORM = aKek({ id: 'platform', account: null });
const FORMER_PLATFORM = aKek({ id: 'former-platform', account: null });
const ACTIVE = aKek({ id: 'active', lifecycle: 'ACTIVE' });
const OLD = aKek({ id: 'old', lifecycle: 'DECRYPT_ONLY' });
const X = { srvId: '0001', type: 'X' };
const Y = { srvId: '0002', type: 'Y' };

interface Row {
  readonly licence?: Licence;
  readonly keks?: readonly Kek[];
  readonly group?: Partial<Record<keyof GroupFacts, unknown>> & { licensed: boolean; members: string[] };
  readonly otherwise?: readonly string[];
  readonly change: CoverageChange;
  /** `TYPE owners: before → after`, for new assets. */
  readonly newAssets: readonly string[];
  /** `KIND type owners: sources → target`, for what follows. */
  readonly following: readonly string[];
}

const LICENCE = (licence: Licence) => ({ kind: 'LICENCE', licence }) as const;
const ENROL_Y = { kind: 'ENROLMENT', ...Y, enrolled: true } as const;
const END_X = { kind: 'ENROLMENT', ...X, enrolled: false } as const;
const GROUP = (facts: object) => ({ kind: 'GROUP', group: 'hr', ...facts }) as const;
const GROW = 'PLATFORM_KEY → CUSTOMER_KEY';
const SHRINK = 'CUSTOMER_KEY → PLATFORM_KEY';
const FROM_PLATFORM = 'platform, former-platform → active';
const TO_PLATFORM = 'active, old → platform';

/** X is enrolled; the account has a key in use and an older one. */
const ROWS: Record<string, Row> = {
  'a licence for the whole account: everything follows, also what nobody knows the owner of': {
    licence: 'NONE',
    change: LICENCE('ACCOUNT'),
    newAssets: [`X EVERYONE: ${GROW}`],
    following: [`ENROL X EVERYONE: ${FROM_PLATFORM}`],
  },
  'a licence for groups: what licensed members own': {
    licence: 'NONE',
    change: LICENCE('GROUPS'),
    newAssets: [`X LICENSED: ${GROW}`],
    following: [`ENROL X LICENSED: ${FROM_PLATFORM}`],
  },
  'from groups to the whole account: new for those outside, and whatever is still outside follows': {
    licence: 'GROUPS',
    change: LICENCE('ACCOUNT'),
    newAssets: [`X NOT_LICENSED: ${GROW}`],
    following: [`ENROL X EVERYONE: ${FROM_PLATFORM}`],
  },
  'from the whole account to groups: those outside go back': {
    change: LICENCE('GROUPS'),
    newAssets: [`X NOT_LICENSED: ${SHRINK}`],
    following: [`SHRINK X NOT_LICENSED: ${TO_PLATFORM}`],
  },
  'no licence any more: everything leaves, of every type': {
    change: LICENCE('NONE'),
    newAssets: [`X EVERYONE: ${SHRINK}`],
    following: [`LEAVE any EVERYONE: ${TO_PLATFORM}`],
  },
  'the licence that it has: nothing': { change: LICENCE('ACCOUNT'), newAssets: [], following: [] },
  'a type more': {
    change: ENROL_Y,
    newAssets: [`Y EVERYONE: ${GROW}`],
    following: [`ENROL Y EVERYONE: ${FROM_PLATFORM}`],
  },
  'a type more, with a licence for groups': {
    licence: 'GROUPS',
    change: ENROL_Y,
    newAssets: [`Y LICENSED: ${GROW}`],
    following: [`ENROL Y LICENSED: ${FROM_PLATFORM}`],
  },
  'a type more, without a licence: nothing': {
    licence: 'NONE',
    change: ENROL_Y,
    newAssets: [],
    following: [],
  },
  'a type that is enrolled already: nothing': {
    change: { ...END_X, enrolled: true },
    newAssets: [],
    following: [],
  },
  'a type less, with a licence for groups: nobody is covered, so nobody need be known': {
    licence: 'GROUPS',
    change: END_X,
    newAssets: [`X LICENSED: ${SHRINK}`],
    following: [`SHRINK X EVERYONE: ${TO_PLATFORM}`],
  },
  'a group becomes licensed: its members but for those who are covered already': {
    licence: 'GROUPS',
    group: { licensed: false, members: ['amy', 'bob'] },
    otherwise: ['bob'],
    change: GROUP({ licensed: true }),
    newAssets: [`X amy: ${GROW}`],
    following: [`ENROL X amy: ${FROM_PLATFORM}`],
  },
  'members come and go': {
    licence: 'GROUPS',
    group: { licensed: true, members: ['amy', 'bob'] },
    change: GROUP({ add: ['cyd', 'bob'], remove: ['amy'] }),
    newAssets: [`X cyd: ${GROW}`, `X amy: ${SHRINK}`],
    following: [`ENROL X cyd: ${FROM_PLATFORM}`, `SHRINK X amy: ${TO_PLATFORM}`],
  },
  'a group that is not licensed: nothing': {
    licence: 'GROUPS',
    group: { licensed: false, members: [] },
    change: GROUP({ add: ['amy'] }),
    newAssets: [],
    following: [],
  },
  'a group, where the whole account is covered: nothing': {
    group: { licensed: false, members: ['amy'] },
    change: GROUP({ licensed: true }),
    newAssets: [],
    following: [],
  },
  'growing without a key: it would follow, and cannot': {
    licence: 'NONE',
    keks: [OLD],
    change: LICENCE('ACCOUNT'),
    newAssets: ['X EVERYONE: PLATFORM_KEY → PLATFORM_KEY'],
    following: ['ENROL X EVERYONE: platform, former-platform → nothing'],
  },
  'shrinking with keys that only open: what is under them goes back': {
    keks: [OLD],
    change: END_X,
    newAssets: ['X EVERYONE: PLATFORM_KEY → PLATFORM_KEY'],
    following: ['SHRINK X EVERYONE: old → platform'],
  },
  'shrinking without any key: there is nothing to follow': {
    keks: [],
    change: LICENCE('NONE'),
    newAssets: ['X EVERYONE: PLATFORM_KEY → PLATFORM_KEY'],
    following: [],
  },
};

for (const [name, row] of Object.entries(ROWS)) {
  test(name, (t) => {
    const { licence = 'ACCOUNT', keks = [ACTIVE, OLD], group, otherwise = [] } = row;
    const facts: CoverageFacts = {
      licence,
      enrolments: [X],
      keks,
      group: group
        ? {
            licensed: group.licensed,
            members: new Set(group.members),
            coveredOtherwise: new Set(otherwise),
          }
        : null,
    };
    const plan = planCoverage(facts, row.change, [PLATFORM, FORMER_PLATFORM]);
    t.deepEqual(
      plan.newAssets.map(
        ({ type, owners, before, after }) =>
          `${type} ${String(owners)}: ${before.protection} → ${after.protection}`,
      ),
      [...row.newAssets],
    );
    t.deepEqual(
      plan.following.map(({ kind, selection, target }) => {
        const { type = 'any', owners, ownerLicensed, kekIds } = selection;
        const scope = owners ?? { true: 'LICENSED', false: 'NOT_LICENSED' }[String(ownerLicensed)];
        const way = `${kekIds.join(', ')} → ${target ?? 'nothing'}`;
        return `${kind} ${type} ${String(scope ?? 'EVERYONE')}: ${way}`;
      }),
      [...row.following],
    );
    const growing = plan.following.filter(({ kind }) => kind === 'ENROL');
    t.true(growing.every(({ selection }) => selection.protections?.join() === 'PLATFORM_KEY'));
  });
}
