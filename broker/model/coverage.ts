import type { MoveCount, MoveKind, MoveSelection } from './moves.ts';
import type { Kek, Licence, Protection } from './types.ts';

/** Of one group. */
export const MAX_MEMBERS = 10_000;
/** Members that come, and members that go, in one change. */
export const MAX_MEMBER_CHANGES = 1_000;

/** An asset type of a service. */
export interface AssetType {
  readonly srvId: string;
  readonly type: string;
}

export interface LicenceChange {
  readonly kind: 'LICENCE';
  readonly licence: Licence;
}

/** What is absent stays as it is. */
export interface GroupChange {
  readonly kind: 'GROUP';
  readonly group: string;
  readonly licensed?: boolean;
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
}

export interface EnrolmentChange extends AssetType {
  readonly kind: 'ENROLMENT';
  readonly enrolled: boolean;
}

/** A change of who or what an account's key covers. */
export type CoverageChange = LicenceChange | GroupChange | EnrolmentChange;

/** What a change meets. */
export interface CoverageFacts {
  readonly licence: Licence;
  readonly enrolments: readonly AssetType[];
  /** The account's keys, newest first. */
  readonly keks: readonly Kek[];
  /** The group that a GroupChange names; null: there is none, or no group is concerned. */
  readonly group: GroupFacts | null;
}

export interface GroupFacts {
  readonly licensed: boolean;
  readonly members: ReadonlySet<string>;
  /** Who, of its members and of those who are to come, is a member of another licensed group. */
  readonly coveredOtherwise: ReadonlySet<string>;
}

/**
 * Whose assets: everyone's, those of members of licensed groups, those of all others, or those of certain owners.
 */
export type OwnerScope = 'EVERYONE' | 'LICENSED' | 'NOT_LICENSED' | readonly string[];

/** What a data key that is made now gets, and why. */
export interface Outlook {
  readonly protection: Protection;
  readonly kekId: string;
  readonly reason: string;
}

/** What a change means for new assets of a type. */
export interface NewAssets extends AssetType {
  readonly owners: OwnerScope;
  readonly before: Outlook;
  readonly after: Outlook;
}

/** Existing data keys that are to follow a change. */
export interface Following {
  readonly kind: MoveKind;
  readonly selection: MoveSelection;
  /** Null: the account has no key that takes data keys. */
  readonly target: string | null;
}

/** What a change of coverage would do. */
export interface CoveragePlan {
  readonly newAssets: readonly NewAssets[];
  readonly following: readonly Following[];
}

/** Data keys that would follow, by type. */
export interface FollowingCount extends MoveCount {
  readonly kind: MoveKind;
  readonly target: string | null;
  /** Those of which nobody knows the owner: they stay where they are. */
  readonly ownerUnknown: number;
}
