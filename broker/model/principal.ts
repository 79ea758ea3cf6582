import type { NewerWord } from './newer-word.ts';

/** The provider's staff, for all accounts; who sets an account up; who reads what is in it. */
export const ROLES = ['OPERATOR', 'ADMINISTRATOR', 'AUDITOR'] as const;
export type Role = (typeof ROLES)[number];

/** How it was shown who calls. */
export const PRINCIPAL_VIAS = ['OPERATOR_TOKEN', 'API_TOKEN', 'SESSION'] as const;
export type PrincipalVia = (typeof PRINCIPAL_VIAS)[number];

/** Who calls the administration API. */
export interface Principal {
  /**
   * As ledgers have it, e.g. `operator`, `alice@acme.example`, `token:backup`. Never one that another kind of actor
   * could have: a SPIFFE id, `broker`.
   */
  readonly name: string;
  /** One that a newer release knows may do nothing here. */
  readonly role: Role | NewerWord;
  /** The only account that it sees; null: all of them, and only operators may. */
  readonly account: string | null;
  readonly via: PrincipalVia;
}

/**
 * Who may call a route.
 * - `READ`: operators, and administrators and auditors of the account in the path.
 * - `ADMINISTER`: operators, and administrators of the account in the path.
 * - `OPERATE`: operators.
 * - `ANY`: whoever is signed in, about themselves.
 * - `PUBLIC`: everyone; nobody is asked who they are.
 */
export const ACCESS_RULES = ['READ', 'ADMINISTER', 'OPERATE', 'ANY', 'PUBLIC'] as const;
export type AccessRule = (typeof ACCESS_RULES)[number];
