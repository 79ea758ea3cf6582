import type { FastifyInstance } from 'fastify';
import type { FallbackSettings } from '../keys/fallback-settings.ts';
import type { FailureWish, FallbackPolicy } from '../model/types.ts';
import { actorOf } from './access.ts';
import { byId, byType, pageOfAll, readPage, type Paging } from './pages.ts';
import { FALLBACK } from './operations/alerts.ts';
import { fallbackTag, precondition, sendTagged } from './versions.ts';

interface Account {
  account: string;
}

/** What an account wants to happen when its key fails. */
export function addFallbackRoutes(app: FastifyInstance, fallback: FallbackSettings): void {
  app.get<{ Params: Account }>('/v1/accounts/:account/fallback', FALLBACK.get, async ({ params }, reply) => {
    const stored = await fallback.policy(params.account);
    return sendTagged(reply, stored, fallbackTag(stored));
  });
  app.put<{ Params: Account; Body: FallbackPolicy }>(
    '/v1/accounts/:account/fallback',
    FALLBACK.put,
    async (request, reply) => {
      const { params, body, headers } = request;
      const demand = precondition(headers['if-match'], 'the fallback', fallbackTag);
      const stored = await fallback.setPolicy(actorOf(request), params.account, body, demand);
      return sendTagged(reply, stored, fallbackTag(stored));
    },
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
