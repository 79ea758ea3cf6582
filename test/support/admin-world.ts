import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiTokens } from '../../broker/admin/api-tokens.ts';
import type { Authenticator } from '../../broker/admin/authenticators.ts';
import { Idempotency } from '../../broker/admin/idempotency.ts';
import { RequestLimit, type RequestRate } from '../../broker/admin/request-limit.ts';
import { createAdminApp } from '../../broker/admin/server.ts';
import { Recipients } from '../../broker/alerts/recipients.ts';
import { DEFAULT_CATALOGUE } from '../../broker/model/catalogue.ts';
import type { Principal, Role } from '../../broker/model/principal.ts';
import type { Views } from '../../broker/views/views.ts';
import { Secret } from '../../runtime/config.ts';
import { createLogger } from '../../runtime/logger.ts';
import { keyWorld, type KeyWorld } from './key-world.ts';
import { keySetUpFor } from './set-up.ts';
import type { Teardowns } from './shared-world.ts';
import { viewsOf } from './views.ts';

/**
 * The administration API without its port, over a real store. Whoever calls says who they are. An answer that is not as
 * the OpenAPI document has it becomes a failure with status 500.
 */
export interface AdminWorld extends KeyWorld {
  readonly app: FastifyInstance;
  readonly views: Views;
  /** What the broker logged. */
  readonly log: readonly string[];
  readonly ask: Ask;
}

export type Ask = (
  who: Principal | null,
  method: string,
  url: string,
  options?: { body?: unknown; headers?: Record<string, string> },
) => Promise<{ status: number; headers: Record<string, unknown>; body: Record<string, unknown> }>;

export const OPERATOR: Principal = principal('OPERATOR', null);

/** One of a role. @param name default: made of the other two */
export function principal(role: Role, account: string | null, name?: string): Principal {
  const made = `${role.toLowerCase()}@${account ?? 'cmk'}.example`;
  return { name: name ?? made, role, account, via: 'SESSION' };
}

/** Names of those who are no longer believed. */
export const GONE = new Set<string>();

export const HEADER = 'x-test-principal';
const believing: Authenticator = ({ headers }) => {
  const claimed = headers[HEADER];
  const principal = typeof claimed === 'string' ? (JSON.parse(claimed) as Principal) : null;
  return Promise.resolve(principal && GONE.has(principal.name) ? null : principal);
};

/** The clock stands: nothing is ever filled up again. */
const UNLIMITED: RequestRate = { burst: 1_000_000, perSecond: 1 };

interface AdminWorldOptions {
  readonly rate?: RequestRate;
  /** Whether answers may be otherwise than the document has it, because of what a newer release stored; default: no. */
  readonly mayHaveNewerWords?: boolean;
}

export async function adminWorld(t: Teardowns, options: AdminWorldOptions = {}): Promise<AdminWorld> {
  const world = await keyWorld(t);
  const { store, clock } = world;
  const log: string[] = [];
  const destination = { write: (line: string) => void log.push(line) };
  const webhookKey = new Secret('a-key-for-webhooks-in-tests-0123456789');
  const views = viewsOf(world);
  const app = createAdminApp({
    ...world,
    recipients: new Recipients({ store, clock, webhookKey, webhookNetworks: null }),
    keySetUp: keySetUpFor(),
    idempotency: new Idempotency({ store: store.idempotency, clock }),
    apiTokens: new ApiTokens({ store, clock }),
    signIn: null,
    views,
    authenticators: [believing],
    requestLimit: new RequestLimit(clock, options.rate ?? UNLIMITED),
    catalogue: DEFAULT_CATALOGUE,
    portalDir: null,
    trustedProxies: null,
    logger: createLogger({ name: 'broker', level: 'error', destination }),
  });
  t.teardown(() => app.close());
  app.addHook('preSerialization', (request, reply, payload) => {
    const error = options.mayHaveNewerWords ? null : mismatch(request, reply, payload);
    return error ? Promise.reject(error) : Promise.resolve(payload);
  });
  await app.ready();
  return { ...world, app, views, log, ask: askOf(app) };
}

interface Described {
  readonly operationId?: string;
  readonly response?: Record<string, { content: Record<string, { schema: object }> }>;
}

/** What an answer has that its description does not, or the other way round; null: they agree. */
function mismatch(request: FastifyRequest, reply: FastifyReply, payload: unknown): Error | null {
  const { operationId, response } = (request.routeOptions.schema ?? {}) as Described;
  if (!response || operationId === 'getOpenApi') return null;
  const described = response[reply.statusCode];
  if (!described) return new Error(`${operationId} does not describe status ${reply.statusCode}`);
  const [schema] = Object.values(described.content).map((each) => each.schema);
  const validate = request.compileValidationSchema(schema ?? {});
  if (validate(JSON.parse(JSON.stringify(payload)))) return null;
  const problems = JSON.stringify(validate.errors?.slice(0, 3));
  return new Error(
    `${operationId} answered otherwise than described: ${problems} ${JSON.stringify(payload)}`,
  );
}

function askOf(app: FastifyInstance): Ask {
  return async (who, method, url, { body, headers = {} } = {}) => {
    const response = await app.inject({
      method: method as 'GET',
      url,
      headers: {
        ...(who && { [HEADER]: JSON.stringify(who) }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const isJson =
      response.payload !== '' &&
      /^application\/(problem\+)?json/.test(String(response.headers['content-type']));
    return {
      status: response.statusCode,
      headers: response.headers,
      body: isJson ? response.json<Record<string, unknown>>() : { text: response.payload },
    };
  };
}
