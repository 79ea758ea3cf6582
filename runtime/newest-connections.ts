import type { Server, Socket } from 'node:net';

/**
 * Bounds a server's connections: one more than `max` ends the oldest. Node's own `maxConnections` ends the newest, so that
 * whoever opens enough of them and says nothing keeps the kubelet out, which then takes the process for dead.
 */
export function keepNewest(server: Server, max: number): void {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    if (open.size <= max) return;
    const [oldest] = open;
    if (!oldest) return;
    // It is told that it is closed only later.
    open.delete(oldest);
    oldest.destroy();
  });
}
