import type { Asset } from './asset.ts';

/** Non-secret pairs that a key use is bound to; authenticated by the KMS and by every sealed file. */
export type EncryptionContext = Readonly<Record<string, string>>;

/**
 * The context of an asset's data key: `acct, srvId, type, id, timestamp`. It stands in plain text in the
 * customer's KMS log.
 * @param timestampSeconds UNIX time of the data key's making, whole seconds
 */
export function assetContext(asset: Asset, timestampSeconds: number): EncryptionContext {
  return {
    acct: asset.account,
    srvId: asset.srvId,
    type: asset.type,
    id: asset.id,
    timestamp: String(timestampSeconds),
  };
}

/** Whether a context was made by {@link assetContext} for this very asset, at whatever time. */
export function isContextOf(context: EncryptionContext, asset: Asset): boolean {
  return (
    Object.keys(context).length === 5 &&
    context['acct'] === asset.account &&
    context['srvId'] === asset.srvId &&
    context['type'] === asset.type &&
    context['id'] === asset.id &&
    /^\d{1,12}$/.test(context['timestamp'] ?? '')
  );
}
