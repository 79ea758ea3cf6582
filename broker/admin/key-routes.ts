import type { FastifyInstance } from 'fastify';
import { blastRadius, type BlastRadiusOptions } from '../keys/blast-radius.ts';
import type { Administration } from '../keys/administration.ts';
import type { ChangeKey } from '../keys/change-key.ts';
import type { EnrolKey, NamedKey } from '../keys/enrol-key.ts';
import type { KeyLife } from '../keys/key-life.ts';
import type { Idempotency } from './idempotency.ts';
import { toProblem } from './problem.ts';
import { OPERATOR, sendProblem } from './routes.ts';
import * as schemas from './schemas.ts';

interface Account {
  account: string;
}

type OneKey = Account & { key: string };
type Retirement = { acceptUnreadable?: boolean; dataKeys?: number } | null | undefined;

/** What the routes about keys call. */
export interface KeyRouteParts {
  readonly administration: Administration;
  readonly enrolKey: EnrolKey;
  readonly keyLife: KeyLife;
  readonly changeKey: ChangeKey;
  readonly blastRadius: BlastRadiusOptions;
  readonly idempotency: Idempotency;
}

/** Keys: how they come, go and change, and what hangs on them. */
export function addKeyRoutes(app: FastifyInstance, parts: KeyRouteParts): void {
  addEnrolment(app, parts);
  addViews(app, parts);
  addLife(app, parts);
  addChanges(app, parts.changeKey);
}

const KEYS = '/v1/accounts/:account/keys';
const KEY = `${KEYS}/:key`;
const ONE_KEY = { params: schemas.ownKeyParams };

function addEnrolment(app: FastifyInstance, { enrolKey, keyLife, idempotency }: KeyRouteParts): void {
  const schema = { params: schemas.accountParams, body: schemas.keyBody };
  app.post<{ Params: Account; Body: NamedKey }>(KEYS, { schema }, (request, reply) => {
    const { account } = request.params;
    return idempotency.serve(request, reply, account, async () => {
      const enrolment = await enrolKey.run(OPERATOR, account, request.body);
      const { steps } = enrolment;
      if (enrolment.ok) {
        return { status: 201, body: { key: await keyLife.one(account, enrolment.kek.id), steps } };
      }
      const problem = toProblem(enrolment.error, { steps });
      return { status: problem.status, body: problem };
    });
  });
  app.post<{ Params: Account; Body: NamedKey }>(`${KEYS}/verify`, { schema }, async ({ params, body }) => {
    const { ok, steps } = await enrolKey.verify(OPERATOR, params.account, body);
    return { ok, steps };
  });
}

function addViews(app: FastifyInstance, { keyLife, blastRadius: options }: KeyRouteParts): void {
  app.get<{ Params: Account }>(KEYS, { schema: { params: schemas.accountParams } }, async ({ params }) => ({
    keys: await keyLife.list(params.account),
  }));
  app.get<{ Params: OneKey }>(KEY, { schema: ONE_KEY }, async ({ params: { account, key } }) => ({
    key: await keyLife.one(account, key),
  }));
  app.get<{ Params: OneKey }>(
    `${KEY}/blast-radius`,
    { schema: ONE_KEY },
    async ({ params: { account, key } }) => ({ blastRadius: await blastRadius(options, account, key) }),
  );
}

function addLife(app: FastifyInstance, { keyLife, administration }: KeyRouteParts): void {
  app.post<{ Params: OneKey; Body: Retirement }>(
    `${KEY}/retire`,
    { schema: { ...ONE_KEY, body: schemas.retireBody } },
    async ({ params: { account, key }, body }) => {
      const { acceptUnreadable = false, dataKeys = null } = body ?? {};
      const confirmed = { acceptUnreadable, dataKeys };
      return { position: await keyLife.retire(OPERATOR, account, key, confirmed) };
    },
  );
  app.post<{ Params: OneKey }>(
    `${KEY}/restore`,
    { schema: ONE_KEY },
    async ({ params: { account, key } }) => ({ key: await keyLife.restore(OPERATOR, account, key) }),
  );
  app.post<{ Params: { key: string } }>(
    '/v1/keys/:key/revoke',
    { schema: { params: schemas.keyParams } },
    async ({ params }) => ({ position: await administration.revokeNow(OPERATOR, params.key) }),
  );
}

function addChanges(app: FastifyInstance, changeKey: ChangeKey): void {
  app.post<{ Params: OneKey }>(`${KEY}/verify`, { schema: ONE_KEY }, async ({ params: { account, key } }) => {
    const { ok, steps } = await changeKey.verify(OPERATOR, account, key);
    return { ok, steps };
  });
  app.put<{ Params: OneKey; Body: { references: string[] } }>(
    `${KEY}/references`,
    { schema: { ...ONE_KEY, body: schemas.referencesBody } },
    async ({ params: { account, key }, body: { references } }, reply) => {
      const change = await changeKey.setReferences(OPERATOR, account, key, references);
      const { steps } = change;
      return change.ok ? reply.send({ references, steps }) : sendProblem(reply, change.error, { steps });
    },
  );
}
