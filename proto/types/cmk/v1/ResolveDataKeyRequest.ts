// Original file: proto/cmk/v1/broker.proto

import type { Asset as _cmk_v1_Asset, Asset__Output as _cmk_v1_Asset__Output } from '../../cmk/v1/Asset.ts';
import type { Reason as _cmk_v1_Reason, Reason__Output as _cmk_v1_Reason__Output } from '../../cmk/v1/Reason.ts';
import type { Long } from '@grpc/proto-loader';

export interface ResolveDataKeyRequest {
  'asset'?: (_cmk_v1_Asset | null);
  'reason'?: (_cmk_v1_Reason);
  'dataKeyId'?: (string);
  'reference'?: (Buffer | Uint8Array | string);
  'encryptionContext'?: ({[key: string]: string});
  'knownPosition'?: (number | string | Long);
  'instanceId'?: (string);
  'sealing'?: (boolean);
}

export interface ResolveDataKeyRequest__Output {
  'asset': (_cmk_v1_Asset__Output | null);
  'reason': (_cmk_v1_Reason__Output);
  'dataKeyId': (string);
  'reference': (Buffer);
  'encryptionContext': ({[key: string]: string});
  'knownPosition': (number);
  'instanceId': (string);
  'sealing': (boolean);
}
