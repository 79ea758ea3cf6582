// Original file: proto/cmk/v1/sidecar.proto

import type { Asset as _cmk_v1_Asset, Asset__Output as _cmk_v1_Asset__Output } from '../../cmk/v1/Asset.ts';

export interface DescribeAssetRequest {
  'asset'?: (_cmk_v1_Asset | null);
}

export interface DescribeAssetRequest__Output {
  'asset': (_cmk_v1_Asset__Output | null);
}
