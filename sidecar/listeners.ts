import { chmod, lstat, mkdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import grpc from '@grpc/grpc-js';
import { CmkError } from '../core/errors.ts';

/** Owner and group: the sidecar and the service share a group. */
const SOCKET_MODE = 0o660;
const UNIX = 'unix:';

/** Where a sidecar answers, written as a client is told it: `unix:/path` or `127.0.0.1:7443`. */
export type BoundAddress = string;

/**
 * Binds the server to each address.
 * @throws CmkError CONFIG_INVALID for an address that cannot be had, e.g. because another process answers on it
 */
export async function listen(
  server: grpc.Server,
  addresses: readonly string[],
): Promise<readonly BoundAddress[]> {
  const bound: BoundAddress[] = [];
  for (const address of addresses) bound.push(await bind(server, address));
  return bound;
}

/** Removes the sockets' files; to be called when nothing listens any more. */
export async function removeSockets(bound: readonly BoundAddress[]): Promise<void> {
  for (const address of bound)
    if (address.startsWith(UNIX)) await rm(address.slice(UNIX.length), { force: true });
}

async function bind(server: grpc.Server, address: string): Promise<BoundAddress> {
  const path = address.startsWith(UNIX) ? address.slice(UNIX.length) : null;
  if (path !== null) await clearPath(path);
  const port = await bindAsync(server, address);
  if (path === null) return address.replace(/\d+$/, String(port));
  await chmod(path, SOCKET_MODE);
  return address;
}

function bindAsync(server: grpc.Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error, port) => {
      if (error)
        reject(new CmkError('CONFIG_INVALID', `CMK_LISTEN: cannot listen on ${address}`, { cause: error }));
      else resolve(port);
    });
  });
}

/** A process that was killed leaves its socket's file behind, and the file blocks the next one. */
async function clearPath(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o750 });
  const found = await lstat(path).catch(() => null);
  if (!found) return;
  if (!found.isSocket())
    throw new CmkError('CONFIG_INVALID', `CMK_LISTEN: ${path} exists and is not a socket`);
  if (await answers(path))
    throw new CmkError('CONFIG_INVALID', `CMK_LISTEN: another process answers on ${path}`);
  await rm(path, { force: true });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // Only a refusal proves that nobody is there; a full queue, say, proves the contrary.
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'));
  });
}
