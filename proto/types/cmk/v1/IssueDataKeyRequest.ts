// Original file: proto/cmk/v1/broker.proto

import type { Asset as _cmk_v1_Asset, Asset__Output as _cmk_v1_Asset__Output } from '../../cmk/v1/Asset.ts';
import type { Reason as _cmk_v1_Reason, Reason__Output as _cmk_v1_Reason__Output } from '../../cmk/v1/Reason.ts';
import type { Long } from '@grpc/proto-loader';

export interface IssueDataKeyRequest {
  'asset'?: (_cmk_v1_Asset | null);
  'owner'?: (string);
  'reason'?: (_cmk_v1_Reason);
  'knownPosition'?: (number | string | Long);
  'instanceId'?: (string);
  'reencryption'?: (boolean);
}

export interface IssueDataKeyRequest__Output {
  'asset': (_cmk_v1_Asset__Output | null);
  'owner': (string);
  'reason': (_cmk_v1_Reason__Output);
  'knownPosition': (number);
  'instanceId': (string);
  'reencryption': (boolean);
}
