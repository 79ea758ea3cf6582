import type { FastifyInstance } from 'fastify';
import type { FallbackSettings } from '../keys/fallback-settings.ts';
import type { FailureWish, FallbackPolicy } from '../model/types.ts';
import { actorOf } from './access.ts';
import { byId, byType, pageOfAll, readPage, type Paging } from './pages.ts';
import { FALLBACK } from './operations/alerts.ts';

interface Account {
  account: string;
}

/** What an account wants to happen when its key fails. */
export function addFallbackRoutes(app: FastifyInstance, fallback: FallbackSettings): void {
  app.get<{ Params: Account }>('/v1/accounts/:account/fallback', FALLBACK.get, ({ params }) =>
    fallback.policy(params.account),
  );
  app.put<{ Params: Account; Body: FallbackPolicy }>(
    '/v1/accounts/:account/fallback',
    FALLBACK.put,
    (request) => fallback.setPolicy(actorOf(request), request.params.account, request.body),
  );
  app.get<{ Params: Account; Querystring: Paging }>(
    '/v1/accounts/:account/fallback/episodes',
    FALLBACK.episodes,
    ({ params, query }) =>
      readPage('episodes', query, (before, limit) => fallback.episodes(params.account, limit, before), byId),
  );
  app.get<{ Params: Account; Querystring: Paging }>(
    '/v1/accounts/:account/on-failure',
    FALLBACK.wishes,
    async ({ params, query }) => pageOfAll('onFailure', query, await fallback.wishes(params.account), byType),
  );
  app.put<{ Params: Account & { srvId: string; type: string }; Body: { wish: FailureWish } }>(
    '/v1/accounts/:account/on-failure/:srvId/:type',
    FALLBACK.putWish,
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
