import type { FastifyInstance } from 'fastify';
import type { AuditAction, AuditOutcome, Protection, Reason } from '../model/types.ts';
import type { ActivityFilter, ActivityPage } from '../store/store.ts';
import type { Views } from '../views/views.ts';
import { fromCursor, toCursor } from './cursors.ts';
import type { Paging } from './pages.ts';
import { withPace } from './move-routes.ts';
import { VIEWS } from './operations/views.ts';

interface Account {
  account: string;
}
type OneAsset = Account & { srvId: string; type: string; id: string };
type AssetsQuery = Paging & { srvId?: string; type?: string; protection?: Protection; idPrefix?: string };
type ActivityQuery = Paging & {
  /** Words between commas. */
  action?: string;
  outcome?: string;
  reason?: string;
  srvId?: string;
  type?: string;
  id?: string;
  actor?: string;
  key?: string;
  from?: string;
  until?: string;
};

/** What administrators look at. */
export function addViewRoutes(app: FastifyInstance, { views }: { views: Views }): void {
  addOverview(app, views);
  addAssets(app, views);
  addActivity(app, views);
}

function addOverview(app: FastifyInstance, views: Views): void {
  app.get<{ Params: Account }>('/v1/accounts/:account/overview', VIEWS.overview, async ({ params }) => {
    const { moves, ...overview } = await views.overviews.one(params.account);
    return { overview: { ...overview, moves: moves.map(withPace) } };
  });
}

function addAssets(app: FastifyInstance, views: Views): void {
  const path = '/v1/accounts/:account/assets';
  app.get<{ Params: Account; Querystring: AssetsQuery }>(
    path,
    VIEWS.assets,
    async ({ params, query: { limit, cursor, ...query } }) => {
      const [srvId = '', type = '', id = ''] = fromCursor(cursor, 3) ?? [];
      const after = cursor === undefined ? null : { srvId, type, id };
      const page = await views.assetViews.list(params.account, query, after, Number(limit));
      const { next } = page;
      return { assets: page.assets, next: next && toCursor([next.srvId, next.type, next.id]) };
    },
  );
  const one = `${path}/:srvId/:type/:id`;
  app.get<{ Params: OneAsset }>(one, VIEWS.asset, async ({ params }) => ({
    asset: await views.assetViews.one(params),
  }));
  app.get<{ Params: OneAsset; Querystring: Paging }>(
    `${one}/history`,
    VIEWS.history,
    async ({ params, query }) =>
      eventsOf(await views.assetViews.history(params, beforeOf(query), Number(query.limit))),
  );
}

function addActivity(app: FastifyInstance, views: Views): void {
  app.get<{ Params: Account; Querystring: ActivityQuery }>(
    '/v1/accounts/:account/activity',
    VIEWS.activity,
    async ({ params, query }) => {
      const page = views.activity.list(params.account, filterOf(query), beforeOf(query), Number(query.limit));
      return eventsOf(await page);
    },
  );
}

function beforeOf({ cursor }: Paging): string | null {
  return fromCursor(cursor, 1)?.[0] ?? null;
}

function eventsOf({ events, next }: ActivityPage) {
  return { events, next: next && toCursor([next]) };
}

function filterOf(query: ActivityQuery): ActivityFilter {
  const { action, outcome, reason, srvId, type, id: assetId, actor, key: kekId, from, until } = query;
  const filter = {
    actions: action?.split(',') as AuditAction[] | undefined,
    outcomes: outcome?.split(',') as AuditOutcome[] | undefined,
    reasons: reason?.split(',') as Reason[] | undefined,
    srvId,
    type,
    assetId,
    actor,
    kekId,
    from: from === undefined ? undefined : Number(from),
    until: until === undefined ? undefined : Number(until),
  };
  const given = Object.entries(filter).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}
