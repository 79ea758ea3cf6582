import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Asset as _cmk_v1_Asset, Asset__Output as _cmk_v1_Asset__Output } from './cmk/v1/Asset.ts';
import type { DecryptRequest as _cmk_v1_DecryptRequest, DecryptRequest__Output as _cmk_v1_DecryptRequest__Output } from './cmk/v1/DecryptRequest.ts';
import type { DecryptResponse as _cmk_v1_DecryptResponse, DecryptResponse__Output as _cmk_v1_DecryptResponse__Output } from './cmk/v1/DecryptResponse.ts';
import type { DescribeAssetRequest as _cmk_v1_DescribeAssetRequest, DescribeAssetRequest__Output as _cmk_v1_DescribeAssetRequest__Output } from './cmk/v1/DescribeAssetRequest.ts';
import type { DescribeAssetResponse as _cmk_v1_DescribeAssetResponse, DescribeAssetResponse__Output as _cmk_v1_DescribeAssetResponse__Output } from './cmk/v1/DescribeAssetResponse.ts';
import type { EncryptRequest as _cmk_v1_EncryptRequest, EncryptRequest__Output as _cmk_v1_EncryptRequest__Output } from './cmk/v1/EncryptRequest.ts';
import type { EncryptResponse as _cmk_v1_EncryptResponse, EncryptResponse__Output as _cmk_v1_EncryptResponse__Output } from './cmk/v1/EncryptResponse.ts';
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
      DecryptRequest: MessageTypeDefinition<_cmk_v1_DecryptRequest, _cmk_v1_DecryptRequest__Output>
      DecryptResponse: MessageTypeDefinition<_cmk_v1_DecryptResponse, _cmk_v1_DecryptResponse__Output>
      DescribeAssetRequest: MessageTypeDefinition<_cmk_v1_DescribeAssetRequest, _cmk_v1_DescribeAssetRequest__Output>
      DescribeAssetResponse: MessageTypeDefinition<_cmk_v1_DescribeAssetResponse, _cmk_v1_DescribeAssetResponse__Output>
      EncryptRequest: MessageTypeDefinition<_cmk_v1_EncryptRequest, _cmk_v1_EncryptRequest__Output>
      EncryptResponse: MessageTypeDefinition<_cmk_v1_EncryptResponse, _cmk_v1_EncryptResponse__Output>
      Protection: EnumTypeDefinition
      Reason: EnumTypeDefinition
      Sidecar: SubtypeConstructor<typeof grpc.Client, _cmk_v1_SidecarClient> & { service: _cmk_v1_SidecarDefinition }
      StreamStart: MessageTypeDefinition<_cmk_v1_StreamStart, _cmk_v1_StreamStart__Output>
      StreamStarted: MessageTypeDefinition<_cmk_v1_StreamStarted, _cmk_v1_StreamStarted__Output>
    }
  }
}

