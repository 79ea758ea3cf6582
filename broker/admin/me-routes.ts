import type { FastifyInstance } from 'fastify';
import { CmkError } from '../../core/errors.ts';
import { sessionCookie } from '../portal/session-cookie.ts';
import type { SignIn } from '../portal/sign-in.ts';
import { ACCESS } from './operations/access.ts';

const SIGN_OUT = '/v1/me/sign-out';
const SIGNED_OUT = '/signed-out';

/** Who calls, about themselves. */
export function addMeRoutes(app: FastifyInstance, signIn: SignIn | null): void {
  app.get('/v1/me', ACCESS.me, (request) => {
    const { principal, signedIn } = request;
    return {
      ...principal,
      csrfToken: signedIn?.id.csrfToken ?? null,
      expiresAt: (signedIn && signIn?.sessions.endOf(signedIn.session)) ?? null,
      signOut: signedIn ? SIGN_OUT : null,
    };
  });
  app.post(SIGN_OUT, ACCESS.signOut, async (request, reply) => {
    const { principal, signedIn } = request;
    if (principal?.via !== 'SESSION') {
      throw new CmkError('NOT_FOUND', 'no session here: a token is revoked, not signed out');
    }
    if (!signIn || !signedIn) return { continueAt: SIGNED_OUT };
    const { portalUrl } = signIn.config;
    const continueAt = await signIn.signOut(signedIn.id, signedIn.session);
    sessionCookie(portalUrl).clear(reply);
    return { continueAt: continueAt ?? portalUrl + SIGNED_OUT };
  });
}
