import type { FastifyRequest } from 'fastify';
import type { Principal } from '../model/principal.ts';
import type { Session } from '../model/sessions.ts';
import { Cookie } from './cookies.ts';
import { checkCameFromPortal } from './csrf.ts';
import { SessionId } from './session-id.ts';
import type { SignIn } from './sign-in.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** By which {@link sessionAuthenticator} knew who sent it; absent: by something else. */
    signedIn?: SignedIn;
  }
}

/** A session, as it was when a request came. */
export interface SignedIn {
  readonly id: SessionId;
  readonly session: Session;
}

/** Pages that ask again while nobody touches them say so: a session that nobody uses must end. */
const UNATTENDED_HEADER = 'x-cmk-unattended';

export function sessionCookie(portalUrl: string): Cookie {
  return new Cookie('cmk-session', portalUrl);
}

/** What a request shows as its session, whether there is one or not; undefined: nothing. */
export function shownSession({ config }: SignIn, request: FastifyRequest): string | undefined {
  const shown = sessionCookie(config.portalUrl).read(request);
  return shown === '' ? undefined : shown;
}

/**
 * Knows who is signed in with a browser. What changes something must come from a page of the portal.
 * @throws CmkError CROSS_SITE_REQUEST, STORE_UNAVAILABLE
 */
export function sessionAuthenticator({ sessions, config: { portalUrl } }: SignIn) {
  const cookie = sessionCookie(portalUrl);
  return async (request: FastifyRequest): Promise<Principal | null> => {
    // Who shows a token means the token, and not the session that the browser adds. Another scheme is for the proxy.
    if (/^bearer\b/i.test(request.headers.authorization ?? '')) return null;
    const id = SessionId.parse(cookie.read(request));
    const session = id && (await (isUnattended(request) ? sessions.look(id) : sessions.use(id)));
    if (!session) return null;
    checkCameFromPortal(request, id, portalUrl);
    request.signedIn = { id, session };
    const { name, role, account } = session;
    return { name, role, account, via: 'SESSION' };
  };
}

/** A browser's event stream comes back by itself, and cannot send headers of ours. */
function isUnattended({ headers }: FastifyRequest): boolean {
  return headers[UNATTENDED_HEADER] !== undefined || headers.accept === 'text/event-stream';
}
