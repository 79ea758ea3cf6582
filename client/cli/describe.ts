import type { Protection } from '../types.ts';
import { printable, writePiece, type Io } from './io.ts';
import type { AssetOptions } from './program.ts';
import { assetOf, withClient } from './sidecar.ts';

const IN_WORDS: Record<Protection, string> = {
  CUSTOMER_KEY: 'the customer’s own key',
  FALLBACK_KEY: 'the provider’s key for now, because the customer’s could not be reached',
  PLATFORM_KEY: 'the provider’s key: this asset is not enrolled in CMK',
};

/** `cmk describe`. */
export async function describe(options: AssetOptions, json: boolean, io: Io): Promise<void> {
  const asset = assetOf(options);
  const description = await withClient(options, io, (client) =>
    client.describeAsset(asset, { signal: io.signal }),
  );
  const text = json
    ? JSON.stringify({ asset, ...description }, null, 2)
    : [
        `protection   ${description.protection}: ${IN_WORDS[description.protection]}`,
        `key in use   ${printable(description.keyInUse)}`,
        `data key     ${printable(description.dataKeyId)}`,
        `generation   ${description.generation}, made ${description.createdAt.toISOString()}`,
      ].join('\n');
  await writePiece(io.stdout, `${text}\n`, io.signal);
}
