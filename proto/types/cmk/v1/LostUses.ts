// Original file: proto/cmk/v1/broker.proto

import type { Long } from '@grpc/proto-loader';

export interface LostUses {
  'account'?: (string);
  'srvId'?: (string);
  'count'?: (number | string | Long);
  'firstAt'?: (number | string | Long);
  'lastAt'?: (number | string | Long);
}

export interface LostUses__Output {
  'account': (string);
  'srvId': (string);
  'count': (number);
  'firstAt': (number);
  'lastAt': (number);
}
