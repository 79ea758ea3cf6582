// Original file: proto/cmk/v1/sidecar.proto

import type { Reencryption as _cmk_v1_Reencryption, Reencryption__Output as _cmk_v1_Reencryption__Output } from '../../cmk/v1/Reencryption.ts';

export interface ListReencryptionResponse {
  'reencryptions'?: (_cmk_v1_Reencryption)[];
  'next'?: (string);
}

export interface ListReencryptionResponse__Output {
  'reencryptions': (_cmk_v1_Reencryption__Output)[];
  'next': (string);
}
