import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { CmkError } from '../../core/errors.ts';
import type { AccessRule, Principal } from '../model/principal.ts';
import { unknownAccount } from '../model/unknown-account.ts';
import { decideAccess } from '../policy/decide-access.ts';
import type { Authenticator } from './authenticators.ts';
import type { RequestLimit } from './request-limit.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route. Every route has one. */
    access?: AccessRule;
  }
  interface FastifyRequest {
    /** Who sent it; null on routes that are public. */
    principal: Principal | null;
  }
}

/**
 * Lets nobody through whom the rule of a route does not allow. What is registered afterwards without a rule throws.
 * @param authenticators asked in this order; the first that answers wins
 * @param limit counts the requests of each principal, and of each address that nobody is known at
 */
export function guardAccess(
  app: FastifyInstance,
  authenticators: readonly Authenticator[],
  limit: RequestLimit,
): void {
  app.decorateRequest('principal', null);
  app.addHook('onRoute', demandRule);
  app.addHook('onRequest', async (request, reply) => {
    const rule = request.routeOptions.config.access;
    if (rule === 'PUBLIC') {
      limit.take(`address ${request.ip}`);
      return;
    }
    const principal = await whoSent(request, authenticators);
    if (!principal) throw stranger(request, reply, limit);
    limit.take(`principal ${principal.via} ${principal.account} ${principal.name}`);
    request.principal = principal;
    // No rule: nothing is there, and whoever is known is told so.
    if (rule) admit(principal, rule, request);
  });
}

/** The name of who sent a request, for the ledger. */
export function actorOf(request: FastifyRequest): string {
  if (!request.principal) throw new CmkError('INTERNAL', 'an act on a route that is public');
  return request.principal.name;
}

/** A route that nobody thought about is worse than one that is missing. */
function demandRule({ config, method, url }: RouteOptions): void {
  const rule = config?.access;
  const route = `${[method].flat().join('|')} ${url}`;
  if (!rule) throw new Error(`no access rule for ${route}`);
  if ((rule === 'READ' || rule === 'ADMINISTER') && !/\/:account(\/|$)/.test(url)) {
    throw new Error(`no account in the path of ${route}, whose rule is ${rule}`);
  }
}

async function whoSent(
  request: FastifyRequest,
  authenticators: readonly Authenticator[],
): Promise<Principal | null> {
  for (const authenticate of authenticators) {
    const principal = await authenticate(request);
    if (principal) return principal;
  }
  return null;
}

/** @throws CmkError RATE_LIMITED */
function stranger({ ip }: FastifyRequest, reply: FastifyReply, limit: RequestLimit): CmkError {
  limit.take(`address ${ip}`);
  void reply.header('www-authenticate', 'Bearer');
  return new CmkError('TOKEN_INVALID', 'expected a valid bearer token or session');
}

function admit(principal: Principal, rule: Exclude<AccessRule, 'PUBLIC'>, { params }: FastifyRequest): void {
  const account = (params as { account?: string }).account ?? null;
  const decision = decideAccess(principal, rule, account);
  if (decision === 'ACCOUNT_UNKNOWN') throw unknownAccount(account ?? '');
  if (decision === 'ROLE_INSUFFICIENT') {
    throw new CmkError('ROLE_INSUFFICIENT', `not allowed to the role ${principal.role}`);
  }
}
