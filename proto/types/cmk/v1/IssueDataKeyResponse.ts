// Original file: proto/cmk/v1/broker.proto

import type { DataKeyGrant as _cmk_v1_DataKeyGrant, DataKeyGrant__Output as _cmk_v1_DataKeyGrant__Output } from '../../cmk/v1/DataKeyGrant.ts';
import type { EncryptedDataKey as _cmk_v1_EncryptedDataKey, EncryptedDataKey__Output as _cmk_v1_EncryptedDataKey__Output } from '../../cmk/v1/EncryptedDataKey.ts';

export interface IssueDataKeyResponse {
  'grant'?: (_cmk_v1_DataKeyGrant | null);
  'encryptedDataKeys'?: (_cmk_v1_EncryptedDataKey)[];
}

export interface IssueDataKeyResponse__Output {
  'grant': (_cmk_v1_DataKeyGrant__Output | null);
  'encryptedDataKeys': (_cmk_v1_EncryptedDataKey__Output)[];
}
