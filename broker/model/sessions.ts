import type { NewerWord } from './newer-word.ts';
import type { Role } from './principal.ts';

/** Somebody who is signed in with a browser. Times are UNIX milliseconds. */
export interface Session {
  /** SHA-256 of what the browser's cookie holds, base64url. */
  readonly idHash: string;
  /** Whose it is, whatever they are called: SHA-256 of the issuer and its subject, base64url. */
  readonly person: string;
  /** As written in ledgers. */
  readonly name: string;
  readonly role: Role | NewerWord;
  /** The only account it sees; null: all. */
  readonly account: string | null;
  readonly createdAt: number;
  /** The last use that was noted. */
  readonly seenAt: number;
  /** It ends then, however much it is used. */
  readonly endsAt: number;
  /** What the identity provider wants to see at sign-out, sealed under the session's id; null: nothing. */
  readonly sealedIdToken: string | null;
}
