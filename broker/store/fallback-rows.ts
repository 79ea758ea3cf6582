import type { Knex } from 'knex';
import { keysInUse } from '../model/keys-in-use.ts';
import type { Move, MoveSelection } from '../model/moves.ts';
import { listKeks } from './keks.ts';
import { selected } from './move-rows.ts';

/**
 * Data keys that the platform key wrapped in place of the customer's are there for good from now on: no recovery takes
 * them to the customer's key any more.
 * @param which of the account's; its keys and protections do not matter
 * @returns how many
 */
export async function keepUnderPlatformKey(
  db: Knex,
  account: string,
  which: Partial<MoveSelection> = {},
): Promise<number> {
  const kekIds = await db('keks').whereNull('account').pluck<string[]>('id');
  const selection: MoveSelection = { ...which, kekIds, protections: ['FALLBACK_KEY'] };
  return selected(db, account, selection).update({ protection: 'PLATFORM_KEY' });
}

/**
 * What a move takes away from the key in use, it takes away from that key's recovery as well.
 * @returns how many data keys stay under the platform key by that
 */
export async function keepWhatFollows(
  db: Knex,
  { account, kind, selection }: Pick<Move, 'account' | 'kind' | 'selection'>,
): Promise<number> {
  if (kind !== 'LEAVE' && kind !== 'SHRINK') return 0;
  const [inUse] = keysInUse(await listKeks(db, account));
  if (inUse && !selection.kekIds.includes(inUse.id)) return 0;
  return keepUnderPlatformKey(db, account, selection);
}
