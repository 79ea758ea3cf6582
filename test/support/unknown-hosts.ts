import dns, { type LookupAddress } from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';

type Callback = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

/** From here on the name service of this process knows no host at all, and says so at once. */
export function forgetEveryHost(): void {
  const lookup = (hostname: string, options: unknown, callback = options as Callback): void => {
    const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), {
      code: 'ENOTFOUND',
      syscall: 'getaddrinfo',
      hostname,
    });
    process.nextTick(() => callback(error, []));
  };
  Object.assign(dns, { lookup });
  syncBuiltinESMExports();
}
