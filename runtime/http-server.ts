import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

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
  const server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000, maxHeaderSize: 8_192 });
  server.maxConnections = 100;
  server.on('request', (request, response) => {
    // A scrape is the only work here that can fail.
    answer(request, response, options).catch(() =>
      end(response, 500, 'the metrics could not be collected\n'),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, options.host, () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { registry, isReady }: { registry: Registry; isReady: () => boolean },
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return end(response, 405, 'expected GET\n');
  }
  switch (request.url?.split('?')[0]) {
    case '/live':
      return end(response, 200, 'live\n');
    case '/ready':
      return isReady() ? end(response, 200, 'ready\n') : end(response, 503, 'not ready\n');
    case '/metrics':
      return end(response, 200, await registry.metrics(), registry.contentType);
    default:
      return end(response, 404, 'expected /live, /ready or /metrics\n');
  }
}

function end(
  response: ServerResponse,
  status: number,
  body: string,
  type = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}
