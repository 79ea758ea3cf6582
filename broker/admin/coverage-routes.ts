import type { FastifyInstance } from 'fastify';
import type { Administration } from '../keys/administration.ts';
import type { ChangeOptions, CoverageChanges } from '../keys/coverage-changes.ts';
import type { CoverageChange } from '../model/coverage.ts';
import { withPace } from './move-routes.ts';
import { actorOf } from './access.ts';
import { GROUPS } from './operations/accounts.ts';
import { COVERAGE } from './operations/coverage.ts';
import { accountPrecondition, groupPrecondition, groupTag } from './versions.ts';

interface Account {
  account: string;
}
type GroupParams = Account & { group: string };
interface GroupPatch {
  licensed?: boolean;
  add?: string[];
  remove?: string[];
}
type ApplyBody = CoverageChange & { moveExisting?: boolean };

/** Changes of who and what is covered, and what they would do. */
export function addCoverageRoutes(
  app: FastifyInstance,
  { administration, coverageChanges }: { administration: Administration; coverageChanges: CoverageChanges },
): void {
  const path = '/v1/accounts/:account/coverage';
  app.post<{ Params: Account; Body: CoverageChange }>(
    `${path}/preview`,
    COVERAGE.preview,
    ({ params, body }) => coverageChanges.preview(params.account, body),
  );
  app.post<{ Params: Account; Body: ApplyBody }>(`${path}/apply`, COVERAGE.apply, async (request) => {
    const { params, body, headers } = request;
    const { moveExisting = false, ...change } = body;
    const options = { moveExisting, ...preconditionsOf(change, headers['if-match']) };
    const outcome = await coverageChanges.apply(actorOf(request), params.account, change, options);
    return {
      newAssets: outcome.newAssets,
      existingAssets: moveExisting ? 'FOLLOW' : 'STAY',
      moves: outcome.moves.map(withPace),
    };
  });
  app.patch<{ Params: GroupParams; Body: GroupPatch }>(
    '/v1/accounts/:account/groups/:group',
    GROUPS.patch,
    async (request, reply) => {
      const { params, body, headers } = request;
      const change = { kind: 'GROUP', group: params.group, ...body } as const;
      const options = { moveExisting: false, ...preconditionsOf(change, headers['if-match']) };
      await coverageChanges.apply(actorOf(request), params.account, change, options);
      const stored = await administration.group(params.account, params.group);
      const { members, ...group } = stored.value;
      return reply.header('etag', groupTag(stored)).send({ ...group, memberCount: members.length });
    },
  );
}

/** If-Match is about the account for its licence, about the group for a group; an enrolment is there or it is not. */
function preconditionsOf(
  change: CoverageChange,
  ifMatch: string | undefined,
): Pick<ChangeOptions, 'account' | 'group'> {
  if (change.kind === 'GROUP') {
    const group = groupPrecondition(ifMatch);
    return group ? { group } : {};
  }
  const account = accountPrecondition(ifMatch);
  return account ? { account } : {};
}
