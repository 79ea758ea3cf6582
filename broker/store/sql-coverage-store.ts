import type { Knex } from 'knex';
import { CmkError } from '../../core/errors.ts';
import { MAX_MEMBERS, type CoverageChange, type CoverageFacts, type GroupChange } from '../model/coverage.ts';
import type { Move, MoveSelection } from '../model/moves.ts';
import * as accounts from './accounts.ts';
import type {
  CoveragePreconditions,
  CoverageStore,
  CoverageWrite,
  SelectionCounts,
} from './coverage-store.ts';
import { readRows, type Database } from './database.ts';
import * as groups from './groups.ts';
import { listKeks } from './keks.ts';
import { appendAudit, type HeadGuesses } from './ledger.ts';
import { countByType, countOwnerUnknown } from './move-rows.ts';
import { startMove } from './sql-move-store.ts';

/** SQLite takes so many parameters, and PostgreSQL no fewer. */
const USERS_A_STATEMENT = 10_000;

/** Changes of coverage in a SQL database: which statements belong together. */
export class SqlCoverageStore implements CoverageStore {
  readonly #database: Database;
  readonly #guesses: HeadGuesses;

  constructor(database: Database, guesses: HeadGuesses) {
    this.#database = database;
    this.#guesses = guesses;
  }

  facts(account: string, change: CoverageChange): Promise<CoverageFacts | null> {
    return this.#database.run((db) => readFacts(db, account, change));
  }

  count(account: string, selection: MoveSelection): Promise<SelectionCounts> {
    return this.#database.run(async (db) => ({
      selected: await countByType(db, account, selection),
      ownerUnknown: await countOwnerUnknown(db, account, selection),
    }));
  }

  apply(
    account: string,
    change: CoverageChange,
    decide: (facts: CoverageFacts) => CoverageWrite,
    preconditions: CoveragePreconditions = {},
  ): Promise<readonly Move[]> {
    return this.#database.transact(async (db) => {
      await accounts.lockAccount(db, account);
      preconditions.account?.(await accounts.findVersioned(db, account));
      if (change.kind === 'GROUP')
        preconditions.group?.(await groups.findVersioned(db, account, change.group));
      const facts = await readFacts(db, account, change);
      if (!facts) throw new CmkError('CONFLICT', 'the account is not stored');
      const { audit, moves } = decide(facts);
      await write(db, account, change);
      const started = [];
      for (const move of moves) started.push(await startMove(db, move));
      await appendAudit(db, [audit, ...started.map(({ event }) => event)], this.#guesses);
      return started.map(({ move }) => move);
    });
  }
}

async function readFacts(db: Knex, account: string, change: CoverageChange): Promise<CoverageFacts | null> {
  const stored = await accounts.findKnownAccount(db, account);
  if (!stored) return null;
  return {
    licence: stored.licence,
    enrolments: await accounts.listEnrolments(db, account),
    keks: await listKeks(db, account),
    group: change.kind === 'GROUP' ? await readGroup(db, account, change) : null,
  };
}

async function readGroup(db: Knex, account: string, change: GroupChange): Promise<CoverageFacts['group']> {
  const stored = await groups.findVersioned(db, account, change.group);
  if (!stored) return null;
  const { licensed, members } = stored.value;
  const users = [...new Set([...members, ...(change.add ?? [])])];
  const coveredOtherwise = new Set<string>();
  for (let start = 0; start < users.length; start += USERS_A_STATEMENT) {
    const some = users.slice(start, start + USERS_A_STATEMENT);
    const query = db('group_members as m')
      .join('account_groups as g', (on) => on.on('g.account', 'm.account').on('g.id', 'm.group_id'))
      .where({ 'm.account': account, 'g.licensed': true })
      .whereNot('m.group_id', change.group)
      .whereIn('m.user_id', some)
      .distinct('m.user_id');
    for (const row of await readRows('group_members', query)) coveredOtherwise.add(row.text('user_id'));
  }
  return { licensed, members: new Set(members), coveredOtherwise };
}

async function write(db: Knex, account: string, change: CoverageChange): Promise<void> {
  switch (change.kind) {
    case 'LICENCE':
      return accounts.setLicence(db, account, change.licence);
    case 'ENROLMENT':
      return accounts.setEnrolment(db, account, change.srvId, change.type, change.enrolled);
    case 'GROUP':
      return groups.changeGroup(db, account, change, MAX_MEMBERS);
  }
}
