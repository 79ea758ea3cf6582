import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { listen } from './listen.ts';
import { keepNewest } from './newest-connections.ts';

const MAX_CONNECTIONS = 100;

/** A running status server. */
export interface StatusServer {
  /** The bound port. */
  readonly port: number;
  /** Ends open connections too. */
  close(): Promise<void>;
}

/**
 * Serves `/live`, `/ready` and `/metrics` over plain HTTP, for the kubelet and Prometheus, which can neither present
 * a client certificate nor speak over a unix socket. Nothing here is secret.
 * @param options.port 0 picks a free one
 * @param options.isReady whether new work is welcome; `/live` answers as long as the event loop turns
 */
export async function startStatusServer(options: {
  host: string;
  port: number;
  registry: Registry;
  isReady: () => boolean;
}): Promise<StatusServer> {
  const server = createServer({
    requestTimeout: 5_000,
    headersTimeout: 5_000,
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: 8_192,
  });
  keepNewest(server, MAX_CONNECTIONS);
  server.on('request', (request, response) => {
    void answer(request, response, options);
  });
  return {
    port: await listen(server, options),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  source: { registry: Registry; isReady: () => boolean },
): Promise<void> {
  const { status, body, type = 'text/plain; charset=utf-8' } = await answerTo(request, source);
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}

async function answerTo(
  { method, url }: IncomingMessage,
  { registry, isReady }: { registry: Registry; isReady: () => boolean },
): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: 'expected GET\n' };
  switch (url?.split('?')[0] ?? '') {
    case '/live':
      return { status: 200, body: 'live\n' };
    case '/ready':
      return isReady() ? { status: 200, body: 'ready\n' } : { status: 503, body: 'not ready\n' };
    case '/metrics':
      return metrics(registry);
    default:
      return { status: 404, body: 'expected /live, /ready or /metrics\n' };
  }
}

async function metrics(registry: Registry): Promise<Answer> {
  try {
    return { status: 200, body: await registry.metrics(), type: registry.contentType };
  } catch {
    // One gauge whose collector throws takes the page down; the others' answers must not hang on it.
    return { status: 500, body: 'the metrics could not be collected\n' };
  }
}
