import type { AssetType } from '../../api/types.ts';

/** The address of an asset's page. Its id may hold anything. */
export function assetPath(account: string, { srvId, type, id }: AssetType & { readonly id: string }): string {
  return `/accounts/${account}/assets/${srvId}/${type}/${encodeURIComponent(id)}`;
}
