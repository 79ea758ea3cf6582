import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { canonicalJson } from '../../core/ledger.ts';
import type { LedgerReading } from '../keys/ledger-reading.ts';
import type { AccessRule } from '../model/principal.ts';
import * as schemas from './schemas.ts';

const NDJSON = 'application/x-ndjson';

/** The audit ledger, of accounts and of what belongs to none: docs/ledger.md. */
export function addLedger(app: FastifyInstance, reading: LedgerReading): void {
  addChain(app, reading, '/v1/accounts/:account/ledger', {
    config: { access: 'READ' },
    schema: { params: schemas.accountParams },
  });
  addChain(app, reading, '/v1/ledger', { config: { access: 'OPERATE' }, schema: {} });
}

interface Route {
  readonly config: { readonly access: AccessRule };
  readonly schema: object;
}

interface Of {
  readonly account?: string;
}

function addChain(app: FastifyInstance, reading: LedgerReading, path: string, route: Route): void {
  const { config, schema } = route;
  app.get<{ Params: Of; Querystring: { after: string; limit: string } }>(
    path,
    { config, schema: { ...schema, querystring: schemas.ledgerQuery } },
    async ({ params, query }) => ({
      records: await reading.after(params.account ?? null, Number(query.after), Number(query.limit)),
    }),
  );
  app.get<{ Params: Of }>(`${path}/head`, route, ({ params }) => reading.head(params.account ?? null));
  app.get<{ Params: Of }>(`${path}/export`, route, async ({ params }, reply) =>
    sendLines(reply, await reading.whole(params.account ?? null)),
  );
}

/** A page at a time, as the reader takes them. */
function sendLines(
  reply: FastifyReply,
  pages: AsyncIterable<readonly Parameters<typeof canonicalJson>[0][]>,
): FastifyReply {
  const lines = async function* () {
    for await (const page of pages) yield page.map((record) => `${canonicalJson(record)}\n`).join('');
  };
  return reply.type(NDJSON).send(Readable.from(lines(), { objectMode: true, highWaterMark: 1 }));
}
