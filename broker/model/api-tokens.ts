import type { NewerWord } from './newer-word.ts';
import type { Role } from './principal.ts';

/** What a token may be: never an operator, whose reach is all accounts. */
export const API_TOKEN_ROLES = ['ADMINISTRATOR', 'AUDITOR'] as const satisfies readonly Role[];
export type ApiTokenRole = (typeof API_TOKEN_ROLES)[number];

/** What a program signs in with, for one account. Its secret is not among what is known of it. Times: UNIX milliseconds. */
export interface ApiToken {
  /** UUIDv7. */
  readonly id: string;
  readonly account: string;
  /** The account's own name for it; no two of an account have the same. */
  readonly name: string;
  readonly role: ApiTokenRole | NewerWord;
  /** Who made it, as written in ledgers. */
  readonly createdBy: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** At most a minute too early; null: never. */
  readonly lastUsedAt: number | null;
}
