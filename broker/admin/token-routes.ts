import type { FastifyInstance } from 'fastify';
import { CmkError } from '../../core/errors.ts';
import type { ApiTokens, TokenWish } from './api-tokens.ts';
import type { ApiToken } from '../model/api-tokens.ts';
import { actorOf } from './access.ts';
import type { Idempotency } from './idempotency.ts';
import { byId, pageOfAll, type Paging } from './pages.ts';
import { ACCESS } from './operations/access.ts';

interface Account {
  account: string;
}

/** What programs sign in with. */
export function addTokenRoutes(
  app: FastifyInstance,
  { apiTokens, idempotency }: { apiTokens: ApiTokens; idempotency: Idempotency },
): void {
  const path = '/v1/accounts/:account/tokens';
  app.get<{ Params: Account; Querystring: Paging }>(path, ACCESS.tokens, async ({ params, query }) =>
    pageOfAll('tokens', query, await apiTokens.list(params.account), byId),
  );
  app.post<{ Params: Account; Body: TokenWish }>(path, ACCESS.createToken, (request, reply) => {
    const { principal, params, body } = request;
    const make = async () => {
      if (!principal) throw new CmkError('INTERNAL', 'a token for nobody');
      const { token, secret } = await apiTokens.create(principal, params.account, body);
      return { status: 201, body: { token, secret: secret.reveal() } };
    };
    return idempotency.serve(request, reply, params.account, make, {
      conceal: (made) => ({ token: (made as { token: ApiToken }).token }),
      reveal: (kept) => {
        throw shownAlready((kept as { token: ApiToken }).token);
      },
    });
  });
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

/** Only its hash is stored: nobody can be shown it again. */
function shownAlready({ id, name }: ApiToken): CmkError {
  const was = `token ${name} was made by this request before, and its secret was shown then`;
  return new CmkError('CONFLICT', `${was}: if it did not arrive, revoke token ${id} and make another`, {
    metadata: { token: id },
  });
}
