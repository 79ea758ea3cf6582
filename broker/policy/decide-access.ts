import type { AccessRule, Principal, Role } from '../model/principal.ts';

/** `ACCOUNT_UNKNOWN`: as if there were no such account. `ROLE_INSUFFICIENT`: seen, but not for this role. */
export type AccessDecision = 'ALLOWED' | 'ACCOUNT_UNKNOWN' | 'ROLE_INSUFFICIENT';

const ALLOWED: Readonly<Record<Exclude<AccessRule, 'PUBLIC'>, ReadonlySet<Principal['role']>>> = {
  READ: new Set<Role>(['OPERATOR', 'ADMINISTRATOR', 'AUDITOR']),
  ADMINISTER: new Set<Role>(['OPERATOR', 'ADMINISTRATOR']),
  OPERATE: new Set<Role>(['OPERATOR']),
  ANY: new Set<Role>(['OPERATOR', 'ADMINISTRATOR', 'AUDITOR']),
};

/**
 * Whether a principal may call a route.
 * @param account the one in the path; null: the path names none
 */
export function decideAccess(
  principal: Principal,
  rule: Exclude<AccessRule, 'PUBLIC'>,
  account: string | null,
): AccessDecision {
  const seesAll = principal.role === 'OPERATOR' && principal.account === null;
  if (account !== null && !seesAll && principal.account !== account) return 'ACCOUNT_UNKNOWN';
  if (!ALLOWED[rule].has(principal.role)) return 'ROLE_INSUFFICIENT';
  // Without an account in the path it is about all of them, or about the caller.
  if (account === null && rule !== 'ANY' && !seesAll) return 'ROLE_INSUFFICIENT';
  return 'ALLOWED';
}
