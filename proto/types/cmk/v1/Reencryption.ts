// Original file: proto/cmk/v1/sidecar.proto

import type { Asset as _cmk_v1_Asset, Asset__Output as _cmk_v1_Asset__Output } from '../../cmk/v1/Asset.ts';
import type { Long } from '@grpc/proto-loader';

export interface Reencryption {
  'asset'?: (_cmk_v1_Asset | null);
  'dataKeyId'?: (string);
  'since'?: (number | string | Long);
  'readyInMs'?: (number);
}

export interface Reencryption__Output {
  'asset': (_cmk_v1_Asset__Output | null);
  'dataKeyId': (string);
  'since': (number);
  'readyInMs': (number);
}
