import type { FastifyInstance } from 'fastify';
import type { Administration } from '../keys/administration.ts';
import type { KeySetUp, SetUpFacts } from '../kms/set-up.ts';
import { KEYS } from './operations/keys.ts';

/** Facts of AWS as a query can hold them. */
interface AwsQuery {
  provider: 'aws';
  awsAccount: string;
  regions: string;
  keyId?: string;
  roleName?: string;
}
type Query = AwsQuery | Exclude<SetUpFacts, { provider: 'aws' }>;

/** What a customer has to paste or run before a key of theirs can be enrolled. Changes nothing. */
export function addSetUpRoutes(
  app: FastifyInstance,
  { administration, keySetUp }: { administration: Administration; keySetUp: KeySetUp },
): void {
  app.get<{ Params: { account: string }; Querystring: Query }>(
    '/v1/accounts/:account/key-set-up',
    KEYS.setUp,
    async ({ params, query }) => {
      const account = await administration.account(params.account);
      return { documents: keySetUp(account.id, factsOf(query, account.externalId)) };
    },
  );
}

/** @param externalId the account's own: nobody is asked for it */
function factsOf(query: Query, externalId: string): SetUpFacts {
  if (query.provider !== 'aws') return query;
  const { provider, awsAccount, regions, keyId, roleName } = query;
  return {
    provider,
    awsAccount,
    regions: regions.split(',').map((region) => region.trim()),
    ...(keyId === undefined ? {} : { keyId }),
    ...(roleName === undefined ? {} : { role: { name: roleName, externalId } }),
  };
}
