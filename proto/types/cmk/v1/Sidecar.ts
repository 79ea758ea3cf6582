// Original file: proto/cmk/v1/sidecar.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { DecryptRequest as _cmk_v1_DecryptRequest, DecryptRequest__Output as _cmk_v1_DecryptRequest__Output } from '../../cmk/v1/DecryptRequest.ts';
import type { DecryptResponse as _cmk_v1_DecryptResponse, DecryptResponse__Output as _cmk_v1_DecryptResponse__Output } from '../../cmk/v1/DecryptResponse.ts';
import type { DescribeAssetRequest as _cmk_v1_DescribeAssetRequest, DescribeAssetRequest__Output as _cmk_v1_DescribeAssetRequest__Output } from '../../cmk/v1/DescribeAssetRequest.ts';
import type { DescribeAssetResponse as _cmk_v1_DescribeAssetResponse, DescribeAssetResponse__Output as _cmk_v1_DescribeAssetResponse__Output } from '../../cmk/v1/DescribeAssetResponse.ts';
import type { EncryptRequest as _cmk_v1_EncryptRequest, EncryptRequest__Output as _cmk_v1_EncryptRequest__Output } from '../../cmk/v1/EncryptRequest.ts';
import type { EncryptResponse as _cmk_v1_EncryptResponse, EncryptResponse__Output as _cmk_v1_EncryptResponse__Output } from '../../cmk/v1/EncryptResponse.ts';

export interface SidecarClient extends grpc.Client {
  Decrypt(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_cmk_v1_DecryptRequest, _cmk_v1_DecryptResponse__Output>;
  Decrypt(options?: grpc.CallOptions): grpc.ClientDuplexStream<_cmk_v1_DecryptRequest, _cmk_v1_DecryptResponse__Output>;
  decrypt(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_cmk_v1_DecryptRequest, _cmk_v1_DecryptResponse__Output>;
  decrypt(options?: grpc.CallOptions): grpc.ClientDuplexStream<_cmk_v1_DecryptRequest, _cmk_v1_DecryptResponse__Output>;
  
  DescribeAsset(argument: _cmk_v1_DescribeAssetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_DescribeAssetResponse__Output>): grpc.ClientUnaryCall;
  DescribeAsset(argument: _cmk_v1_DescribeAssetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_cmk_v1_DescribeAssetResponse__Output>): grpc.ClientUnaryCall;
  DescribeAsset(argument: _cmk_v1_DescribeAssetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_DescribeAssetResponse__Output>): grpc.ClientUnaryCall;
  DescribeAsset(argument: _cmk_v1_DescribeAssetRequest, callback: grpc.requestCallback<_cmk_v1_DescribeAssetResponse__Output>): grpc.ClientUnaryCall;
  describeAsset(argument: _cmk_v1_DescribeAssetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_DescribeAssetResponse__Output>): grpc.ClientUnaryCall;
  describeAsset(argument: _cmk_v1_DescribeAssetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_cmk_v1_DescribeAssetResponse__Output>): grpc.ClientUnaryCall;
  describeAsset(argument: _cmk_v1_DescribeAssetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_DescribeAssetResponse__Output>): grpc.ClientUnaryCall;
  describeAsset(argument: _cmk_v1_DescribeAssetRequest, callback: grpc.requestCallback<_cmk_v1_DescribeAssetResponse__Output>): grpc.ClientUnaryCall;
  
  Encrypt(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_cmk_v1_EncryptRequest, _cmk_v1_EncryptResponse__Output>;
  Encrypt(options?: grpc.CallOptions): grpc.ClientDuplexStream<_cmk_v1_EncryptRequest, _cmk_v1_EncryptResponse__Output>;
  encrypt(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_cmk_v1_EncryptRequest, _cmk_v1_EncryptResponse__Output>;
  encrypt(options?: grpc.CallOptions): grpc.ClientDuplexStream<_cmk_v1_EncryptRequest, _cmk_v1_EncryptResponse__Output>;
  
}

export interface SidecarHandlers extends grpc.UntypedServiceImplementation {
  Decrypt: grpc.handleBidiStreamingCall<_cmk_v1_DecryptRequest__Output, _cmk_v1_DecryptResponse>;
  
  DescribeAsset: grpc.handleUnaryCall<_cmk_v1_DescribeAssetRequest__Output, _cmk_v1_DescribeAssetResponse>;
  
  Encrypt: grpc.handleBidiStreamingCall<_cmk_v1_EncryptRequest__Output, _cmk_v1_EncryptResponse>;
  
}

export interface SidecarDefinition extends grpc.ServiceDefinition {
  Decrypt: MethodDefinition<_cmk_v1_DecryptRequest, _cmk_v1_DecryptResponse, _cmk_v1_DecryptRequest__Output, _cmk_v1_DecryptResponse__Output>
  DescribeAsset: MethodDefinition<_cmk_v1_DescribeAssetRequest, _cmk_v1_DescribeAssetResponse, _cmk_v1_DescribeAssetRequest__Output, _cmk_v1_DescribeAssetResponse__Output>
  Encrypt: MethodDefinition<_cmk_v1_EncryptRequest, _cmk_v1_EncryptResponse, _cmk_v1_EncryptRequest__Output, _cmk_v1_EncryptResponse__Output>
}
