import { isIPv6, type AddressInfo, type BlockList } from 'node:net';
import { fastify, type FastifyInstance, type RouteOptions } from 'fastify';
import { CmkError, toCmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Recipients } from '../alerts/recipients.ts';
import type { CoverageChanges } from '../keys/coverage-changes.ts';
import type { FallbackSettings } from '../keys/fallback-settings.ts';
import type { LeaseSettings } from '../keys/lease-settings.ts';
import type { LedgerReading } from '../keys/ledger-reading.ts';
import type { Moves } from '../keys/moves.ts';
import type { Catalogue } from '../model/catalogue.ts';
import type { KeySetUp } from '../kms/set-up.ts';
import type { Views } from '../views/views.ts';
import type { SignIn } from '../portal/sign-in.ts';
import { addSignInRoutes } from '../portal/sign-in-routes.ts';
import { addPortal } from '../portal/static-files.ts';
import { guardAccess } from './access.ts';
import { addAlertRoutes } from './alert-routes.ts';
import type { ApiTokens } from './api-tokens.ts';
import type { Authenticator } from './authenticators.ts';
import { addCatalogueRoutes } from './catalogue-routes.ts';
import { addCoverageRoutes } from './coverage-routes.ts';
import type { Idempotency } from './idempotency.ts';
import { addLeaseRoutes } from './lease-routes.ts';
import { addMeRoutes } from './me-routes.ts';
import { addEventRoutes } from './event-routes.ts';
import { addMoveRoutes } from './move-routes.ts';
import { addKeyRoutes, type KeyRouteParts } from './key-routes.ts';
import { addOpenApi } from './openapi.ts';
import { fromFastifyError, sendProblem } from './problem.ts';
import type { RequestLimit } from './request-limit.ts';
import { addRoutes } from './routes.ts';
import { addSetUpRoutes } from './set-up-routes.ts';
import { stillThere } from './still-there.ts';
import { addViewRoutes } from './view-routes.ts';
import { addTokenRoutes } from './token-routes.ts';
import { addWatchRoutes } from './watch-routes.ts';

const MAX_BODY_BYTES = 2 * 1024 * 1024;

export interface AdminParts extends KeyRouteParts {
  readonly fallbackSettings: FallbackSettings;
  readonly leaseSettings: LeaseSettings;
  readonly keySetUp: KeySetUp;
  readonly ledgerReading: LedgerReading;
  readonly recipients: Recipients;
  readonly moves: Moves;
  readonly coverageChanges: CoverageChanges;
  readonly idempotency: Idempotency;
  readonly views: Views;
  readonly clock: Clock;
  readonly apiTokens: ApiTokens;
  /** Null: nobody signs in with a browser. */
  readonly signIn: SignIn | null;
  /** In the order in which they are asked who sent a request. */
  readonly authenticators: readonly Authenticator[];
  readonly catalogue: Catalogue;
  /** Where the built portal is; null: it is not served. */
  readonly portalDir: string | null;
  readonly requestLimit: RequestLimit;
  /** Who may say for whom they ask; null: nobody. */
  readonly trustedProxies: BlockList | null;
}

/** A running administration API. */
export interface AdminServer {
  readonly port: number;
  /** Lets requests under way end, and cuts off those that do not within the grace period. */
  close(graceMs: number): Promise<void>;
}

/**
 * Serves the administration API over plain HTTP.
 * @param options.port 0 picks a free one
 */
export async function startAdminServer(
  parts: AdminParts,
  options: { host: string; port: number },
): Promise<AdminServer> {
  const app = createAdminApp(parts);
  await app.listen(options);
  return {
    port: (app.server.address() as AddressInfo).port,
    async close(graceMs) {
      const timer = setTimeout(() => app.server.closeAllConnections(), graceMs);
      await app.close();
      clearTimeout(timer);
    },
  };
}

/**
 * The API without its port.
 * @param onRoute told of each route
 */
export function createAdminApp(
  { authenticators, requestLimit, trustedProxies, ...parts }: AdminParts,
  onRoute?: (route: RouteOptions) => void,
): FastifyInstance {
  const { logger } = parts;
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    trustProxy: trustedProxies
      ? (address) => trustedProxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
      : false,
    requestTimeout: 60_000,
    connectionTimeout: 60_000,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    // An asset's id has up to 256 characters, three times as many when they are escaped.
    routerOptions: { maxParamLength: 768 },
    // A path that no route is looked for with. What it says is not repeated: it may be long.
    frameworkErrors: (_error, _request, reply) => {
      const expected = 'expected a well-formed path with names of at most 768 characters';
      void sendProblem(reply, new CmkError('INVALID_ARGUMENT', expected));
    },
    // Strict: what is not of the right type is refused rather than made to fit, and nothing is quietly dropped.
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: true,
        allErrors: false,
        discriminator: true,
      },
    },
  });
  if (onRoute) app.addHook('onRoute', onRoute);
  guardAccess(app, authenticators, requestLimit);
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, new CmkError('NOT_FOUND', 'nothing under this path')),
  );
  app.setErrorHandler((thrown, request, reply) => {
    const error = fromFastifyError(thrown);
    if (toCmkError(error).code === 'INTERNAL') {
      logger.error(
        { err: error, method: request.method, route: request.routeOptions.url },
        'a request failed',
      );
    }
    return sendProblem(reply, error);
  });
  // Schemas say what answers are; a test proves it. They do not make answers fit: what is missing in one would be lost.
  app.setSerializerCompiler(() => JSON.stringify);
  keepAnswersPrivate(app);
  addOpenApi(app);
  void app.register((api, _options, done) => {
    addAllRoutes(api, parts);
    addEventRoutes(api, () => ({
      ...parts.views,
      clock: parts.clock,
      isStillThere: stillThere(parts.signIn, authenticators),
    }));
    done();
  });
  return app;
}

/**
 * An answer is for who asked, now: neither a disk nor a cache on the way may keep it, unless its route says so. Nor may a
 * browser take it for what it is not.
 */
function keepAnswersPrivate(app: FastifyInstance): void {
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store');
    void reply.header('x-content-type-options', 'nosniff');
    done();
  });
}

function addAllRoutes(
  app: FastifyInstance,
  parts: Omit<AdminParts, 'authenticators' | 'requestLimit' | 'trustedProxies'>,
): void {
  addRoutes(app, parts);
  addKeyRoutes(app, parts);
  addSetUpRoutes(app, parts);
  addLeaseRoutes(app, parts);
  addAlertRoutes(app, parts);
  addMoveRoutes(app, parts.moves, parts.idempotency);
  addCoverageRoutes(app, parts);
  addViewRoutes(app, parts);
  addTokenRoutes(app, parts);
  addMeRoutes(app, parts.signIn);
  addSignInRoutes(app, parts.signIn);
  addWatchRoutes(app, parts);
  addCatalogueRoutes(app, parts);
  if (parts.portalDir) addPortal(app, parts.portalDir);
}
