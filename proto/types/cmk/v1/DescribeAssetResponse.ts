// Original file: proto/cmk/v1/sidecar.proto

import type { Protection as _cmk_v1_Protection, Protection__Output as _cmk_v1_Protection__Output } from '../../cmk/v1/Protection.ts';
import type { Long } from '@grpc/proto-loader';

export interface DescribeAssetResponse {
  'dataKeyId'?: (string);
  'protection'?: (_cmk_v1_Protection);
  'keyInUse'?: (string);
  'generation'?: (number);
  'createdAt'?: (number | string | Long);
}

export interface DescribeAssetResponse__Output {
  'dataKeyId': (string);
  'protection': (_cmk_v1_Protection__Output);
  'keyInUse': (string);
  'generation': (number);
  'createdAt': (number);
}
