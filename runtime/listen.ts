import type { AddressInfo, Server } from 'node:net';

/**
 * Lets a server listen.
 * @param address.port 0 picks a free one
 * @returns the port
 * @throws what listening throws, such as EADDRINUSE
 */
export async function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => resolve());
  });
  return (server.address() as AddressInfo).port;
}
