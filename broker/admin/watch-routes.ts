import type { FastifyInstance } from 'fastify';
import type { Bucket } from '../views/hours.ts';
import type { UsesQuery } from '../views/key-uses.ts';
import type { Views } from '../views/views.ts';
import { readPage, type Paging } from './pages.ts';
import { WATCHING } from './operations/watching.ts';

interface Account {
  account: string;
}
interface Span {
  bucket: Bucket;
  from?: string;
  until?: string;
}

/** What is watched over time: uses, the KMS budget, and what operators see of all that runs. */
export function addWatchRoutes(app: FastifyInstance, { views }: { views: Views }): void {
  app.get<{ Params: Account & { key: string }; Querystring: Span }>(
    '/v1/accounts/:account/keys/:key/uses',
    WATCHING.keyUses,
    async ({ params, query }) => ({
      uses: await views.keyUses.ofKey(params.account, params.key, spanOf(query)),
    }),
  );
  app.get<{ Params: Account; Querystring: Span }>(
    '/v1/accounts/:account/uses',
    WATCHING.uses,
    async ({ params, query }) => ({ uses: await views.keyUses.ofAccount(params.account, spanOf(query)) }),
  );
  app.get<{ Params: Account }>('/v1/accounts/:account/kms-budget', WATCHING.budget, async ({ params }) => ({
    budget: await views.kmsBudgets.one(params.account),
  }));
  addFleet(app, views);
}

function addFleet(app: FastifyInstance, views: Views): void {
  app.get('/v1/operator/health', WATCHING.health, async () => ({ health: await views.fleets.now() }));
  app.get<{ Querystring: Paging }>('/v1/operator/sidecars', WATCHING.sidecars, ({ query }) =>
    readPage(
      'sidecars',
      query,
      (...place) => views.fleets.sidecars(...place),
      ({ instance }) => instance,
    ),
  );
  app.get<{ Querystring: Paging }>('/v1/operator/accounts', WATCHING.accounts, ({ query }) =>
    readPage(
      'accounts',
      query,
      (...place) => views.fleets.accounts(...place),
      ({ account }) => account.id,
    ),
  );
}

function spanOf({ bucket, from, until }: Span): UsesQuery {
  const millis = (text: string | undefined) => (text === undefined ? undefined : Number(text));
  return { bucket, from: millis(from), until: millis(until) };
}
