import type { FastifyInstance } from 'fastify';
import type { FallbackSettings } from '../keys/fallback-settings.ts';
import type { FailureWish, FallbackPolicy } from '../model/types.ts';
import { actorOf } from './access.ts';
import * as schemas from './schemas.ts';

interface Account {
  account: string;
}

/** What an account wants to happen when its key fails. */
export function addFallbackRoutes(app: FastifyInstance, fallback: FallbackSettings): void {
  app.get<{ Params: Account }>(
    '/v1/accounts/:account/fallback',
    { config: { access: 'READ' }, schema: { params: schemas.accountParams } },
    ({ params }) => fallback.policy(params.account),
  );
  app.put<{ Params: Account; Body: FallbackPolicy }>(
    '/v1/accounts/:account/fallback',
    {
      config: { access: 'ADMINISTER' },
      schema: { params: schemas.accountParams, body: schemas.fallbackBody },
    },
    (request) => fallback.setPolicy(actorOf(request), request.params.account, request.body),
  );
  app.get<{ Params: Account; Querystring: { limit: string } }>(
    '/v1/accounts/:account/fallback/episodes',
    {
      config: { access: 'READ' },
      schema: { params: schemas.accountParams, querystring: schemas.auditQuery },
    },
    async ({ params, query }) => ({
      episodes: await fallback.episodes(params.account, Number(query.limit)),
    }),
  );
  app.get<{ Params: Account }>(
    '/v1/accounts/:account/on-failure',
    { config: { access: 'READ' }, schema: { params: schemas.accountParams } },
    async ({ params }) => ({ onFailure: await fallback.wishes(params.account) }),
  );
  app.put<{ Params: Account & { srvId: string; type: string }; Body: { wish: FailureWish } }>(
    '/v1/accounts/:account/on-failure/:srvId/:type',
    {
      config: { access: 'ADMINISTER' },
      schema: { params: schemas.enrolmentParams, body: schemas.failureWishBody },
    },
    async (request) => {
      const {
        params: { account, srvId, type },
        body: { wish },
      } = request;
      await fallback.setWish(actorOf(request), account, srvId, type, wish);
      return { srvId, type, wish };
    },
  );
}
