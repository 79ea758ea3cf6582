import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface LoopbackOptions {
  /** 0: any; kept over {@link LoopbackServer.stop} and {@link LoopbackServer.start}. */
  readonly port: number;
  /** Speak TLS with this certificate; absent: plain HTTP. */
  readonly tls?: { readonly certPem: string; readonly keyPem: string } | undefined;
  /** How {@link LoopbackServer.url} names the host. Default: 127.0.0.1 */
  readonly host?: string;
}

/** An HTTP server on 127.0.0.1 that can go away and come back at the same port. */
export class LoopbackServer {
  readonly #options: LoopbackOptions;
  readonly #listener: RequestListener;
  #port: number;
  #server: Server | null = null;

  constructor(listener: RequestListener, options: LoopbackOptions) {
    this.#listener = listener;
    this.#options = options;
    this.#port = options.port;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    const { tls, host = '127.0.0.1' } = this.#options;
    return `${tls ? 'https' : 'http'}://${host}:${this.#port}`;
  }

  async start(): Promise<void> {
    if (this.#server) return;
    const { tls } = this.#options;
    const server = tls
      ? createTlsServer({ cert: tls.certPem, key: tls.keyPem }, this.#listener)
      : createServer(this.#listener);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Connections end and new ones are refused until it is started again. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  /** How many are open. */
  async connections(): Promise<number> {
    const server = this.#server;
    if (!server) return 0;
    return new Promise((resolve, reject) =>
      server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    );
  }
}
