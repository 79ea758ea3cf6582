import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Administration } from '../keys/administration.ts';
import type { LedgerReading } from '../keys/ledger-reading.ts';
import type { Licence } from '../model/types.ts';
import { addLedger } from './ledger-routes.ts';
import type { FallbackSettings } from '../keys/fallback-settings.ts';
import { addFallbackRoutes } from './fallback-routes.ts';
import { PROBLEM_TYPE, toProblem } from './problem.ts';
import * as schemas from './schemas.ts';
import { accountPrecondition, accountTag, groupPrecondition, groupTag, sendTagged } from './versions.ts';

/** Who acts: this API knows one operator, by the token. */
export const OPERATOR = 'operator';

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
  addFallbackRoutes(app, parts.fallbackSettings, OPERATOR);
}

function addAccounts(app: FastifyInstance, administration: Administration): void {
  app.get<{ Querystring: { after?: string; limit: string } }>(
    '/v1/accounts',
    { schema: { querystring: schemas.listQuery } },
    async ({ query }) => ({
      accounts: await administration.accounts(query.after ?? null, Number(query.limit)),
    }),
  );
  app.put<{ Params: Account; Body: { name: string; licence: Licence } }>(
    '/v1/accounts/:account',
    { schema: { params: schemas.accountParams, body: schemas.accountBody } },
    async ({ params, body, headers }, reply) => {
      const demand = accountPrecondition(headers['if-match']);
      const stored = await administration.putAccount(OPERATOR, { id: params.account, ...body }, demand);
      return sendTagged(reply, stored, accountTag(stored));
    },
  );
  app.get<{ Params: Account }>(
    '/v1/accounts/:account',
    { schema: { params: schemas.accountParams } },
    async ({ params }, reply) => {
      const stored = await administration.versionedAccount(params.account);
      return sendTagged(reply, stored, accountTag(stored));
    },
  );
  addGroups(app, administration);
  app.get<{ Params: Account; Querystring: { limit: string } }>(
    '/v1/accounts/:account/audit-events',
    { schema: { params: schemas.accountParams, querystring: schemas.auditQuery } },
    async ({ params, query }) => ({
      auditEvents: await administration.auditEvents(params.account, Number(query.limit)),
    }),
  );
}

function addGroups(app: FastifyInstance, administration: Administration): void {
  const path = '/v1/accounts/:account/groups';
  app.put<{ Params: GroupParams; Body: GroupBody }>(
    `${path}/:group`,
    { schema: { params: schemas.groupParams, body: schemas.groupBody } },
    async ({ params: { account, group: id }, body, headers }, reply) => {
      const demand = groupPrecondition(headers['if-match']);
      const stored = await administration.putGroup(OPERATOR, { account, id, ...body }, demand);
      return sendTagged(reply, stored, groupTag(stored));
    },
  );
  app.get<{ Params: GroupParams }>(
    `${path}/:group`,
    { schema: { params: schemas.groupParams } },
    async ({ params }, reply) => {
      const stored = await administration.group(params.account, params.group);
      return sendTagged(reply, stored, groupTag(stored));
    },
  );
  app.get<{ Params: Account }>(path, { schema: { params: schemas.accountParams } }, async ({ params }) => ({
    groups: await administration.groups(params.account),
  }));
}

function addEnrolments(app: FastifyInstance, administration: Administration): void {
  const path = '/v1/accounts/:account/enrolments/:srvId/:type';
  const schema = { params: schemas.enrolmentParams };
  const set = async ({ account, srvId, type }: EnrolmentParams, enrolled: boolean) => {
    await administration.setEnrolment(OPERATOR, account, srvId, type, enrolled);
    return { srvId, type, enrolled };
  };
  app.put<{ Params: EnrolmentParams }>(path, { schema }, ({ params }) => set(params, true));
  app.delete<{ Params: EnrolmentParams }>(path, { schema }, ({ params }) => set(params, false));
  app.get<{ Params: Account }>(
    '/v1/accounts/:account/enrolments',
    { schema: { params: schemas.accountParams } },
    async ({ params }) => ({ enrolments: await administration.enrolments(params.account) }),
  );
}

export function sendProblem(
  reply: FastifyReply,
  error: unknown,
  extensions?: Record<string, unknown>,
): FastifyReply {
  const problem = toProblem(error, extensions);
  return reply.code(problem.status).type(PROBLEM_TYPE).send(problem);
}
