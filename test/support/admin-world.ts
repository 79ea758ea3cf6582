import type { ExecutionContext } from 'ava';
import type { FastifyInstance } from 'fastify';
import type { Authenticator } from '../../broker/admin/authenticators.ts';
import { Idempotency } from '../../broker/admin/idempotency.ts';
import { createAdminApp } from '../../broker/admin/server.ts';
import { Recipients } from '../../broker/alerts/recipients.ts';
import type { Principal, Role } from '../../broker/model/principal.ts';
import { createViews } from '../../broker/views/views.ts';
import { Secret } from '../../runtime/config.ts';
import { createLogger } from '../../runtime/logger.ts';
import { keyWorld, type KeyWorld } from './key-world.ts';
import { keySetUpFor } from './set-up.ts';

/** The administration API without its port, over a real store. Whoever calls says who they are. */
export interface AdminWorld extends KeyWorld {
  readonly app: FastifyInstance;
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

const HEADER = 'x-test-principal';
const believing: Authenticator = ({ headers }) => {
  const claimed = headers[HEADER];
  return Promise.resolve(typeof claimed === 'string' ? (JSON.parse(claimed) as Principal) : null);
};

export async function adminWorld(t: ExecutionContext): Promise<AdminWorld> {
  const world = await keyWorld(t);
  const { store, clock } = world;
  const log: string[] = [];
  const destination = { write: (line: string) => void log.push(line) };
  const webhookKey = new Secret('a-key-for-webhooks-in-tests-0123456789');
  const app = createAdminApp({
    ...world,
    recipients: new Recipients({ store, clock, webhookKey, webhookNetworks: null }),
    keySetUp: keySetUpFor(),
    idempotency: new Idempotency({ store: store.idempotency, clock }),
    views: createViews({ store, clock }),
    authenticators: [believing],
    logger: createLogger({ name: 'broker', level: 'error', destination }),
  });
  t.teardown(() => app.close());
  await app.ready();
  return { ...world, app, log, ask: askOf(app) };
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
