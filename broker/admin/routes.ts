import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Administration } from '../keys/administration.ts';
import type { LedgerReading } from '../keys/ledger-reading.ts';
import type { Licence } from '../model/types.ts';
import { addLedger } from './ledger-routes.ts';
import type { FallbackSettings } from '../keys/fallback-settings.ts';
import { addFallbackRoutes } from './fallback-routes.ts';
import { actorOf } from './access.ts';
import { fromCursor, toCursor } from './cursors.ts';
import { byId, byType, pageOfAll, readPage, type Paging } from './pages.ts';
import { ACCOUNTS, ENROLMENTS, GROUPS } from './operations/accounts.ts';
import { accountPrecondition, accountTag, groupPrecondition, groupTag, sendTagged } from './versions.ts';

interface Account {
  account: string;
}

interface GroupBody {
  name: string;
  licensed: boolean;
  members: string[];
}

type GroupParams = Account & { group: string };
type EnrolmentParams = Account & { srvId: string; type: string };

/** Accounts, groups, enrolments and the ledger. */
export function addRoutes(
  app: FastifyInstance,
  parts: {
    administration: Administration;
    ledgerReading: LedgerReading;
    fallbackSettings: FallbackSettings;
  },
): void {
  addAccounts(app, parts.administration);
  addEnrolments(app, parts.administration);
  addLedger(app, parts.ledgerReading);
  addFallbackRoutes(app, parts.fallbackSettings);
}

function addAccounts(app: FastifyInstance, administration: Administration): void {
  app.get<{ Querystring: Paging }>('/v1/accounts', ACCOUNTS.list, ({ query }) =>
    readPage('accounts', query, (...place) => administration.accounts(...place), byId),
  );
  app.put<{ Params: Account; Body: { name: string; licence: Licence } }>(
    '/v1/accounts/:account',
    ACCOUNTS.put,
    async (request, reply) => {
      const { params, body, headers } = request;
      const demand = accountPrecondition(headers['if-match']);
      const stored = await administration.putAccount(
        actorOf(request),
        { id: params.account, ...body },
        demand,
      );
      return sendTagged(reply, stored, accountTag(stored));
    },
  );
  app.get<{ Params: Account }>('/v1/accounts/:account', ACCOUNTS.get, async ({ params }, reply) => {
    const stored = await administration.versionedAccount(params.account);
    return sendTagged(reply, stored, accountTag(stored));
  });
  addGroups(app, administration);
  app.get<{ Params: Account; Querystring: Paging }>(
    '/v1/accounts/:account/audit-events',
    ACCOUNTS.events,
    async ({ params, query }) => {
      const before = fromCursor(query.cursor, 1)?.[0] ?? null;
      const { events, next } = await administration.auditEvents(params.account, before, Number(query.limit));
      return { auditEvents: events, next: next && toCursor([next]) };
    },
  );
}

function addGroups(app: FastifyInstance, administration: Administration): void {
  const path = '/v1/accounts/:account/groups';
  app.put<{ Params: GroupParams; Body: GroupBody }>(`${path}/:group`, GROUPS.put, async (request, reply) => {
    const {
      params: { account, group: id },
      body,
      headers,
    } = request;
    const demand = groupPrecondition(headers['if-match']);
    const stored = await administration.putGroup(actorOf(request), { account, id, ...body }, demand);
    return sendTagged(reply, stored, groupTag(stored));
  });
  app.get<{ Params: GroupParams }>(`${path}/:group`, GROUPS.get, async ({ params }, reply) => {
    const stored = await administration.group(params.account, params.group);
    return sendTagged(reply, stored, groupTag(stored));
  });
  app.get<{ Params: Account; Querystring: Paging }>(path, GROUPS.list, ({ params, query }) =>
    readPage('groups', query, (...place) => administration.groups(params.account, ...place), byId),
  );
}

function addEnrolments(app: FastifyInstance, administration: Administration): void {
  const path = '/v1/accounts/:account/enrolments/:srvId/:type';
  const set = async (request: FastifyRequest<{ Params: EnrolmentParams }>, enrolled: boolean) => {
    const { account, srvId, type } = request.params;
    await administration.setEnrolment(actorOf(request), account, srvId, type, enrolled);
    return { srvId, type, enrolled };
  };
  app.put<{ Params: EnrolmentParams }>(path, ENROLMENTS.put, (request) => set(request, true));
  app.delete<{ Params: EnrolmentParams }>(path, ENROLMENTS.delete, (request) => set(request, false));
  app.get<{ Params: Account; Querystring: Paging }>(
    '/v1/accounts/:account/enrolments',
    ENROLMENTS.list,
    async ({ params, query }) =>
      pageOfAll('enrolments', query, await administration.enrolments(params.account), byType),
  );
}
