import type { Knex } from 'knex';
import { toKnownAccount } from './accounts.ts';
import { FAILURE_WISHES } from '../model/types.ts';
import { readRows } from './database.ts';
import { FALLBACK_COLUMNS, toKnownFallback } from './fallbacks.ts';
import { joinReferences, KEK_COLUMNS, toKeks } from './keks.ts';
import type { Coverage } from './store.ts';

/** One statement: one round trip, and all facts of one moment. An account without keys is a row without a key. */
export async function coverage(
  db: Knex,
  account: string,
  owner: string,
  srvId: string,
  type: string,
): Promise<Coverage | null> {
  const memberships = db('group_members as m')
    .join('account_groups as g', (on) => on.on('g.account', 'm.account').on('g.id', 'm.group_id'))
    .where({ 'm.account': account, 'm.user_id': owner, 'g.licensed': true })
    .select(db.raw('1'));
  const enrolments = db('enrolments').where({ account, srv_id: srvId, type }).select(db.raw('1'));
  const query = joinReferences(
    db('accounts as a').leftJoin('keks as k', 'k.account', 'a.id').where('a.id', account),
  )
    .select('a.id', 'a.name', 'a.licence', 'a.external_id', ...FALLBACK_COLUMNS, ...KEK_COLUMNS)
    .select({
      in_licensed_group: db.raw('exists ?', [memberships]),
      enrolled: db.raw('exists ?', [enrolments]),
      wish: db('failure_wishes').where({ account, srv_id: srvId, type }).select('wish'),
    });
  const rows = await readRows('coverage', query);
  const [first] = rows;
  if (!first) return null;
  return {
    account: toKnownAccount(first),
    ownerInLicensedGroup: first.boolean('in_licensed_group'),
    enrolled: first.boolean('enrolled'),
    fallback: toKnownFallback(first),
    onFailure: FAILURE_WISHES.find((wish) => wish === first.optionalText('wish')) ?? 'FAIL_ASSET',
    keks: first.isNull('kek_id') ? [] : toKeks(rows),
  };
}
