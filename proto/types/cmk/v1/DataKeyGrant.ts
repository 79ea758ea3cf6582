// Original file: proto/cmk/v1/broker.proto

import type { Protection as _cmk_v1_Protection, Protection__Output as _cmk_v1_Protection__Output } from '../../cmk/v1/Protection.ts';
import type { Long } from '@grpc/proto-loader';

export interface DataKeyGrant {
  'dataKeyId'?: (string);
  'plaintextKey'?: (Buffer | Uint8Array | string);
  'protection'?: (_cmk_v1_Protection);
  'keyId'?: (string);
  'keyInUse'?: (string);
  'encryptionContext'?: ({[key: string]: string});
  'leaseMs'?: (number);
  'position'?: (number | string | Long);
}

export interface DataKeyGrant__Output {
  'dataKeyId': (string);
  'plaintextKey': (Buffer);
  'protection': (_cmk_v1_Protection__Output);
  'keyId': (string);
  'keyInUse': (string);
  'encryptionContext': ({[key: string]: string});
  'leaseMs': (number);
  'position': (number);
}
