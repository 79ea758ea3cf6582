import type { ResolveRequest } from '../../broker/keys/resolve-data-key.ts';
import type { Store } from '../../broker/store/store.ts';
import type { Asset } from '../../core/asset.ts';
import { brokerDataKey } from '../../core/reference.ts';

/** What a sidecar asks for when it opens a file that was sealed for the asset. */
export async function resolveRequest(store: Store, asset: Asset): Promise<ResolveRequest> {
  const record = await store.findNewestDataKey(asset);
  if (!record) throw new Error('nothing was sealed for the asset');
  return {
    asset,
    reason: 'USER_ACCESS',
    dataKeyId: record.id,
    reference: brokerDataKey(record.id, record.generation).ciphertext,
    context: record.context,
  };
}
