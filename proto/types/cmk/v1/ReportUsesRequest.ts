// Original file: proto/cmk/v1/broker.proto

import type { KeyUses as _cmk_v1_KeyUses, KeyUses__Output as _cmk_v1_KeyUses__Output } from '../../cmk/v1/KeyUses.ts';
import type { LostUses as _cmk_v1_LostUses, LostUses__Output as _cmk_v1_LostUses__Output } from '../../cmk/v1/LostUses.ts';
import type { Long } from '@grpc/proto-loader';

export interface ReportUsesRequest {
  'instanceId'?: (string);
  'sequence'?: (number | string | Long);
  'uses'?: (_cmk_v1_KeyUses)[];
  'lost'?: (_cmk_v1_LostUses)[];
  'ageMs'?: (number);
  'complete'?: (boolean);
  'intervalMs'?: (number);
  'final'?: (boolean);
}

export interface ReportUsesRequest__Output {
  'instanceId': (string);
  'sequence': (number);
  'uses': (_cmk_v1_KeyUses__Output)[];
  'lost': (_cmk_v1_LostUses__Output)[];
  'ageMs': (number);
  'complete': (boolean);
  'intervalMs': (number);
  'final': (boolean);
}
