import type { Coverage, Kek, Protection } from '../model/types.ts';

/** Why a key was chosen. */
export type KeyReason =
  'OWNER_COVERED' | 'NO_LICENCE' | 'OWNER_NOT_LICENSED' | 'TYPE_NOT_ENROLLED' | 'NO_KEY';

export interface KeyDecision {
  readonly kek: Kek;
  readonly protection: Protection;
  readonly reason: KeyReason;
}

/**
 * Which key-encryption key protects a new data key. The customer's, when the licence covers the asset's owner, the
 * asset's type is enrolled and the account has a key in use; else the platform's, with the first reason why.
 */
export function decideKey(coverage: Coverage, platformKek: Kek): KeyDecision {
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
  const kek = coverage.keks.find(({ lifecycle }) => lifecycle === 'STANDBY' || lifecycle === 'ACTIVE');
  return kek ? { kek, protection: 'CUSTOMER_KEY', reason: 'OWNER_COVERED' } : platform('NO_KEY');
}
