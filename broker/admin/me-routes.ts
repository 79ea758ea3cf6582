import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CmkError } from '../../core/errors.ts';
import type { Session } from '../model/sessions.ts';
import { sessionCookie } from '../portal/session-cookie.ts';
import { SessionId } from '../portal/session-id.ts';
import type { SignIn } from '../portal/sign-in.ts';
import { ACCESS } from './operations/access.ts';

const SIGN_OUT = '/v1/me/sign-out';
const SIGNED_OUT = '/signed-out';

/** Who calls, about themselves. */
export function addMeRoutes(app: FastifyInstance, signIn: SignIn | null): void {
  app.get('/v1/me', ACCESS.me, async (request, reply) => {
    const current = await currentSession(request, signIn);
    void reply.header('cache-control', 'no-store');
    return {
      ...request.principal,
      csrfToken: current?.id.csrfToken ?? null,
      expiresAt: current?.endsAt ?? null,
      signOut: current ? SIGN_OUT : null,
    };
  });
  app.post(SIGN_OUT, ACCESS.signOut, async (request, reply) => {
    if (request.principal?.via !== 'SESSION') {
      throw new CmkError('NOT_FOUND', 'no session here: a token is revoked, not signed out');
    }
    const current = await currentSession(request, signIn);
    // Somebody signed out in another window at the same time.
    if (!current) return { continueAt: SIGNED_OUT };
    const { portalUrl } = current.signIn.config;
    const continueAt = await current.signIn.signOut(current.id, current.session);
    sessionCookie(portalUrl).clear(reply);
    void reply.header('cache-control', 'no-store');
    return { continueAt: continueAt ?? portalUrl + SIGNED_OUT };
  });
}

interface Current {
  readonly signIn: SignIn;
  readonly id: SessionId;
  readonly session: Session;
  readonly endsAt: number;
}

async function currentSession(request: FastifyRequest, signIn: SignIn | null): Promise<Current | null> {
  if (!signIn || request.principal?.via !== 'SESSION') return null;
  const { sessions, config } = signIn;
  const id = SessionId.parse(sessionCookie(config.portalUrl).read(request));
  const session = id && (await sessions.look(id));
  return session && { signIn, id, session, endsAt: sessions.endOf(session) };
}
