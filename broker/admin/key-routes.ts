import type { FastifyInstance } from 'fastify';
import type { CmkError } from '../../core/errors.ts';
import { blastRadius, type BlastRadiusOptions } from '../keys/blast-radius.ts';
import type { Administration } from '../keys/administration.ts';
import type { ChangeKey } from '../keys/change-key.ts';
import type { EnrolKey, NamedKey } from '../keys/enrol-key.ts';
import type { KeyLife } from '../keys/key-life.ts';
import type { VerificationStep } from '../keys/verify-key.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Idempotency } from './idempotency.ts';
import { actorOf } from './access.ts';
import { answerLive } from './live-answer.ts';
import type { Outcome } from './outcome.ts';
import { toProblem } from './problem.ts';
import { byId, pageOfAll, type Paging } from './pages.ts';
import { KEYS } from './operations/keys.ts';
import { precondition, referencesTag } from './versions.ts';

interface Account {
  account: string;
}

type OneKey = Account & { key: string };
type Retirement = { acceptUnreadable?: boolean; acceptNoKey?: boolean; dataKeys?: number } | null | undefined;

/** What the routes about keys call. */
export interface KeyRouteParts {
  readonly administration: Administration;
  readonly enrolKey: EnrolKey;
  readonly keyLife: KeyLife;
  readonly changeKey: ChangeKey;
  readonly blastRadius: BlastRadiusOptions;
  readonly idempotency: Idempotency;
  readonly logger: Logger;
}

/** Keys: how they come, go and change, and what hangs on them. */
export function addKeyRoutes(app: FastifyInstance, parts: KeyRouteParts): void {
  addEnrolment(app, parts);
  addViews(app, parts);
  addLife(app, parts);
  addChanges(app, parts);
}

const PATH = '/v1/accounts/:account/keys';
const ONE = `${PATH}/:key`;

function addEnrolment(app: FastifyInstance, { enrolKey, keyLife, idempotency, logger }: KeyRouteParts): void {
  app.post<{ Params: Account; Body: NamedKey }>(PATH, KEYS.enrol, (request, reply) => {
    const { account } = request.params;
    return idempotency.serve(request, reply, account, async () => {
      const enrolment = await enrolKey.run(actorOf(request), account, request.body);
      const { steps } = enrolment;
      if (enrolment.ok) {
        return { status: 201, body: { key: await keyLife.one(account, enrolment.kek.id), steps } };
      }
      return refusal(enrolment.error, steps);
    });
  });
  app.post<{ Params: Account; Body: NamedKey }>(`${PATH}/verify`, KEYS.tryOut, (request, reply) =>
    answerLive(request, reply, logger, async (onlooker) => {
      const { params, body } = request;
      const { ok, steps } = await enrolKey.verify(actorOf(request), params.account, body, onlooker);
      return { status: 200, body: { ok, steps } };
    }),
  );
}

function refusal(error: CmkError, steps: readonly VerificationStep[]): Outcome {
  const problem = toProblem(error, { steps });
  return { status: problem.status, body: problem };
}

function addViews(app: FastifyInstance, { keyLife, blastRadius: options }: KeyRouteParts): void {
  app.get<{ Params: Account; Querystring: Paging }>(PATH, KEYS.list, async ({ params, query }) =>
    pageOfAll('keys', query, await keyLife.list(params.account), byId, 'DESCENDING'),
  );
  app.get<{ Params: OneKey }>(ONE, KEYS.get, async ({ params: { account, key } }) => ({
    key: await keyLife.one(account, key),
  }));
  app.get<{ Params: OneKey }>(
    `${ONE}/blast-radius`,
    KEYS.blastRadius,
    async ({ params: { account, key } }) => ({ blastRadius: await blastRadius(options, account, key) }),
  );
}

function addLife(app: FastifyInstance, { keyLife, administration }: KeyRouteParts): void {
  app.post<{ Params: OneKey; Body: Retirement }>(`${ONE}/retire`, KEYS.retire, async (request) => {
    const {
      params: { account, key },
      body,
    } = request;
    const { acceptUnreadable = false, acceptNoKey = false, dataKeys = null } = body ?? {};
    const confirmed = { acceptUnreadable, acceptNoKey, dataKeys };
    return { position: await keyLife.retire(actorOf(request), account, key, confirmed) };
  });
  app.post<{ Params: OneKey }>(`${ONE}/restore`, KEYS.restore, async (request) => ({
    key: await keyLife.restore(actorOf(request), request.params.account, request.params.key),
  }));
  app.post<{ Params: { key: string } }>('/v1/keys/:key/revoke', KEYS.revokeAny, async (request) => ({
    position: await administration.revokeNow(actorOf(request), request.params.key),
  }));
  app.post<{ Params: OneKey }>(`${ONE}/revoke`, KEYS.revoke, async (request) => {
    const { account, key } = request.params;
    return { position: await administration.revokeNow(actorOf(request), key, account) };
  });
}

function addChanges(app: FastifyInstance, { changeKey, logger }: KeyRouteParts): void {
  app.post<{ Params: OneKey }>(`${ONE}/verify`, KEYS.verify, (request, reply) =>
    answerLive(request, reply, logger, async (onlooker) => {
      const { account, key } = request.params;
      const { ok, steps } = await changeKey.verify(actorOf(request), account, key, onlooker);
      return { status: 200, body: { ok, steps } };
    }),
  );
  app.get<{ Params: OneKey }>(`${ONE}/references`, KEYS.references, async ({ params }, reply) => {
    const stored = await changeKey.references(params.account, params.key);
    return reply.header('etag', referencesTag(stored)).send({ references: stored.value });
  });
  app.put<{ Params: OneKey; Body: { references: string[] } }>(
    `${ONE}/references`,
    KEYS.setReferences,
    (request, reply) => {
      const {
        params: { account, key },
        body: { references },
        headers,
      } = request;
      const demand = precondition(headers['if-match'], 'the list of references', referencesTag);
      const actor = actorOf(request);
      return answerLive(request, reply, logger, async (onlooker) => {
        const change = await changeKey.setReferences(actor, account, key, references, demand, onlooker);
        const { steps } = change;
        if (!change.ok) return refusal(change.error, steps);
        const { stored } = change;
        const body = { references: stored.value, steps };
        return { status: 200, body, headers: { etag: referencesTag(stored) } };
      });
    },
  );
}
