import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Asset as _cmk_v1_Asset, Asset__Output as _cmk_v1_Asset__Output } from './cmk/v1/Asset.ts';
import type { CompleteReencryptionRequest as _cmk_v1_CompleteReencryptionRequest, CompleteReencryptionRequest__Output as _cmk_v1_CompleteReencryptionRequest__Output } from './cmk/v1/CompleteReencryptionRequest.ts';
import type { CompleteReencryptionResponse as _cmk_v1_CompleteReencryptionResponse, CompleteReencryptionResponse__Output as _cmk_v1_CompleteReencryptionResponse__Output } from './cmk/v1/CompleteReencryptionResponse.ts';
import type { DecryptRequest as _cmk_v1_DecryptRequest, DecryptRequest__Output as _cmk_v1_DecryptRequest__Output } from './cmk/v1/DecryptRequest.ts';
import type { DecryptResponse as _cmk_v1_DecryptResponse, DecryptResponse__Output as _cmk_v1_DecryptResponse__Output } from './cmk/v1/DecryptResponse.ts';
import type { DescribeAssetRequest as _cmk_v1_DescribeAssetRequest, DescribeAssetRequest__Output as _cmk_v1_DescribeAssetRequest__Output } from './cmk/v1/DescribeAssetRequest.ts';
import type { DescribeAssetResponse as _cmk_v1_DescribeAssetResponse, DescribeAssetResponse__Output as _cmk_v1_DescribeAssetResponse__Output } from './cmk/v1/DescribeAssetResponse.ts';
import type { EncryptRequest as _cmk_v1_EncryptRequest, EncryptRequest__Output as _cmk_v1_EncryptRequest__Output } from './cmk/v1/EncryptRequest.ts';
import type { EncryptResponse as _cmk_v1_EncryptResponse, EncryptResponse__Output as _cmk_v1_EncryptResponse__Output } from './cmk/v1/EncryptResponse.ts';
import type { ListReencryptionRequest as _cmk_v1_ListReencryptionRequest, ListReencryptionRequest__Output as _cmk_v1_ListReencryptionRequest__Output } from './cmk/v1/ListReencryptionRequest.ts';
import type { ListReencryptionResponse as _cmk_v1_ListReencryptionResponse, ListReencryptionResponse__Output as _cmk_v1_ListReencryptionResponse__Output } from './cmk/v1/ListReencryptionResponse.ts';
import type { ReencryptRequest as _cmk_v1_ReencryptRequest, ReencryptRequest__Output as _cmk_v1_ReencryptRequest__Output } from './cmk/v1/ReencryptRequest.ts';
import type { ReencryptResponse as _cmk_v1_ReencryptResponse, ReencryptResponse__Output as _cmk_v1_ReencryptResponse__Output } from './cmk/v1/ReencryptResponse.ts';
import type { Reencryption as _cmk_v1_Reencryption, Reencryption__Output as _cmk_v1_Reencryption__Output } from './cmk/v1/Reencryption.ts';
import type { SidecarClient as _cmk_v1_SidecarClient, SidecarDefinition as _cmk_v1_SidecarDefinition } from './cmk/v1/Sidecar.ts';
import type { StreamStart as _cmk_v1_StreamStart, StreamStart__Output as _cmk_v1_StreamStart__Output } from './cmk/v1/StreamStart.ts';
import type { StreamStarted as _cmk_v1_StreamStarted, StreamStarted__Output as _cmk_v1_StreamStarted__Output } from './cmk/v1/StreamStarted.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  cmk: {
    v1: {
      Asset: MessageTypeDefinition<_cmk_v1_Asset, _cmk_v1_Asset__Output>
      CompleteReencryptionRequest: MessageTypeDefinition<_cmk_v1_CompleteReencryptionRequest, _cmk_v1_CompleteReencryptionRequest__Output>
      CompleteReencryptionResponse: MessageTypeDefinition<_cmk_v1_CompleteReencryptionResponse, _cmk_v1_CompleteReencryptionResponse__Output>
      DecryptRequest: MessageTypeDefinition<_cmk_v1_DecryptRequest, _cmk_v1_DecryptRequest__Output>
      DecryptResponse: MessageTypeDefinition<_cmk_v1_DecryptResponse, _cmk_v1_DecryptResponse__Output>
      DescribeAssetRequest: MessageTypeDefinition<_cmk_v1_DescribeAssetRequest, _cmk_v1_DescribeAssetRequest__Output>
      DescribeAssetResponse: MessageTypeDefinition<_cmk_v1_DescribeAssetResponse, _cmk_v1_DescribeAssetResponse__Output>
      EncryptRequest: MessageTypeDefinition<_cmk_v1_EncryptRequest, _cmk_v1_EncryptRequest__Output>
      EncryptResponse: MessageTypeDefinition<_cmk_v1_EncryptResponse, _cmk_v1_EncryptResponse__Output>
      ListReencryptionRequest: MessageTypeDefinition<_cmk_v1_ListReencryptionRequest, _cmk_v1_ListReencryptionRequest__Output>
      ListReencryptionResponse: MessageTypeDefinition<_cmk_v1_ListReencryptionResponse, _cmk_v1_ListReencryptionResponse__Output>
      Protection: EnumTypeDefinition
      Reason: EnumTypeDefinition
      ReencryptRequest: MessageTypeDefinition<_cmk_v1_ReencryptRequest, _cmk_v1_ReencryptRequest__Output>
      ReencryptResponse: MessageTypeDefinition<_cmk_v1_ReencryptResponse, _cmk_v1_ReencryptResponse__Output>
      Reencryption: MessageTypeDefinition<_cmk_v1_Reencryption, _cmk_v1_Reencryption__Output>
      Sidecar: SubtypeConstructor<typeof grpc.Client, _cmk_v1_SidecarClient> & { service: _cmk_v1_SidecarDefinition }
      StreamStart: MessageTypeDefinition<_cmk_v1_StreamStart, _cmk_v1_StreamStart__Output>
      StreamStarted: MessageTypeDefinition<_cmk_v1_StreamStarted, _cmk_v1_StreamStarted__Output>
    }
  }
}

