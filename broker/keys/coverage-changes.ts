import { checkIdentifier } from '../../core/asset.ts';
import { CmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Catalogue } from '../model/catalogue.ts';
import type {
  CoverageChange,
  CoverageFacts,
  CoveragePlan,
  Following,
  FollowingCount,
  NewAssets,
} from '../model/coverage.ts';
import type { Move } from '../model/moves.ts';
import type { Account, Group, Kek } from '../model/types.ts';
import { uuidv7 } from '../model/uuid.ts';
import { unknownAccount } from '../model/unknown-account.ts';
import { planCoverage } from '../policy/plan-coverage.ts';
import type { CoverageStore, NewMove, Precondition, Store, Versioned } from '../store/store.ts';
import type { Ledger } from './ledger.ts';
import { stayingInWords } from './move-end.ts';

/** What a change would do, with counts of now. */
export interface CoveragePreview {
  readonly newAssets: readonly NewAssets[];
  readonly existing: readonly FollowingCount[];
}

export interface CoverageOutcome {
  readonly newAssets: readonly NewAssets[];
  /** Those that bring existing data keys along; none unless it was asked for. */
  readonly moves: readonly Move[];
}

export interface ChangeOptions {
  /** Whether existing data keys follow. */
  readonly moveExisting: boolean;
  readonly account?: Precondition<Versioned<Account>>;
  readonly group?: Precondition<Versioned<Group>>;
}

/** Changes who and what an account's key covers, and says first what that would do. */
export class CoverageChanges {
  readonly #options: CoverageChangesOptions;

  constructor(options: CoverageChangesOptions) {
    this.#options = options;
  }

  /**
   * Changes nothing.
   * @throws CmkError ACCOUNT_UNKNOWN, NOT_FOUND for a group or an asset type that there is not, INVALID_ARGUMENT,
   *   STORE_UNAVAILABLE
   */
  async preview(account: string, change: CoverageChange): Promise<CoveragePreview> {
    const { store } = this.#options;
    const facts = await this.#check(account, change);
    const { newAssets, following } = planCoverage(facts, change, await this.#platformKeks());
    const existing: FollowingCount[] = [];
    for (const each of following) existing.push(...(await countOf(store.coverages, account, each)));
    return { newAssets, existing };
  }

  /**
   * Makes a change and, if asked for, starts the moves that bring existing data keys along: all or nothing.
   * @throws as {@link preview}; CmkError CONFLICT when existing data is to follow and the account has no key for it,
   *   when another move goes the other way, or when a group becomes too large; what a precondition throws
   */
  async apply(
    actor: string,
    account: string,
    change: CoverageChange,
    { moveExisting, ...preconditions }: ChangeOptions,
  ): Promise<CoverageOutcome> {
    await this.#check(account, change);
    const platformKeks = await this.#platformKeks();
    let plan: CoveragePlan | undefined;
    const decide = (facts: CoverageFacts) => {
      plan = planCoverage(facts, change, platformKeks);
      const moves = moveExisting ? plan.following.map((each) => this.#move(actor, account, each)) : [];
      return { audit: this.#event(actor, account, change, moveExisting), moves };
    };
    const moves = await this.#options.store.coverages.apply(account, change, decide, preconditions);
    return { newAssets: plan?.newAssets ?? [], moves };
  }

  async #check(account: string, change: CoverageChange): Promise<CoverageFacts> {
    const facts = await this.#options.store.coverages.facts(account, change);
    if (!facts) throw unknownAccount(account);
    if (change.kind === 'GROUP') checkGroup(facts, change);
    if (change.kind === 'ENROLMENT' && !this.#knows(change)) {
      throw new CmkError('NOT_FOUND', 'the catalogue has no such service and asset type');
    }
    return facts;
  }

  #knows({ srvId, type }: { srvId: string; type: string }): boolean {
    const { services } = this.#options.catalogue;
    return services.some((service) => service.srvId === srvId && service.types.includes(type));
  }

  /** The one in use first. */
  async #platformKeks(): Promise<[Kek, ...Kek[]]> {
    const { store, platformKek } = this.#options;
    return [platformKek, ...(await store.listKeks(null)).filter(({ id }) => id !== platformKek.id)];
  }

  #move(actor: string, account: string, { kind, selection, target }: Following): NewMove {
    if (target === null) {
      throw new CmkError('CONFLICT', 'existing data cannot follow: the account has no key in use');
    }
    const { clock, ledger } = this.#options;
    const startedAt = Math.trunc(clock.wallMs());
    const id = uuidv7(startedAt);
    const about = { action: 'MOVE', outcome: 'ALLOWED', actor, account, kekId: target } as const;
    return {
      plan: { id, startedAt, account, kind, selection, target },
      audit: (total, staying) =>
        ledger.event({
          ...about,
          detail: `${kind} ${id}: start, ${total} data keys${stayingInWords(staying)}`,
        }),
    };
  }

  #event(actor: string, account: string, change: CoverageChange, moveExisting: boolean) {
    const detail = `${describe(change)}; existing data ${moveExisting ? 'follows' : 'stays'}`;
    return this.#options.ledger.event({ action: 'ADMINISTER', outcome: 'ALLOWED', actor, account, detail });
  }
}

function checkGroup({ group }: CoverageFacts, change: CoverageChange & { kind: 'GROUP' }): void {
  if (!group) throw new CmkError('NOT_FOUND', `no group ${JSON.stringify(change.group)} of this account`);
  const { add = [], remove = [] } = change;
  for (const user of [...add, ...remove]) checkIdentifier('owner', user);
  const goes = new Set(remove);
  const both = add.find((user) => goes.has(user));
  if (both === undefined) return;
  throw new CmkError('INVALID_ARGUMENT', 'remove: expected nobody who stands in add as well', {
    metadata: { field: 'remove' },
  });
}

async function countOf(
  store: CoverageStore,
  account: string,
  { kind, selection, target }: Following,
): Promise<FollowingCount[]> {
  const { selected, ownerUnknown } = await store.count(account, selection);
  const unknownOf = ({ srvId, type }: { srvId: string; type: string }) =>
    ownerUnknown.find((each) => each.srvId === srvId && each.type === type)?.count ?? 0;
  const known = selected.map((each) => ({ ...each, kind, target, ownerUnknown: unknownOf(each) }));
  const others = ownerUnknown.filter(
    ({ srvId, type }) => !selected.some((each) => each.srvId === srvId && each.type === type),
  );
  return [
    ...known,
    ...others.map(({ count, ...type }) => ({ ...type, count: 0, kind, target, ownerUnknown: count })),
  ];
}

/** Users are personal data: their number is enough. */
function describe(change: CoverageChange): string {
  switch (change.kind) {
    case 'LICENCE':
      return `licence ${change.licence}`;
    case 'ENROLMENT':
      return `${change.enrolled ? 'enrol' : 'end enrolment of'} ${change.srvId} ${change.type}`;
    case 'GROUP': {
      const { group, licensed, add = [], remove = [] } = change;
      const flag = licensed === undefined ? '' : licensed ? ', licensed' : ', not licensed';
      return `change group ${group}${flag}: ${add.length} members come, ${remove.length} go`;
    }
  }
}

interface CoverageChangesOptions {
  readonly store: Pick<Store, 'coverages' | 'listKeks'>;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly platformKek: Kek;
}
