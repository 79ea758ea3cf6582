import type { ApiToken } from '../model/api-tokens.ts';
import type { AuditEvent } from '../model/types.ts';

/** What programs sign in with. A part of broker/store/store.ts, with the same promises. */
export interface ApiTokenStore {
  /**
   * @param hash SHA-256 of the token's text, base64url
   * @param most tokens of one account at a time
   * @throws CmkError CONFLICT when the account has so many, or one of that name, or is not there
   */
  insert(token: ApiToken, hash: string, most: number, audit: AuditEvent): Promise<void>;
  /** The oldest first, those that have expired too. */
  list(account: string): Promise<ApiToken[]>;
  /** Also one that has expired. */
  find(hash: string): Promise<ApiToken | null>;
  /** Notes a use. Never goes back. */
  used(id: string, atMs: number): Promise<void>;
  /** @returns whether the account had it; the event is written only then */
  delete(account: string, id: string, audit: AuditEvent): Promise<boolean>;
}
