import { createServer, type Server, Socket } from 'node:net';

/** Stands between a client and a server, and can fall silent as a broken network does: nothing arrives, nothing ends. */
export class StallableProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #stalled = false;

  private constructor(targetPort: number) {
    this.#server = createServer((client) => this.#serve(client, targetPort));
  }

  static async start(targetPort: number): Promise<StallableProxy> {
    const proxy = new StallableProxy(targetPort);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  /** From now on connections are still accepted, but not a byte passes. */
  stall(): void {
    this.#stalled = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** New connections pass again; those that were stalled are dead for good. */
  heal(): void {
    this.#stalled = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.heal();
    this.#server.close();
  }

  #serve(client: Socket, targetPort: number): void {
    const target = new Socket();
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (bytes) => to.write(bytes));
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
    target.connect(targetPort, '127.0.0.1');
    if (this.#stalled) for (const socket of [client, target]) socket.pause();
  }
}
