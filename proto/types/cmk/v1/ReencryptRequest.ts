// Original file: proto/cmk/v1/sidecar.proto

import type { StreamStart as _cmk_v1_StreamStart, StreamStart__Output as _cmk_v1_StreamStart__Output } from '../../cmk/v1/StreamStart.ts';

export interface ReencryptRequest {
  'start'?: (_cmk_v1_StreamStart | null);
  'data'?: (Buffer | Uint8Array | string);
  'part'?: "start"|"data";
}

export interface ReencryptRequest__Output {
  'start'?: (_cmk_v1_StreamStart__Output | null);
  'data'?: (Buffer);
  'part'?: "start"|"data";
}
