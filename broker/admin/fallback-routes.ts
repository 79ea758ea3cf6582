import type { FastifyInstance } from 'fastify';
import type { FallbackSettings } from '../keys/fallback-settings.ts';
import type { FailureWish, FallbackPolicy } from '../model/types.ts';
import { actorOf } from './access.ts';
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
  app.get<{ Params: Account; Querystring: { limit: string } }>(
    '/v1/accounts/:account/fallback/episodes',
    FALLBACK.episodes,
    async ({ params, query }) => ({
      episodes: await fallback.episodes(params.account, Number(query.limit)),
    }),
  );
  app.get<{ Params: Account }>('/v1/accounts/:account/on-failure', FALLBACK.wishes, async ({ params }) => ({
    onFailure: await fallback.wishes(params.account),
  }));
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
