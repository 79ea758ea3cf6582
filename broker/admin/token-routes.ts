import type { FastifyInstance } from 'fastify';
import { CmkError } from '../../core/errors.ts';
import type { ApiTokens, TokenWish } from './api-tokens.ts';
import { actorOf } from './access.ts';
import { byId, pageOfAll, type Paging } from './pages.ts';
import { ACCESS } from './operations/access.ts';

interface Account {
  account: string;
}

/** What programs sign in with. */
export function addTokenRoutes(app: FastifyInstance, { apiTokens }: { apiTokens: ApiTokens }): void {
  const path = '/v1/accounts/:account/tokens';
  app.get<{ Params: Account; Querystring: Paging }>(path, ACCESS.tokens, async ({ params, query }) =>
    pageOfAll('tokens', query, await apiTokens.list(params.account), byId),
  );
  app.post<{ Params: Account; Body: TokenWish }>(
    path,
    ACCESS.createToken,
    async ({ principal, params, body }, reply) => {
      if (!principal) throw new CmkError('INTERNAL', 'a token for nobody');
      const { token, secret } = await apiTokens.create(principal, params.account, body);
      return reply.code(201).header('cache-control', 'no-store').send({ token, secret: secret.reveal() });
    },
  );
  app.delete<{ Params: Account & { token: string } }>(
    `${path}/:token`,
    ACCESS.revokeToken,
    async (request) => {
      const { account, token } = request.params;
      await apiTokens.revoke(actorOf(request), account, token);
      return { id: token };
    },
  );
}
