import type { FastifyInstance } from 'fastify';
import type { FallbackSettings } from '../keys/fallback-settings.ts';
import type { FailureWish, FallbackPolicy } from '../model/types.ts';
import * as schemas from './schemas.ts';

interface Account {
  account: string;
}

/** What an account wants to happen when its key fails. */
export function addFallbackRoutes(app: FastifyInstance, fallback: FallbackSettings, actor: string): void {
  app.get<{ Params: Account }>(
    '/v1/accounts/:account/fallback',
    { schema: { params: schemas.accountParams } },
    ({ params }) => fallback.policy(params.account),
  );
  app.put<{ Params: Account; Body: FallbackPolicy }>(
    '/v1/accounts/:account/fallback',
    { schema: { params: schemas.accountParams, body: schemas.fallbackBody } },
    ({ params, body }) => fallback.setPolicy(actor, params.account, body),
  );
  app.get<{ Params: Account; Querystring: { limit: string } }>(
    '/v1/accounts/:account/fallback/episodes',
    { schema: { params: schemas.accountParams, querystring: schemas.auditQuery } },
    async ({ params, query }) => ({
      episodes: await fallback.episodes(params.account, Number(query.limit)),
    }),
  );
  app.get<{ Params: Account }>(
    '/v1/accounts/:account/on-failure',
    { schema: { params: schemas.accountParams } },
    async ({ params }) => ({ onFailure: await fallback.wishes(params.account) }),
  );
  app.put<{ Params: Account & { srvId: string; type: string }; Body: { wish: FailureWish } }>(
    '/v1/accounts/:account/on-failure/:srvId/:type',
    { schema: { params: schemas.enrolmentParams, body: schemas.failureWishBody } },
    async ({ params: { account, srvId, type }, body: { wish } }) => {
      await fallback.setWish(actor, account, srvId, type, wish);
      return { srvId, type, wish };
    },
  );
}
