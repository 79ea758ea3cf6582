// Original file: proto/cmk/v1/broker.proto

import type { Long } from '@grpc/proto-loader';

export interface WatchRevocationsRequest {
  'position'?: (number | string | Long);
}

export interface WatchRevocationsRequest__Output {
  'position': (number);
}
