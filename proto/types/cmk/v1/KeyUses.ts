// Original file: proto/cmk/v1/broker.proto

import type { Asset as _cmk_v1_Asset, Asset__Output as _cmk_v1_Asset__Output } from '../../cmk/v1/Asset.ts';
import type { Reason as _cmk_v1_Reason, Reason__Output as _cmk_v1_Reason__Output } from '../../cmk/v1/Reason.ts';
import type { UseOperation as _cmk_v1_UseOperation, UseOperation__Output as _cmk_v1_UseOperation__Output } from '../../cmk/v1/UseOperation.ts';
import type { Long } from '@grpc/proto-loader';

export interface KeyUses {
  'asset'?: (_cmk_v1_Asset | null);
  'dataKeyId'?: (string);
  'reason'?: (_cmk_v1_Reason);
  'operation'?: (_cmk_v1_UseOperation);
  'count'?: (number | string | Long);
  'firstAt'?: (number | string | Long);
  'lastAt'?: (number | string | Long);
}

export interface KeyUses__Output {
  'asset': (_cmk_v1_Asset__Output | null);
  'dataKeyId': (string);
  'reason': (_cmk_v1_Reason__Output);
  'operation': (_cmk_v1_UseOperation__Output);
  'count': (number);
  'firstAt': (number);
  'lastAt': (number);
}
