import type { FastifyInstance } from 'fastify';
import { blastRadius, type BlastRadiusOptions } from '../keys/blast-radius.ts';
import type { Administration } from '../keys/administration.ts';
import type { ChangeKey } from '../keys/change-key.ts';
import type { EnrolKey, NamedKey } from '../keys/enrol-key.ts';
import type { KeyLife } from '../keys/key-life.ts';
import type { Idempotency } from './idempotency.ts';
import { actorOf } from './access.ts';
import { sendProblem, toProblem } from './problem.ts';
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
  const route = {
    config: { access: 'ADMINISTER' },
    schema: { params: schemas.accountParams, body: schemas.keyBody },
  } as const;
  app.post<{ Params: Account; Body: NamedKey }>(KEYS, route, (request, reply) => {
    const { account } = request.params;
    return idempotency.serve(request, reply, account, async () => {
      const enrolment = await enrolKey.run(actorOf(request), account, request.body);
      const { steps } = enrolment;
      if (enrolment.ok) {
        return { status: 201, body: { key: await keyLife.one(account, enrolment.kek.id), steps } };
      }
      const problem = toProblem(enrolment.error, { steps });
      return { status: problem.status, body: problem };
    });
  });
  app.post<{ Params: Account; Body: NamedKey }>(`${KEYS}/verify`, route, async (request) => {
    const { ok, steps } = await enrolKey.verify(actorOf(request), request.params.account, request.body);
    return { ok, steps };
  });
}

function addViews(app: FastifyInstance, { keyLife, blastRadius: options }: KeyRouteParts): void {
  app.get<{ Params: Account }>(
    KEYS,
    { config: { access: 'READ' }, schema: { params: schemas.accountParams } },
    async ({ params }) => ({
      keys: await keyLife.list(params.account),
    }),
  );
  app.get<{ Params: OneKey }>(
    KEY,
    { config: { access: 'READ' }, schema: ONE_KEY },
    async ({ params: { account, key } }) => ({
      key: await keyLife.one(account, key),
    }),
  );
  app.get<{ Params: OneKey }>(
    `${KEY}/blast-radius`,
    { config: { access: 'READ' }, schema: ONE_KEY },
    async ({ params: { account, key } }) => ({ blastRadius: await blastRadius(options, account, key) }),
  );
}

function addLife(app: FastifyInstance, { keyLife, administration }: KeyRouteParts): void {
  app.post<{ Params: OneKey; Body: Retirement }>(
    `${KEY}/retire`,
    { config: { access: 'ADMINISTER' }, schema: { ...ONE_KEY, body: schemas.retireBody } },
    async (request) => {
      const {
        params: { account, key },
        body,
      } = request;
      const { acceptUnreadable = false, dataKeys = null } = body ?? {};
      const confirmed = { acceptUnreadable, dataKeys };
      return { position: await keyLife.retire(actorOf(request), account, key, confirmed) };
    },
  );
  app.post<{ Params: OneKey }>(
    `${KEY}/restore`,
    { config: { access: 'ADMINISTER' }, schema: ONE_KEY },
    async (request) => ({
      key: await keyLife.restore(actorOf(request), request.params.account, request.params.key),
    }),
  );
  app.post<{ Params: { key: string } }>(
    '/v1/keys/:key/revoke',
    { config: { access: 'OPERATE' }, schema: { params: schemas.keyParams } },
    async (request) => ({ position: await administration.revokeNow(actorOf(request), request.params.key) }),
  );
  app.post<{ Params: OneKey }>(
    `${KEY}/revoke`,
    { config: { access: 'ADMINISTER' }, schema: ONE_KEY },
    async (request) => {
      const { account, key } = request.params;
      return { position: await administration.revokeNow(actorOf(request), key, account) };
    },
  );
}

function addChanges(app: FastifyInstance, changeKey: ChangeKey): void {
  app.post<{ Params: OneKey }>(
    `${KEY}/verify`,
    { config: { access: 'ADMINISTER' }, schema: ONE_KEY },
    async (request) => {
      const { account, key } = request.params;
      const { ok, steps } = await changeKey.verify(actorOf(request), account, key);
      return { ok, steps };
    },
  );
  app.put<{ Params: OneKey; Body: { references: string[] } }>(
    `${KEY}/references`,
    { config: { access: 'ADMINISTER' }, schema: { ...ONE_KEY, body: schemas.referencesBody } },
    async (request, reply) => {
      const {
        params: { account, key },
        body: { references },
      } = request;
      const change = await changeKey.setReferences(actorOf(request), account, key, references);
      const { steps } = change;
      return change.ok ? reply.send({ references, steps }) : sendProblem(reply, change.error, { steps });
    },
  );
}
