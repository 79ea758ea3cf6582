// Original file: proto/cmk/v1/sidecar.proto

import type { Asset as _cmk_v1_Asset, Asset__Output as _cmk_v1_Asset__Output } from '../../cmk/v1/Asset.ts';

export interface CompleteReencryptionRequest {
  'asset'?: (_cmk_v1_Asset | null);
  'dataKeyId'?: (string);
}

export interface CompleteReencryptionRequest__Output {
  'asset': (_cmk_v1_Asset__Output | null);
  'dataKeyId': (string);
}
