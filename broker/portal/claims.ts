import { ROLES, type Role } from '../model/principal.ts';
import type { ClaimNames } from './config.ts';

/** What an ID token says, already checked to be the provider's. */
export type Claims = Readonly<Record<string, unknown>>;

/** Who an ID token is about, or why nobody of ours. What else is known is there for the ledger. */
export type ClaimedPerson =
  | { readonly refusal: null; readonly name: string; readonly role: Role; readonly account: string | null }
  | {
      readonly refusal: 'NAME_UNUSABLE' | 'NO_ROLE' | 'NO_ACCOUNT';
      readonly name: string | null;
      readonly account: string | null;
    };

/** Names of other actors in ledgers. What has a colon is a SPIFFE id, `token:…`, or could be taken for one. */
const TAKEN_NAMES = new Set(['operator', 'broker']);

/** What is no identifier of an account names none, and no database is asked for it. */
const IS_ACCOUNT = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * Reads who somebody is. The most powerful of several roles counts. Operators belong to no account, whatever their
 * account claim says.
 */
export function readClaims(claims: Claims, names: ClaimNames): ClaimedPerson {
  const name = usableName(claims, names.name);
  const [account = null, ...others] = texts(claimAt(claims, names.account));
  const ownAccount = others.length === 0 && account !== null && IS_ACCOUNT.test(account) ? account : null;
  const given = new Set(texts(claimAt(claims, names.roles)));
  // In the order of their power.
  const role = ROLES.find((each) => names.roleValues[each].some((value) => given.has(value)));
  const known = { name, account: ownAccount };
  if (name === null) return { refusal: 'NAME_UNUSABLE', ...known };
  if (role === undefined) return { refusal: 'NO_ROLE', ...known };
  if (role === 'OPERATOR') return { refusal: null, name, role, account: null };
  if (ownAccount === null) return { refusal: 'NO_ACCOUNT', ...known };
  return { refusal: null, name, role, account: ownAccount };
}

function usableName(claims: Claims, claim: string): string | null {
  const name = claimAt(claims, claim);
  if (typeof name !== 'string' || !/^[^\s:\p{C}]{1,128}$/u.test(name)) return null;
  if (TAKEN_NAMES.has(name.toLowerCase())) return null;
  // An address that nobody proved to be theirs may be a colleague's.
  return claim === 'email' && !isVerified(claims['email_verified']) ? null : name;
}

/** Some providers write it as a text. One that says nothing leaves it to whoever chose the claim. */
function isVerified(said: unknown): boolean {
  return said === undefined || said === null || said === true || said === 'true';
}

/** A claim by its name; if there is none of that name, by the path that its dots make. */
function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Claims)[part];
  }
  return value;
}

/** A text, or those of a list. */
function texts(value: unknown): string[] {
  return [value].flat().filter((each): each is string => typeof each === 'string' && each !== '');
}
