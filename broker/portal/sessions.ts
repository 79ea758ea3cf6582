import { createHash } from 'node:crypto';
import type { Clock } from '../../runtime/clock.ts';
import { auditEvent } from '../audit/audit-event.ts';
import type { Role } from '../model/principal.ts';
import type { Session } from '../model/sessions.ts';
import type { SessionStore } from '../store/store.ts';
import { SessionId } from './session-id.ts';

/** Of one person at a time: on each of their devices, and some to spare. */
const MAX_SESSIONS = 10;
/** A use is noted when the last one that was noted is so old. */
const NOTE_EACH_MS = 60_000;
/** ID tokens are a few KiB; one that is longer is not kept, and the provider may ask at sign-out who it is. */
const MAX_ID_TOKEN = 16_384;

/** Somebody whose identity is proved, and who may use the portal. */
export interface Person {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string;
  readonly role: Role;
  readonly account: string | null;
  readonly idToken: string;
}

export interface SessionsOptions {
  readonly store: SessionStore;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly idleMs: number;
  readonly maxMs: number;
}

/** Who is signed in with a browser, and for how long. */
export class Sessions {
  readonly #options: SessionsOptions;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /**
   * A new session, always with a new id: one that was planted in the browser before is of no use.
   * @param before the browser's session before; it ends
   * @throws CmkError CONFLICT, STORE_UNAVAILABLE
   */
  async begin(person: Person, before: SessionId | null): Promise<{ id: SessionId; endsAt: number }> {
    const { store, clock, idleMs, maxMs } = this.#options;
    const { issuer, subject, name, role, account, idToken } = person;
    const nowMs = Math.trunc(clock.wallMs());
    const id = SessionId.create();
    const endsAt = nowMs + maxMs;
    const session = {
      idHash: id.hash,
      person: createHash('sha256')
        .update(JSON.stringify([issuer, subject]))
        .digest('base64url'),
      name,
      role,
      account,
      createdAt: nowMs,
      seenAt: nowMs,
      endsAt,
      sealedIdToken: idToken.length > MAX_ID_TOKEN ? null : id.sealer.seal(idToken),
    };
    const detail = `signed in to the portal as ${role}`;
    const audit = this.#event({ action: 'SIGN_IN', name, account, detail });
    await store.begin(session, before?.hash ?? null, { most: MAX_SESSIONS, nowMs, idleMs }, audit);
    return { id, endsAt };
  }

  /**
   * The session, if it still lasts; counts as a use.
   * @throws CmkError STORE_UNAVAILABLE
   */
  async use(id: SessionId): Promise<Session | null> {
    const { store, clock } = this.#options;
    const session = await this.look(id);
    const nowMs = Math.trunc(clock.wallMs());
    if (!session || nowMs - session.seenAt < NOTE_EACH_MS) return session;
    await store.seen(id.hash, nowMs);
    return { ...session, seenAt: nowMs };
  }

  /** The session, if it still lasts; does not count as a use. @throws CmkError STORE_UNAVAILABLE */
  async look(id: SessionId): Promise<Session | null> {
    const session = await this.#options.store.find(id.hash);
    return session && this.#options.clock.wallMs() < this.endOf(session) ? session : null;
  }

  /** When it ends if nobody uses it from now on, UNIX milliseconds. */
  endOf({ seenAt, endsAt }: Session): number {
    return Math.min(endsAt, seenAt + this.#options.idleMs);
  }

  /**
   * Ends a session. Idempotent.
   * @returns the provider's ID token, if it was kept
   * @throws CmkError STORE_UNAVAILABLE
   */
  async end(id: SessionId, { name, account, sealedIdToken }: Session): Promise<string | null> {
    const detail = 'signed out of the portal';
    await this.#options.store.end(id.hash, this.#event({ action: 'SIGN_OUT', name, account, detail }));
    return sealedIdToken === null ? null : id.sealer.open(sealedIdToken);
  }

  #event(facts: { action: 'SIGN_IN' | 'SIGN_OUT'; name: string; account: string | null; detail: string }) {
    const { action, name: actor, account, detail } = facts;
    return auditEvent(this.#options.clock, { action, outcome: 'ALLOWED', actor, account, detail });
  }
}
