import type { FastifyInstance } from 'fastify';
import type { Moves } from '../keys/moves.ts';
import { paceOf, type Move, type MovePlan } from '../model/moves.ts';
import type { Idempotency } from './idempotency.ts';
import { actorOf } from './access.ts';
import { byId, readPage, type Paging } from './pages.ts';
import { MOVES } from './operations/coverage.ts';

interface Account {
  account: string;
}

type OneMove = Account & { move: string };
type Body = Omit<MovePlan, 'account'> & { dryRun: boolean };

/** Moves of data keys between keys. */
export function addMoveRoutes(app: FastifyInstance, moves: Moves, idempotency: Idempotency): void {
  const path = '/v1/accounts/:account/moves';
  app.post<{ Params: Account; Body: Body }>(path, MOVES.start, async (request, reply) => {
    const { account } = request.params;
    const { dryRun, ...wanted } = request.body;
    const plan = { account, ...wanted };
    if (dryRun) return { preview: await moves.preview(plan) };
    return idempotency.serve(request, reply, account, async () => ({
      status: 201,
      body: { move: withPace(await moves.start(actorOf(request), plan)) },
    }));
  });
  app.get<{ Params: Account; Querystring: Paging }>(path, MOVES.list, async ({ params, query }) => {
    const page = await readPage(
      'moves',
      query,
      (before, limit) => moves.list(params.account, limit, before),
      byId,
    );
    return { ...page, moves: page.moves.map(withPace) };
  });
  app.get<{ Params: OneMove }>(`${path}/:move`, MOVES.get, async ({ params }) => ({
    move: withPace(await moves.find(params.account, params.move)),
  }));
  for (const act of ['pause', 'resume', 'cancel'] as const) {
    app.post<{ Params: OneMove }>(`${path}/:move/${act}`, MOVES[act], async (request) => ({
      move: withPace(await moves[act](actorOf(request), request.params.account, request.params.move)),
    }));
  }
}

/** A move as operators see it. */
export function withPace<M extends Move>(move: M) {
  const { pace: _pace, ...facts } = move;
  return { ...facts, ...paceOf(move) };
}
