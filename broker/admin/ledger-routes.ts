import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { canonicalJson } from '../../core/ledger.ts';
import type { LedgerReading } from '../keys/ledger-reading.ts';
import { badCursor } from './cursors.ts';
import { readPage, type Paging } from './pages.ts';
import { NDJSON } from './operation.ts';
import { ACCOUNT_LEDGER, COMMON_LEDGER } from './operations/ledger.ts';

/** The audit ledger, of accounts and of what belongs to none: docs/ledger.md. */
export function addLedger(app: FastifyInstance, reading: LedgerReading): void {
  addChain(app, reading, '/v1/accounts/:account/ledger', ACCOUNT_LEDGER);
  addChain(app, reading, '/v1/ledger', COMMON_LEDGER);
}

type Operations = typeof ACCOUNT_LEDGER | typeof COMMON_LEDGER;

interface Of {
  readonly account?: string;
}

function addChain(app: FastifyInstance, reading: LedgerReading, path: string, about: Operations): void {
  app.get<{ Params: Of; Querystring: Paging & { after: string } }>(
    path,
    about.records,
    async ({ params, query }) =>
      readPage(
        'records',
        query,
        (behind, limit) => reading.after(params.account ?? null, sequenceOf(behind ?? query.after), limit),
        ({ sequence }) => String(sequence),
      ),
  );
  app.get<{ Params: Of }>(`${path}/head`, about.head, ({ params }) => reading.head(params.account ?? null));
  app.get<{ Params: Of }>(`${path}/export`, about.whole, async ({ params }, reply) =>
    sendLines(reply, await reading.whole(params.account ?? null)),
  );
}

/** @throws CmkError INVALID_ARGUMENT */
function sequenceOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw badCursor();
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
