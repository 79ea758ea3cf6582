import { CmkError } from '../core/errors.ts';

/** Where a sidecar listens unless told otherwise. */
export const DEFAULT_ADDRESS = 'unix:/run/cmk/sidecar.sock';

/** The variable that names the sidecar's address. */
export const ADDRESS_VARIABLE = 'CMK_SIDECAR';

/** The address in `CMK_SIDECAR`, or {@link DEFAULT_ADDRESS}. Empty counts as unset. */
export function addressFromEnvironment(env: NodeJS.ProcessEnv = process.env): string {
  const address = env[ADDRESS_VARIABLE];
  return address === undefined || address === '' ? DEFAULT_ADDRESS : address;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]):(\d{1,5})$/;

/**
 * The gRPC target of a sidecar's address: `unix:PATH`, an absolute path, or `HOST:PORT` on the loopback interface.
 * Nothing else: plaintext travels this way, unencrypted, and must not leave the pod.
 * @throws CmkError INVALID_ARGUMENT
 */
export function grpcTarget(address: string): string {
  if (address.startsWith('/')) return `unix:${address}`;
  if (/^unix:.+/.test(address)) return address;
  const port = Number(LOOPBACK.exec(address)?.[1]);
  if (port >= 1 && port <= 65_535) return address;
  throw new CmkError(
    'INVALID_ARGUMENT',
    `sidecar address: expected unix:PATH, /PATH or localhost:PORT, got ${JSON.stringify(address)}`,
    { metadata: { field: 'address' } },
  );
}
