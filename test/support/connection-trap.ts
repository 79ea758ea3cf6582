import dns, { type LookupAddress } from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { createServer, isIP, Socket, type AddressInfo, type LookupFunction, type Server } from 'node:net';

interface Target {
  host?: string | undefined;
  port?: number | string | undefined;
  lookup?: LookupFunction | undefined;
}

type Connect = (...args: unknown[]) => Socket;

/**
 * Wherever this process connects to from now on, it ends up at a server here that counts, and names resolve to what
 * the test says. Guards that stand before connecting, such as an agent's own `lookup`, are asked as ever.
 */
export class ConnectionTrap {
  /** What every name resolves to. */
  addresses: readonly string[] = [];
  #connections = 0;
  #bytes = 0;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((socket) => {
      this.#connections += 1;
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        this.#bytes += data.length;
        socket.destroy();
      });
    });
  }

  get caught(): { readonly connections: number; readonly bytes: number } {
    return { connections: this.#connections, bytes: this.#bytes };
  }

  /** @returns sets everything right again */
  async spring(): Promise<() => Promise<void>> {
    await new Promise<void>((listening) => this.#server.listen(0, '127.0.0.1', listening));
    const { port } = this.#server.address() as AddressInfo;
    const { lookup } = dns;
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its socket below
    const connect = Socket.prototype.connect as Connect;
    dns.lookup = this.#resolve as unknown as typeof lookup;
    syncBuiltinESMExports();
    Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
      const target = (Array.isArray(args[0]) ? args[0][0] : args[0]) as Target;
      if (target.port !== undefined) divert(target, port);
      return connect.apply(this, args);
    };
    return async () => {
      dns.lookup = lookup;
      syncBuiltinESMExports();
      Socket.prototype.connect = connect;
      await new Promise((closed) => this.#server.close(closed));
    };
  }

  readonly #resolve = (
    _name: string,
    options: { all?: boolean },
    done: (error: null, address: string | LookupAddress[], family?: number) => void,
  ): void => {
    const found = this.addresses.map((address) => ({ address, family: isIP(address) }));
    const [first = { address: '', family: 0 }] = found;
    process.nextTick(() => {
      if (options.all) done(null, found);
      else done(null, first.address, first.family);
    });
  };
}

/** Changes where a connection leads, and lets its own lookup say first whether it may be made. */
function divert(target: Target, port: number): void {
  const guard = target.lookup ?? dns.lookup;
  target.port = port;
  if (isIP(target.host ?? '') !== 0) target.host = '127.0.0.1';
  target.lookup = (name, options, done) => {
    guard(name, options, (error) => {
      if (error) done(error, []);
      else if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }]);
      else done(null, '127.0.0.1', 4);
    });
  };
}
