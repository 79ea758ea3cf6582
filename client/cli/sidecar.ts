import type { Asset } from '../../core/asset.ts';
import { addressFromEnvironment } from '../address.ts';
import { CmkClient } from '../client.ts';
import type { Io } from './io.ts';
import type { AssetOptions } from './program.ts';

/** Gives an action a client for the sidecar that the command line names, and closes it afterwards. */
export async function withClient<T>(
  options: Pick<AssetOptions, 'sidecar'>,
  io: Io,
  action: (client: CmkClient) => Promise<T>,
): Promise<T> {
  const client = new CmkClient({ address: options.sidecar ?? addressFromEnvironment(io.env) });
  try {
    return await action(client);
  } finally {
    client.close();
  }
}

export function assetOf(options: AssetOptions): Asset {
  return { account: options.account, srvId: options.service, type: options.type, id: options.id };
}
