import type { Session } from '../model/sessions.ts';
import type { AuditEvent } from '../model/types.ts';

/** How many sessions there may be, and which are over. */
export interface SessionBounds {
  /** Of one person at a time, from 1. */
  readonly most: number;
  /** UNIX milliseconds. */
  readonly nowMs: number;
  /** A session that was not seen for so long is over. */
  readonly idleMs: number;
}

/** Who is signed in. A part of broker/store/store.ts, with the same promises. */
export interface SessionStore {
  /**
   * Begins a session. The one that it replaces ends; of the person's others the oldest end until there are no more than
   * there may be. Forgets some of those that are over.
   * @param replaces the hash of the id of the browser's session before
   * @throws CmkError CONFLICT when its account is not there, or the id is taken
   */
  begin(session: Session, replaces: string | null, bounds: SessionBounds, audit: AuditEvent): Promise<void>;
  /** Also one that is over, for as long as it is not forgotten. */
  find(idHash: string): Promise<Session | null>;
  /** Notes a use. Never goes back. */
  seen(idHash: string, atMs: number): Promise<void>;
  /** @returns whether there was one; the event is written only then */
  end(idHash: string, audit: AuditEvent): Promise<boolean>;
}
