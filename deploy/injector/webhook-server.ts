import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Identity, IdentityWatcher } from '../../runtime/identity.ts';
import { listen } from '../../runtime/listen.ts';
import type { Logger } from '../../runtime/logger.ts';
import { keepNewest } from '../../runtime/newest-connections.ts';
import { MalformedReview, review } from './admission.ts';
import type { InjectionSettings } from './config.ts';
import type { InjectorMetrics } from './metrics.ts';
import { RequestBodies } from './request-bodies.ts';

/** The API server waits 5 s: deploy/kubernetes/base/admission/webhook.yaml. */
const REQUEST_TIMEOUT_MS = 5_000;
/** How often Node looks whose time is over; by default each 30 s. */
const CHECK_INTERVAL_MS = 1_000;
/** An API server has one for each pod that it is asked to create at the moment. */
const MAX_CONNECTIONS = 200;

export interface WebhookServer {
  readonly port: number;
  /** Lets requests under way end. */
  close(): Promise<void>;
}

interface Parts {
  readonly settings: InjectionSettings;
  readonly identity: IdentityWatcher;
  readonly metrics: InjectorMetrics;
  readonly logger: Logger;
}

interface Serving extends Parts {
  readonly bodies: RequestBodies;
  /** Whether more requests are welcome. */
  readonly goesOn: () => boolean;
}

/**
 * Serves `POST /mutate` over TLS for Kubernetes' API server. A renewed certificate serves the connections that come
 * after it; the API server checked those that are open when it opened them.
 * @param address.port 0 picks a free one
 */
export async function startWebhookServer(
  parts: Parts,
  address: { readonly host: string; readonly port: number },
): Promise<WebhookServer> {
  const { identity } = parts;
  const server = createServer({
    ...tlsOptions(identity.current),
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
    handshakeTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
    keepAliveTimeout: 60_000,
    maxHeaderSize: 16_384,
  });
  keepNewest(server, MAX_CONNECTIONS);
  const bodies = new RequestBodies();
  const serving: Serving = { ...parts, bodies, goesOn: () => server.listening };
  server.on('request', (request, response) => void answer(request, response, serving));
  const stopFollowing = identity.listen({
    onReload: (next) => server.setSecureContext(tlsOptions(next)),
  });
  return {
    port: await listen(server, address),
    close: () => {
      stopFollowing();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
    },
  };
}

function tlsOptions({ cert, key }: Identity) {
  return { cert, key, minVersion: 'TLSv1.2' as const };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { settings, metrics, logger, bodies, goesOn }: Serving,
): Promise<void> {
  if (request.method !== 'POST' || request.url?.split('?')[0] !== '/mutate') {
    send(response, 404, { error: 'expected POST /mutate' });
    return;
  }
  const ended = metrics.reviewStarted();
  try {
    const { outcome, answer: reviewed } = review(await bodies.readJson(request), settings);
    ended(outcome);
    if (outcome === 'REFUSED') logger.info({ status: reviewed.response.status }, 'a pod was refused');
    send(response, 200, reviewed, goesOn());
  } catch (error) {
    const malformed = error instanceof MalformedReview;
    ended(malformed ? 'MALFORMED' : 'FAILED');
    logger.warn({ err: error }, 'a request could not be answered');
    send(response, malformed ? 400 : 500, { error: malformed ? error.message : 'internal error' });
  }
}

/** @param keep the connection; by default not: what was not read of a request must not be taken for the next one */
function send(response: ServerResponse, status: number, body: unknown, keep = false): void {
  const connection = keep ? 'keep-alive' : 'close';
  response.writeHead(status, { 'content-type': 'application/json', connection }).end(JSON.stringify(body));
}
