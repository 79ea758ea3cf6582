import type { FastifyInstance } from 'fastify';
import type { LeaseSettings } from '../keys/lease-settings.ts';
import { actorOf } from './access.ts';
import { byType, pageOfAll, type Paging } from './pages.ts';
import { LEASES } from './operations/leases.ts';
import { leaseTag, precondition, sendTagged } from './versions.ts';

interface Account {
  account: string;
}
type OneType = Account & { srvId: string; type: string };

/** For how long data keys of an asset type are lent. */
export function addLeaseRoutes(
  app: FastifyInstance,
  { leaseSettings }: { leaseSettings: LeaseSettings },
): void {
  const path = '/v1/accounts/:account/leases';
  const one = `${path}/:srvId/:type`;
  app.get<{ Params: Account; Querystring: Paging }>(path, LEASES.list, async ({ params, query }) =>
    pageOfAll('leases', query, await leaseSettings.list(params.account), byType),
  );
  app.get<{ Params: OneType }>(one, LEASES.get, async ({ params }, reply) => {
    const stored = await leaseSettings.one(params.account, params.srvId, params.type);
    return sendTagged(reply, stored, leaseTag(stored));
  });
  app.put<{ Params: OneType; Body: { seconds: number } }>(one, LEASES.put, async (request, reply) => {
    const {
      params: { account, srvId, type },
      body: { seconds },
      headers,
    } = request;
    const demand = precondition(headers['if-match'], 'the lease', leaseTag);
    const stored = await leaseSettings.set(actorOf(request), account, { srvId, type, seconds }, demand);
    return sendTagged(reply, stored, leaseTag(stored));
  });
}
