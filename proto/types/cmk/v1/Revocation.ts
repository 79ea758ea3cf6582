// Original file: proto/cmk/v1/broker.proto

import type { Long } from '@grpc/proto-loader';

export interface Revocation {
  'position'?: (number | string | Long);
  'keyId'?: (string);
  'reason'?: (string);
}

export interface Revocation__Output {
  'position': (number);
  'keyId': (string);
  'reason': (string);
}
