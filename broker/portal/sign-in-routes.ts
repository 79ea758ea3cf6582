import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { toCmkError } from '../../core/errors.ts';
import { ATTEMPT_MS } from './attempt.ts';
import { Cookie } from './cookies.ts';
import { sendPage } from './page.ts';
import { ProviderError } from './provider-error.ts';
import { returnTo } from './return-to.ts';
import { sessionCookie } from './session-cookie.ts';
import { SessionId } from './session-id.ts';
import type { SignIn } from './sign-in.ts';

type Handler = (signIn: SignIn, request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** The pages around the sign-in. Browsers are led through them; they are no part of the API. */
export function addSignInRoutes(app: FastifyInstance, signIn: SignIn | null): void {
  const page = (path: string, handler: Handler) =>
    app.get(path, { config: { access: 'PUBLIC' }, schema: { hide: true } }, (request, reply) =>
      signIn ? handler(signIn, request, reply) : sendPage(request, reply, 'NOT_CONFIGURED'),
    );
  page('/sign-in', begin);
  page('/sign-in/callback', finish);
  page('/signed-out', (_, request, reply) => Promise.resolve(sendPage(request, reply, 'SIGNED_OUT')));
}

async function begin(signIn: SignIn, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const { to, again } = request.query as { to?: unknown; again?: unknown };
  const { portalUrl } = signIn.config;
  try {
    const { url, attempt } = await signIn.begin(returnTo(to, portalUrl), again !== undefined);
    attemptCookie(portalUrl).set(reply, attempt, ATTEMPT_MS);
    return await reply.redirect(url, 303);
  } catch (error) {
    if (error instanceof ProviderError) return await sendPage(request, reply, error.fault);
    throw error;
  }
}

async function finish(signIn: SignIn, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const { portalUrl, maxMs } = signIn.config;
  const [kept, cookie] = [attemptCookie(portalUrl), sessionCookie(portalUrl)];
  // Whatever comes of it, it is over.
  kept.clear(reply);
  const before = SessionId.parse(cookie.read(request));
  try {
    const end = await signIn.finish(queryOf(request), kept.read(request), before);
    if (end.refusal !== null) return await sendPage(request, reply, end.refusal);
    cookie.set(reply, end.id.reveal(), maxMs);
    return await reply.redirect(portalUrl + end.returnTo, 303);
  } catch (error) {
    if (toCmkError(error).retryable) return await sendPage(request, reply, 'UNAVAILABLE');
    throw error;
  }
}

function attemptCookie(portalUrl: string): Cookie {
  return new Cookie('cmk-sign-in', portalUrl);
}

function queryOf({ url }: FastifyRequest): string {
  const start = url.indexOf('?');
  return start < 0 ? '' : url.slice(start);
}
