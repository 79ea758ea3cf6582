import { checkAsset, type Asset } from '../core/asset.ts';
import type { Asset as WireAsset } from '../proto/types/cmk/v1/Asset.ts';
import type { DescribeAssetResponse__Output } from '../proto/types/cmk/v1/DescribeAssetResponse.ts';
import type { ListReencryptionResponse__Output } from '../proto/types/cmk/v1/ListReencryptionResponse.ts';
import type { Protection__Output } from '../proto/types/cmk/v1/Protection.ts';
import type { Reencryption__Output } from '../proto/types/cmk/v1/Reencryption.ts';
import type { StreamStarted__Output } from '../proto/types/cmk/v1/StreamStarted.ts';
import { contractError } from './errors.ts';
import type { AssetDescription, Protection, Reencryption, ReencryptionPage, StreamStarted } from './types.ts';

/** Between the contract's messages and the library's types. */

export function toWireAsset(asset: Asset): WireAsset {
  return { account: asset.account, srvId: asset.srvId, type: asset.type, id: asset.id };
}

export function fromWireStarted(started: StreamStarted__Output): StreamStarted {
  return {
    dataKeyId: started.dataKeyId,
    protection: fromWireProtection(started.protection),
    keyInUse: started.keyInUse,
  };
}

export function fromWireDescription(description: DescribeAssetResponse__Output): AssetDescription {
  return {
    dataKeyId: description.dataKeyId,
    protection: fromWireProtection(description.protection),
    keyInUse: description.keyInUse,
    generation: description.generation,
    createdAt: new Date(description.createdAt * 1000),
  };
}

/** @throws CmkError INTERNAL for an answer that breaks the contract */
export function fromWireReencryptions({
  reencryptions,
  next,
}: ListReencryptionResponse__Output): ReencryptionPage {
  return { reencryptions: reencryptions.map(fromWireReencryption), next: next === '' ? undefined : next };
}

function fromWireReencryption({ asset, dataKeyId, since, readyInMs }: Reencryption__Output): Reencryption {
  if (!asset) throw contractError('a re-encryption without an asset');
  return { asset: checkAsset(asset), dataKeyId, since: new Date(since), readyInMs };
}

function fromWireProtection(protection: Protection__Output): Protection {
  switch (protection) {
    case 'PROTECTION_CUSTOMER_KEY':
      return 'CUSTOMER_KEY';
    case 'PROTECTION_FALLBACK_KEY':
      return 'FALLBACK_KEY';
    case 'PROTECTION_PLATFORM_KEY':
      return 'PLATFORM_KEY';
    case 'PROTECTION_UNSPECIFIED':
    default:
      throw contractError('it told no known protection');
  }
}
