import type { FastifyRequest } from 'fastify';
import type { Principal } from '../model/principal.ts';
import { sessionCookie } from '../portal/session-cookie.ts';
import { SessionId } from '../portal/session-id.ts';
import type { SignIn } from '../portal/sign-in.ts';
import type { Authenticator } from './authenticators.ts';

/**
 * Whether who sent a request is still who it was, for answers that last. A session is looked at and not used: a window
 * that is merely open does not keep it alive.
 */
export function stillThere(
  signIn: SignIn | null,
  authenticators: readonly Authenticator[],
): (request: FastifyRequest) => Promise<boolean> {
  return async (request) => {
    const { principal } = request;
    if (signIn && principal?.via === 'SESSION') {
      const id = SessionId.parse(sessionCookie(signIn.config.portalUrl).read(request));
      return isSame(principal, id && (await signIn.sessions.look(id)));
    }
    for (const authenticate of authenticators) {
      const now = await authenticate(request);
      if (now) return isSame(principal, now);
    }
    return false;
  };
}

type Who = Pick<Principal, 'name' | 'role' | 'account'>;

function isSame(before: Who | null, now: Who | null): boolean {
  if (!before || !now) return false;
  return before.name === now.name && before.role === now.role && before.account === now.account;
}
