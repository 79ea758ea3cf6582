import type { FastifyInstance } from 'fastify';
import type { Bucket } from '../views/hours.ts';
import type { UsesQuery } from '../views/key-uses.ts';
import type { Views } from '../views/views.ts';
import { fromCursor, toCursor } from './cursors.ts';
import { WATCHING } from './operations/watching.ts';

interface Account {
  account: string;
}
interface Span {
  bucket: Bucket;
  from?: string;
  until?: string;
}
interface Paging {
  limit: string;
  cursor?: string;
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
  app.get<{ Querystring: Paging }>('/v1/operator/sidecars', WATCHING.sidecars, async ({ query }) => {
    const { after, limit } = pageOf(query);
    const sidecars = await views.fleets.sidecars(after, limit + 1);
    return { sidecars: sidecars.slice(0, limit), next: nextOf(sidecars, limit, ({ instance }) => instance) };
  });
  app.get<{ Querystring: Paging }>('/v1/operator/accounts', WATCHING.accounts, async ({ query }) => {
    const { after, limit } = pageOf(query);
    const accounts = await views.fleets.accounts(after, limit + 1);
    return {
      accounts: accounts.slice(0, limit),
      next: nextOf(accounts, limit, ({ account }) => account.id),
    };
  });
}

function spanOf({ bucket, from, until }: Span): UsesQuery {
  const millis = (text: string | undefined) => (text === undefined ? undefined : Number(text));
  return { bucket, from: millis(from), until: millis(until) };
}

function pageOf({ limit, cursor }: Paging): { after: string | null; limit: number } {
  return { after: fromCursor(cursor, 1)?.[0] ?? null, limit: Number(limit) };
}

/** One more than a page was asked for: it tells whether there is another. */
function nextOf<T>(items: readonly T[], limit: number, idOf: (item: T) => string): string | null {
  const last = items[limit - 1];
  return items.length > limit && last !== undefined ? toCursor([idOf(last)]) : null;
}
