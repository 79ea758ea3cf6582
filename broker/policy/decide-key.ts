import { keysInUse } from '../model/keys-in-use.ts';
import type { Coverage, Kek, ListedDataKey, Protection } from '../model/types.ts';

/** Why a key was chosen. */
export type KeyReason =
  'OWNER_COVERED' | 'REENCRYPTION' | 'NO_LICENCE' | 'OWNER_NOT_LICENSED' | 'TYPE_NOT_ENROLLED' | 'NO_KEY';

export interface KeyDecision {
  readonly kek: Kek;
  readonly protection: Protection;
  readonly reason: KeyReason;
}

/**
 * Which key-encryption key protects a new data key. The customer's, when the licence covers the asset's owner, the
 * asset's type is enrolled and the account has a key in use; else the platform's, with the first reason why.
 */
export function decideKey(coverage: Omit<Coverage, 'fallback' | 'onFailure'>, platformKek: Kek): KeyDecision {
  const platform = (reason: KeyReason): KeyDecision => ({
    kek: platformKek,
    protection: 'PLATFORM_KEY',
    reason,
  });
  const { licence } = coverage.account;
  if (licence === 'NONE') return platform('NO_LICENCE');
  if (licence === 'GROUPS' && !coverage.ownerInLicensedGroup) return platform('OWNER_NOT_LICENSED');
  if (!coverage.enrolled) return platform('TYPE_NOT_ENROLLED');
  // Newest first: what was enrolled last protects new data at once.
  const [kek] = keysInUse(coverage.keks);
  return kek ? { kek, protection: 'CUSTOMER_KEY', reason: 'OWNER_COVERED' } : platform('NO_KEY');
}

/** Whether an asset's newest data key is to give way to a newer one: the platform key wrapped it for a while. */
export function isToGiveWay({
  reencryptSince,
  protection,
}: Pick<ListedDataKey, 'reencryptSince' | 'protection'>): boolean {
  return reencryptSince !== null && protection === 'CUSTOMER_KEY';
}

/**
 * Which key protects the data key that comes after one that is to give way: the account's key in use, whatever the
 * licence says by now, since the asset is under the customer's key and must not lose that by being sealed again; null:
 * there is none. Never the platform's.
 */
export function decideNextKey(coverage: Pick<Coverage, 'keks'>): KeyDecision | null {
  const [kek] = keysInUse(coverage.keks);
  return kek ? { kek, protection: 'CUSTOMER_KEY', reason: 'REENCRYPTION' } : null;
}
