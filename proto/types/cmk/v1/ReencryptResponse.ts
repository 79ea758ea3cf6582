// Original file: proto/cmk/v1/sidecar.proto

import type { StreamStarted as _cmk_v1_StreamStarted, StreamStarted__Output as _cmk_v1_StreamStarted__Output } from '../../cmk/v1/StreamStarted.ts';

export interface ReencryptResponse {
  'started'?: (_cmk_v1_StreamStarted | null);
  'data'?: (Buffer | Uint8Array | string);
  'part'?: "started"|"data";
}

export interface ReencryptResponse__Output {
  'started'?: (_cmk_v1_StreamStarted__Output | null);
  'data'?: (Buffer);
  'part'?: "started"|"data";
}
