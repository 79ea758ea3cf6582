import type { FastifyInstance } from 'fastify';
import type { Moves } from '../keys/moves.ts';
import { paceOf, type Move, type MovePlan } from '../model/moves.ts';
import { OPERATOR } from './routes.ts';
import * as schemas from './schemas.ts';

interface Account {
  account: string;
}

type OneMove = Account & { move: string };
type Body = Omit<MovePlan, 'account'> & { dryRun: boolean };

/** Moves of data keys between keys. */
export function addMoveRoutes(app: FastifyInstance, moves: Moves): void {
  const path = '/v1/accounts/:account/moves';
  app.post<{ Params: Account; Body: Body }>(
    path,
    { schema: { params: schemas.accountParams, body: schemas.moveBody } },
    async ({ params, body }, reply) => {
      const { dryRun, ...wanted } = body;
      const plan = { account: params.account, ...wanted };
      if (dryRun) return { preview: await moves.preview(plan) };
      return reply.code(201).send({ move: withPace(await moves.start(OPERATOR, plan)) });
    },
  );
  app.get<{ Params: Account; Querystring: { limit: string } }>(
    path,
    { schema: { params: schemas.accountParams, querystring: schemas.auditQuery } },
    async ({ params, query }) => ({
      moves: (await moves.list(params.account, Number(query.limit))).map(withPace),
    }),
  );
  app.get<{ Params: OneMove }>(
    `${path}/:move`,
    { schema: { params: schemas.moveParams } },
    async ({ params }) => ({ move: withPace(await moves.find(params.account, params.move)) }),
  );
  for (const act of ['pause', 'resume', 'cancel'] as const) {
    app.post<{ Params: OneMove }>(
      `${path}/:move/${act}`,
      { schema: { params: schemas.moveParams } },
      async ({ params }) => ({ move: withPace(await moves[act](OPERATOR, params.account, params.move)) }),
    );
  }
}

/** A move as operators see it. */
function withPace<M extends Move>(move: M) {
  const { pace: _pace, ...facts } = move;
  return { ...facts, ...paceOf(move) };
}
