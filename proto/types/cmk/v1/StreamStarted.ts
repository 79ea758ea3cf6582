// Original file: proto/cmk/v1/sidecar.proto

import type { Protection as _cmk_v1_Protection, Protection__Output as _cmk_v1_Protection__Output } from '../../cmk/v1/Protection.ts';

export interface StreamStarted {
  'dataKeyId'?: (string);
  'protection'?: (_cmk_v1_Protection);
  'keyInUse'?: (string);
}

export interface StreamStarted__Output {
  'dataKeyId': (string);
  'protection': (_cmk_v1_Protection__Output);
  'keyInUse': (string);
}
