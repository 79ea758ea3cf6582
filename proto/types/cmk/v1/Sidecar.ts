// Original file: proto/cmk/v1/sidecar.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CompleteReencryptionRequest as _cmk_v1_CompleteReencryptionRequest, CompleteReencryptionRequest__Output as _cmk_v1_CompleteReencryptionRequest__Output } from '../../cmk/v1/CompleteReencryptionRequest.ts';
import type { CompleteReencryptionResponse as _cmk_v1_CompleteReencryptionResponse, CompleteReencryptionResponse__Output as _cmk_v1_CompleteReencryptionResponse__Output } from '../../cmk/v1/CompleteReencryptionResponse.ts';
import type { DecryptRequest as _cmk_v1_DecryptRequest, DecryptRequest__Output as _cmk_v1_DecryptRequest__Output } from '../../cmk/v1/DecryptRequest.ts';
import type { DecryptResponse as _cmk_v1_DecryptResponse, DecryptResponse__Output as _cmk_v1_DecryptResponse__Output } from '../../cmk/v1/DecryptResponse.ts';
import type { DescribeAssetRequest as _cmk_v1_DescribeAssetRequest, DescribeAssetRequest__Output as _cmk_v1_DescribeAssetRequest__Output } from '../../cmk/v1/DescribeAssetRequest.ts';
import type { DescribeAssetResponse as _cmk_v1_DescribeAssetResponse, DescribeAssetResponse__Output as _cmk_v1_DescribeAssetResponse__Output } from '../../cmk/v1/DescribeAssetResponse.ts';
import type { EncryptRequest as _cmk_v1_EncryptRequest, EncryptRequest__Output as _cmk_v1_EncryptRequest__Output } from '../../cmk/v1/EncryptRequest.ts';
import type { EncryptResponse as _cmk_v1_EncryptResponse, EncryptResponse__Output as _cmk_v1_EncryptResponse__Output } from '../../cmk/v1/EncryptResponse.ts';
import type { ListReencryptionRequest as _cmk_v1_ListReencryptionRequest, ListReencryptionRequest__Output as _cmk_v1_ListReencryptionRequest__Output } from '../../cmk/v1/ListReencryptionRequest.ts';
import type { ListReencryptionResponse as _cmk_v1_ListReencryptionResponse, ListReencryptionResponse__Output as _cmk_v1_ListReencryptionResponse__Output } from '../../cmk/v1/ListReencryptionResponse.ts';
import type { ReencryptRequest as _cmk_v1_ReencryptRequest, ReencryptRequest__Output as _cmk_v1_ReencryptRequest__Output } from '../../cmk/v1/ReencryptRequest.ts';
import type { ReencryptResponse as _cmk_v1_ReencryptResponse, ReencryptResponse__Output as _cmk_v1_ReencryptResponse__Output } from '../../cmk/v1/ReencryptResponse.ts';

export interface SidecarClient extends grpc.Client {
  CompleteReencryption(argument: _cmk_v1_CompleteReencryptionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_CompleteReencryptionResponse__Output>): grpc.ClientUnaryCall;
  CompleteReencryption(argument: _cmk_v1_CompleteReencryptionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_cmk_v1_CompleteReencryptionResponse__Output>): grpc.ClientUnaryCall;
  CompleteReencryption(argument: _cmk_v1_CompleteReencryptionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_CompleteReencryptionResponse__Output>): grpc.ClientUnaryCall;
  CompleteReencryption(argument: _cmk_v1_CompleteReencryptionRequest, callback: grpc.requestCallback<_cmk_v1_CompleteReencryptionResponse__Output>): grpc.ClientUnaryCall;
  completeReencryption(argument: _cmk_v1_CompleteReencryptionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_CompleteReencryptionResponse__Output>): grpc.ClientUnaryCall;
  completeReencryption(argument: _cmk_v1_CompleteReencryptionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_cmk_v1_CompleteReencryptionResponse__Output>): grpc.ClientUnaryCall;
  completeReencryption(argument: _cmk_v1_CompleteReencryptionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_CompleteReencryptionResponse__Output>): grpc.ClientUnaryCall;
  completeReencryption(argument: _cmk_v1_CompleteReencryptionRequest, callback: grpc.requestCallback<_cmk_v1_CompleteReencryptionResponse__Output>): grpc.ClientUnaryCall;
  
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
  
  ListReencryption(argument: _cmk_v1_ListReencryptionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_ListReencryptionResponse__Output>): grpc.ClientUnaryCall;
  ListReencryption(argument: _cmk_v1_ListReencryptionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_cmk_v1_ListReencryptionResponse__Output>): grpc.ClientUnaryCall;
  ListReencryption(argument: _cmk_v1_ListReencryptionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_ListReencryptionResponse__Output>): grpc.ClientUnaryCall;
  ListReencryption(argument: _cmk_v1_ListReencryptionRequest, callback: grpc.requestCallback<_cmk_v1_ListReencryptionResponse__Output>): grpc.ClientUnaryCall;
  listReencryption(argument: _cmk_v1_ListReencryptionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_ListReencryptionResponse__Output>): grpc.ClientUnaryCall;
  listReencryption(argument: _cmk_v1_ListReencryptionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_cmk_v1_ListReencryptionResponse__Output>): grpc.ClientUnaryCall;
  listReencryption(argument: _cmk_v1_ListReencryptionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_ListReencryptionResponse__Output>): grpc.ClientUnaryCall;
  listReencryption(argument: _cmk_v1_ListReencryptionRequest, callback: grpc.requestCallback<_cmk_v1_ListReencryptionResponse__Output>): grpc.ClientUnaryCall;
  
  Reencrypt(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_cmk_v1_ReencryptRequest, _cmk_v1_ReencryptResponse__Output>;
  Reencrypt(options?: grpc.CallOptions): grpc.ClientDuplexStream<_cmk_v1_ReencryptRequest, _cmk_v1_ReencryptResponse__Output>;
  reencrypt(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_cmk_v1_ReencryptRequest, _cmk_v1_ReencryptResponse__Output>;
  reencrypt(options?: grpc.CallOptions): grpc.ClientDuplexStream<_cmk_v1_ReencryptRequest, _cmk_v1_ReencryptResponse__Output>;
  
}

export interface SidecarHandlers extends grpc.UntypedServiceImplementation {
  CompleteReencryption: grpc.handleUnaryCall<_cmk_v1_CompleteReencryptionRequest__Output, _cmk_v1_CompleteReencryptionResponse>;
  
  Decrypt: grpc.handleBidiStreamingCall<_cmk_v1_DecryptRequest__Output, _cmk_v1_DecryptResponse>;
  
  DescribeAsset: grpc.handleUnaryCall<_cmk_v1_DescribeAssetRequest__Output, _cmk_v1_DescribeAssetResponse>;
  
  Encrypt: grpc.handleBidiStreamingCall<_cmk_v1_EncryptRequest__Output, _cmk_v1_EncryptResponse>;
  
  ListReencryption: grpc.handleUnaryCall<_cmk_v1_ListReencryptionRequest__Output, _cmk_v1_ListReencryptionResponse>;
  
  Reencrypt: grpc.handleBidiStreamingCall<_cmk_v1_ReencryptRequest__Output, _cmk_v1_ReencryptResponse>;
  
}

export interface SidecarDefinition extends grpc.ServiceDefinition {
  CompleteReencryption: MethodDefinition<_cmk_v1_CompleteReencryptionRequest, _cmk_v1_CompleteReencryptionResponse, _cmk_v1_CompleteReencryptionRequest__Output, _cmk_v1_CompleteReencryptionResponse__Output>
  Decrypt: MethodDefinition<_cmk_v1_DecryptRequest, _cmk_v1_DecryptResponse, _cmk_v1_DecryptRequest__Output, _cmk_v1_DecryptResponse__Output>
  DescribeAsset: MethodDefinition<_cmk_v1_DescribeAssetRequest, _cmk_v1_DescribeAssetResponse, _cmk_v1_DescribeAssetRequest__Output, _cmk_v1_DescribeAssetResponse__Output>
  Encrypt: MethodDefinition<_cmk_v1_EncryptRequest, _cmk_v1_EncryptResponse, _cmk_v1_EncryptRequest__Output, _cmk_v1_EncryptResponse__Output>
  ListReencryption: MethodDefinition<_cmk_v1_ListReencryptionRequest, _cmk_v1_ListReencryptionResponse, _cmk_v1_ListReencryptionRequest__Output, _cmk_v1_ListReencryptionResponse__Output>
  Reencrypt: MethodDefinition<_cmk_v1_ReencryptRequest, _cmk_v1_ReencryptResponse, _cmk_v1_ReencryptRequest__Output, _cmk_v1_ReencryptResponse__Output>
}
