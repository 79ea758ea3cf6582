import type {
  AssetType,
  CoverageChange,
  CoverageFacts,
  CoveragePlan,
  Following,
  GroupChange,
  GroupFacts,
  NewAssets,
  OwnerScope,
} from '../model/coverage.ts';
import type { MoveSelection } from '../model/moves.ts';
import type { Kek, Licence } from '../model/types.ts';
import { decideKey, type KeyDecision } from './decide-key.ts';

/** Who and what is covered, before a change or after it. */
interface State {
  readonly licence: Licence;
  readonly enrolments: readonly AssetType[];
  /** Of those owners whom the change concerns. */
  readonly ownerLicensed: boolean;
}

/** Owners for whom a change means the same. */
interface Concerned {
  readonly owners: OwnerScope;
  readonly before: State;
  readonly after: State;
}

/**
 * What a change of coverage does to new assets, and which existing data keys are concerned by it. New assets are
 * decided by the same function as ever.
 * @param platformKeks the platform's key first, then those that it had before
 */
export function planCoverage(
  facts: CoverageFacts,
  change: CoverageChange,
  platformKeks: readonly [Kek, ...Kek[]],
): CoveragePlan {
  const shifts = concerned(facts, change).flatMap((owners) => shiftsOf(owners, facts, platformKeks[0]));
  const newAssets = together(shifts);
  if (change.kind === 'LICENCE' && change.licence === 'NONE') {
    return { newAssets, following: leave(facts, platformKeks[0]) };
  }
  const following = newAssets.flatMap((shift) => {
    const owners = faresAlike(facts, change) ? 'EVERYONE' : shift.owners;
    return follow({ ...shift, owners }, facts, platformKeks);
  });
  return { newAssets, following };
}

/** Whether after the change the owner of an asset does not matter: then it need not be known either. */
function faresAlike({ licence }: CoverageFacts, change: CoverageChange): boolean {
  if (change.kind === 'LICENCE') return change.licence !== 'GROUPS';
  return change.kind === 'ENROLMENT' && (licence !== 'GROUPS' || !change.enrolled);
}

/** Members of a group, after a change of it. */
function membersAfter({ members }: GroupFacts, { add = [], remove = [] }: GroupChange): Set<string> {
  const after = new Set([...members, ...add]);
  for (const user of remove) after.delete(user);
  return after;
}

function concerned(facts: CoverageFacts, change: CoverageChange): Concerned[] {
  const { licence, enrolments } = facts;
  const both = (after: { licence: Licence; enrolments: readonly AssetType[] }): Concerned[] =>
    [true, false].map((ownerLicensed) => ({
      owners: ownerLicensed ? 'LICENSED' : 'NOT_LICENSED',
      before: { licence, enrolments, ownerLicensed },
      after: { ...after, ownerLicensed },
    }));
  switch (change.kind) {
    case 'LICENCE':
      return both({ licence: change.licence, enrolments });
    case 'ENROLMENT':
      return both({ licence, enrolments: enrolmentsAfter(enrolments, change) });
    case 'GROUP':
      return groupOwners(facts, change);
  }
}

function enrolmentsAfter(
  enrolments: readonly AssetType[],
  { srvId, type, enrolled }: AssetType & { enrolled: boolean },
): AssetType[] {
  const others = enrolments.filter((each) => each.srvId !== srvId || each.type !== type);
  return enrolled ? [...others, { srvId, type }] : others;
}

/** Those whom the change of a group makes members of a licensed group, and those for whom it ends that. */
function groupOwners({ licence, enrolments, group }: CoverageFacts, change: GroupChange): Concerned[] {
  if (!group) return [];
  const before = group.licensed ? group.members : new Set<string>();
  const after = (change.licensed ?? group.licensed) ? membersAfter(group, change) : new Set<string>();
  const otherwise = group.coveredOtherwise;
  const gained = [...after].filter((user) => !before.has(user) && !otherwise.has(user)).sort();
  const lost = [...before].filter((user) => !after.has(user) && !otherwise.has(user)).sort();
  const state = (ownerLicensed: boolean): State => ({ licence, enrolments, ownerLicensed });
  return [
    { owners: gained, before: state(false), after: state(true) },
    { owners: lost, before: state(true), after: state(false) },
  ].filter(({ owners }) => owners.length > 0);
}

/** The types whose new assets are covered after the change and were not before, or the other way. */
function shiftsOf({ owners, before, after }: Concerned, facts: CoverageFacts, platform: Kek): NewAssets[] {
  const types = [...before.enrolments, ...after.enrolments.filter((type) => !isIn(before.enrolments, type))];
  return types.flatMap((type) => {
    const [was, is] = [before, after].map((state) => decide(state, type, facts.keks, platform));
    if (!was || !is || isCovered(was) === isCovered(is)) return [];
    return [{ ...type, owners, before: outlook(was), after: outlook(is) }];
  });
}

function decide(
  { licence, enrolments, ownerLicensed }: State,
  type: AssetType,
  keks: readonly Kek[],
  platform: Kek,
): KeyDecision {
  const account = { id: '', name: '', externalId: '', licence };
  const enrolled = isIn(enrolments, type);
  return decideKey({ account, enrolled, keks, ownerInLicensedGroup: ownerLicensed }, platform);
}

function isIn(types: readonly AssetType[], { srvId, type }: AssetType): boolean {
  return types.some((each) => each.srvId === srvId && each.type === type);
}

/** An asset is covered also while its account has no key yet. */
function isCovered({ reason }: Pick<KeyDecision, 'reason'>): boolean {
  return reason === 'OWNER_COVERED' || reason === 'NO_KEY';
}

function outlook({ kek, protection, reason }: KeyDecision): NewAssets['before'] {
  return { protection, kekId: kek.id, reason };
}

/** Where members of licensed groups and all others fare alike, everyone does, also those whom nobody knows. */
function together(shifts: readonly NewAssets[]): NewAssets[] {
  const twin = (shift: NewAssets, owners: OwnerScope) =>
    shifts.find((each) => each.owners === owners && isIn([each], shift) && sameWay(each, shift));
  return shifts.flatMap((shift) => {
    if (shift.owners === 'LICENSED' && twin(shift, 'NOT_LICENSED')) return [{ ...shift, owners: 'EVERYONE' }];
    return shift.owners === 'NOT_LICENSED' && twin(shift, 'LICENSED') ? [] : [shift];
  });
}

function sameWay(a: NewAssets, b: NewAssets): boolean {
  return isGrowth(a) === isGrowth(b);
}

function isGrowth({ after }: NewAssets): boolean {
  return after.reason === 'OWNER_COVERED' || after.reason === 'NO_KEY';
}

function follow(
  shift: NewAssets,
  { keks }: CoverageFacts,
  platformKeks: readonly [Kek, ...Kek[]],
): Following[] {
  const { srvId, type, owners, after } = shift;
  const some = { srvId, type, ...ownersOf(owners) };
  if (isGrowth(shift)) {
    const kekIds = platformKeks.map(({ id }) => id);
    // What stands under the platform key because the customer's failed is not this move's, but the recovery's.
    const selection: MoveSelection = { kekIds, protections: ['PLATFORM_KEY'], ...some };
    return [{ kind: 'ENROL', selection, target: after.protection === 'CUSTOMER_KEY' ? after.kekId : null }];
  }
  const kekIds = opening(keks);
  if (kekIds.length === 0) return [];
  const selection = { kekIds, ...some };
  return [{ kind: 'SHRINK', selection, target: platformKeks[0].id }];
}

function ownersOf(owners: OwnerScope): Pick<MoveSelection, 'owners' | 'ownerLicensed'> {
  if (owners === 'EVERYONE') return {};
  if (typeof owners !== 'string') return { owners };
  return { ownerLicensed: owners === 'LICENSED' };
}

/** What a retired key protects was given up with it. */
function opening(keks: readonly Kek[]): string[] {
  return keks.filter(({ lifecycle }) => lifecycle !== 'RETIRED').map(({ id }) => id);
}

/** Whoever leaves takes everything along, whatever was enrolled when it was made. */
function leave({ licence, keks }: CoverageFacts, platform: Kek): Following[] {
  const kekIds = opening(keks);
  if (licence === 'NONE' || kekIds.length === 0) return [];
  return [{ kind: 'LEAVE', selection: { kekIds }, target: platform.id }];
}
