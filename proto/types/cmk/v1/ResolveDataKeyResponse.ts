// Original file: proto/cmk/v1/broker.proto

import type { DataKeyGrant as _cmk_v1_DataKeyGrant, DataKeyGrant__Output as _cmk_v1_DataKeyGrant__Output } from '../../cmk/v1/DataKeyGrant.ts';

export interface ResolveDataKeyResponse {
  'grant'?: (_cmk_v1_DataKeyGrant | null);
}

export interface ResolveDataKeyResponse__Output {
  'grant': (_cmk_v1_DataKeyGrant__Output | null);
}
