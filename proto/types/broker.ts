import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Asset as _cmk_v1_Asset, Asset__Output as _cmk_v1_Asset__Output } from './cmk/v1/Asset.ts';
import type { CompleteReencryptionRequest as _cmk_v1_CompleteReencryptionRequest, CompleteReencryptionRequest__Output as _cmk_v1_CompleteReencryptionRequest__Output } from './cmk/v1/CompleteReencryptionRequest.ts';
import type { CompleteReencryptionResponse as _cmk_v1_CompleteReencryptionResponse, CompleteReencryptionResponse__Output as _cmk_v1_CompleteReencryptionResponse__Output } from './cmk/v1/CompleteReencryptionResponse.ts';
import type { DataKeyGrant as _cmk_v1_DataKeyGrant, DataKeyGrant__Output as _cmk_v1_DataKeyGrant__Output } from './cmk/v1/DataKeyGrant.ts';
import type { DecryptRequest as _cmk_v1_DecryptRequest, DecryptRequest__Output as _cmk_v1_DecryptRequest__Output } from './cmk/v1/DecryptRequest.ts';
import type { DecryptResponse as _cmk_v1_DecryptResponse, DecryptResponse__Output as _cmk_v1_DecryptResponse__Output } from './cmk/v1/DecryptResponse.ts';
import type { DescribeAssetRequest as _cmk_v1_DescribeAssetRequest, DescribeAssetRequest__Output as _cmk_v1_DescribeAssetRequest__Output } from './cmk/v1/DescribeAssetRequest.ts';
import type { DescribeAssetResponse as _cmk_v1_DescribeAssetResponse, DescribeAssetResponse__Output as _cmk_v1_DescribeAssetResponse__Output } from './cmk/v1/DescribeAssetResponse.ts';
import type { EncryptRequest as _cmk_v1_EncryptRequest, EncryptRequest__Output as _cmk_v1_EncryptRequest__Output } from './cmk/v1/EncryptRequest.ts';
import type { EncryptResponse as _cmk_v1_EncryptResponse, EncryptResponse__Output as _cmk_v1_EncryptResponse__Output } from './cmk/v1/EncryptResponse.ts';
import type { EncryptedDataKey as _cmk_v1_EncryptedDataKey, EncryptedDataKey__Output as _cmk_v1_EncryptedDataKey__Output } from './cmk/v1/EncryptedDataKey.ts';
import type { IssueDataKeyRequest as _cmk_v1_IssueDataKeyRequest, IssueDataKeyRequest__Output as _cmk_v1_IssueDataKeyRequest__Output } from './cmk/v1/IssueDataKeyRequest.ts';
import type { IssueDataKeyResponse as _cmk_v1_IssueDataKeyResponse, IssueDataKeyResponse__Output as _cmk_v1_IssueDataKeyResponse__Output } from './cmk/v1/IssueDataKeyResponse.ts';
import type { KeyBrokerClient as _cmk_v1_KeyBrokerClient, KeyBrokerDefinition as _cmk_v1_KeyBrokerDefinition } from './cmk/v1/KeyBroker.ts';
import type { KeyUses as _cmk_v1_KeyUses, KeyUses__Output as _cmk_v1_KeyUses__Output } from './cmk/v1/KeyUses.ts';
import type { ListReencryptionRequest as _cmk_v1_ListReencryptionRequest, ListReencryptionRequest__Output as _cmk_v1_ListReencryptionRequest__Output } from './cmk/v1/ListReencryptionRequest.ts';
import type { ListReencryptionResponse as _cmk_v1_ListReencryptionResponse, ListReencryptionResponse__Output as _cmk_v1_ListReencryptionResponse__Output } from './cmk/v1/ListReencryptionResponse.ts';
import type { LostUses as _cmk_v1_LostUses, LostUses__Output as _cmk_v1_LostUses__Output } from './cmk/v1/LostUses.ts';
import type { ReencryptRequest as _cmk_v1_ReencryptRequest, ReencryptRequest__Output as _cmk_v1_ReencryptRequest__Output } from './cmk/v1/ReencryptRequest.ts';
import type { ReencryptResponse as _cmk_v1_ReencryptResponse, ReencryptResponse__Output as _cmk_v1_ReencryptResponse__Output } from './cmk/v1/ReencryptResponse.ts';
import type { Reencryption as _cmk_v1_Reencryption, Reencryption__Output as _cmk_v1_Reencryption__Output } from './cmk/v1/Reencryption.ts';
import type { ReportUsesRequest as _cmk_v1_ReportUsesRequest, ReportUsesRequest__Output as _cmk_v1_ReportUsesRequest__Output } from './cmk/v1/ReportUsesRequest.ts';
import type { ReportUsesResponse as _cmk_v1_ReportUsesResponse, ReportUsesResponse__Output as _cmk_v1_ReportUsesResponse__Output } from './cmk/v1/ReportUsesResponse.ts';
import type { ResolveDataKeyRequest as _cmk_v1_ResolveDataKeyRequest, ResolveDataKeyRequest__Output as _cmk_v1_ResolveDataKeyRequest__Output } from './cmk/v1/ResolveDataKeyRequest.ts';
import type { ResolveDataKeyResponse as _cmk_v1_ResolveDataKeyResponse, ResolveDataKeyResponse__Output as _cmk_v1_ResolveDataKeyResponse__Output } from './cmk/v1/ResolveDataKeyResponse.ts';
import type { Revocation as _cmk_v1_Revocation, Revocation__Output as _cmk_v1_Revocation__Output } from './cmk/v1/Revocation.ts';
import type { SidecarClient as _cmk_v1_SidecarClient, SidecarDefinition as _cmk_v1_SidecarDefinition } from './cmk/v1/Sidecar.ts';
import type { StreamStart as _cmk_v1_StreamStart, StreamStart__Output as _cmk_v1_StreamStart__Output } from './cmk/v1/StreamStart.ts';
import type { StreamStarted as _cmk_v1_StreamStarted, StreamStarted__Output as _cmk_v1_StreamStarted__Output } from './cmk/v1/StreamStarted.ts';
import type { WatchRevocationsRequest as _cmk_v1_WatchRevocationsRequest, WatchRevocationsRequest__Output as _cmk_v1_WatchRevocationsRequest__Output } from './cmk/v1/WatchRevocationsRequest.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  cmk: {
    v1: {
      Asset: MessageTypeDefinition<_cmk_v1_Asset, _cmk_v1_Asset__Output>
      CompleteReencryptionRequest: MessageTypeDefinition<_cmk_v1_CompleteReencryptionRequest, _cmk_v1_CompleteReencryptionRequest__Output>
      CompleteReencryptionResponse: MessageTypeDefinition<_cmk_v1_CompleteReencryptionResponse, _cmk_v1_CompleteReencryptionResponse__Output>
      DataKeyGrant: MessageTypeDefinition<_cmk_v1_DataKeyGrant, _cmk_v1_DataKeyGrant__Output>
      DecryptRequest: MessageTypeDefinition<_cmk_v1_DecryptRequest, _cmk_v1_DecryptRequest__Output>
      DecryptResponse: MessageTypeDefinition<_cmk_v1_DecryptResponse, _cmk_v1_DecryptResponse__Output>
      DescribeAssetRequest: MessageTypeDefinition<_cmk_v1_DescribeAssetRequest, _cmk_v1_DescribeAssetRequest__Output>
      DescribeAssetResponse: MessageTypeDefinition<_cmk_v1_DescribeAssetResponse, _cmk_v1_DescribeAssetResponse__Output>
      EncryptRequest: MessageTypeDefinition<_cmk_v1_EncryptRequest, _cmk_v1_EncryptRequest__Output>
      EncryptResponse: MessageTypeDefinition<_cmk_v1_EncryptResponse, _cmk_v1_EncryptResponse__Output>
      EncryptedDataKey: MessageTypeDefinition<_cmk_v1_EncryptedDataKey, _cmk_v1_EncryptedDataKey__Output>
      IssueDataKeyRequest: MessageTypeDefinition<_cmk_v1_IssueDataKeyRequest, _cmk_v1_IssueDataKeyRequest__Output>
      IssueDataKeyResponse: MessageTypeDefinition<_cmk_v1_IssueDataKeyResponse, _cmk_v1_IssueDataKeyResponse__Output>
      KeyBroker: SubtypeConstructor<typeof grpc.Client, _cmk_v1_KeyBrokerClient> & { service: _cmk_v1_KeyBrokerDefinition }
      KeyUses: MessageTypeDefinition<_cmk_v1_KeyUses, _cmk_v1_KeyUses__Output>
      ListReencryptionRequest: MessageTypeDefinition<_cmk_v1_ListReencryptionRequest, _cmk_v1_ListReencryptionRequest__Output>
      ListReencryptionResponse: MessageTypeDefinition<_cmk_v1_ListReencryptionResponse, _cmk_v1_ListReencryptionResponse__Output>
      LostUses: MessageTypeDefinition<_cmk_v1_LostUses, _cmk_v1_LostUses__Output>
      Protection: EnumTypeDefinition
      Reason: EnumTypeDefinition
      ReencryptRequest: MessageTypeDefinition<_cmk_v1_ReencryptRequest, _cmk_v1_ReencryptRequest__Output>
      ReencryptResponse: MessageTypeDefinition<_cmk_v1_ReencryptResponse, _cmk_v1_ReencryptResponse__Output>
      Reencryption: MessageTypeDefinition<_cmk_v1_Reencryption, _cmk_v1_Reencryption__Output>
      ReportUsesRequest: MessageTypeDefinition<_cmk_v1_ReportUsesRequest, _cmk_v1_ReportUsesRequest__Output>
      ReportUsesResponse: MessageTypeDefinition<_cmk_v1_ReportUsesResponse, _cmk_v1_ReportUsesResponse__Output>
      ResolveDataKeyRequest: MessageTypeDefinition<_cmk_v1_ResolveDataKeyRequest, _cmk_v1_ResolveDataKeyRequest__Output>
      ResolveDataKeyResponse: MessageTypeDefinition<_cmk_v1_ResolveDataKeyResponse, _cmk_v1_ResolveDataKeyResponse__Output>
      Revocation: MessageTypeDefinition<_cmk_v1_Revocation, _cmk_v1_Revocation__Output>
      Sidecar: SubtypeConstructor<typeof grpc.Client, _cmk_v1_SidecarClient> & { service: _cmk_v1_SidecarDefinition }
      StreamStart: MessageTypeDefinition<_cmk_v1_StreamStart, _cmk_v1_StreamStart__Output>
      StreamStarted: MessageTypeDefinition<_cmk_v1_StreamStarted, _cmk_v1_StreamStarted__Output>
      UseOperation: EnumTypeDefinition
      WatchRevocationsRequest: MessageTypeDefinition<_cmk_v1_WatchRevocationsRequest, _cmk_v1_WatchRevocationsRequest__Output>
    }
  }
}

