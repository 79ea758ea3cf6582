import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { CmkError } from '../../core/errors.ts';
import { canonicalJson } from '../../core/ledger.ts';
import type { LedgerReading } from '../keys/ledger-reading.ts';
import { badCursor } from './cursors.ts';
import { readPage, type Paging } from './pages.ts';
import { NDJSON } from './operation.ts';
import { ACCOUNT_LEDGER, COMMON_LEDGER } from './operations/ledger.ts';

/** Of one ledger that a broker serves at a time: each reads all of it, for as long as its reader takes. */
const MAX_EXPORTS = 10;

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
  const exports = new Map<string, number>();
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
  app.get<{ Params: Of }>(`${path}/export`, about.whole, async ({ params }, reply) => {
    const { account = null } = params;
    const end = begin(exports, account ?? '');
    const pages = await reading.whole(account).catch((error: unknown) => {
      end();
      throw error;
    });
    return sendLines(reply, pages, end);
  });
}

/** @returns to be called at the end @throws CmkError TOO_MANY_STREAMS */
function begin(exports: Map<string, number>, ledger: string): () => void {
  const count = exports.get(ledger) ?? 0;
  if (count >= MAX_EXPORTS) {
    throw new CmkError('TOO_MANY_STREAMS', `expected at most ${MAX_EXPORTS} exports of a ledger at a time`);
  }
  exports.set(ledger, count + 1);
  return () => {
    const left = (exports.get(ledger) ?? 1) - 1;
    if (left > 0) exports.set(ledger, left);
    else exports.delete(ledger);
  };
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
  onEnd: () => void,
): FastifyReply {
  const lines = async function* () {
    for await (const page of pages) yield page.map((record) => `${canonicalJson(record)}\n`).join('');
  };
  const stream = Readable.from(lines(), { objectMode: true, highWaterMark: 1 }).once('close', onEnd);
  return reply.type(NDJSON).send(stream);
}
