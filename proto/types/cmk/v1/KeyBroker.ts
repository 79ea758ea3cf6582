// Original file: proto/cmk/v1/broker.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CompleteReencryptionRequest as _cmk_v1_CompleteReencryptionRequest, CompleteReencryptionRequest__Output as _cmk_v1_CompleteReencryptionRequest__Output } from '../../cmk/v1/CompleteReencryptionRequest.ts';
import type { CompleteReencryptionResponse as _cmk_v1_CompleteReencryptionResponse, CompleteReencryptionResponse__Output as _cmk_v1_CompleteReencryptionResponse__Output } from '../../cmk/v1/CompleteReencryptionResponse.ts';
import type { DescribeAssetRequest as _cmk_v1_DescribeAssetRequest, DescribeAssetRequest__Output as _cmk_v1_DescribeAssetRequest__Output } from '../../cmk/v1/DescribeAssetRequest.ts';
import type { DescribeAssetResponse as _cmk_v1_DescribeAssetResponse, DescribeAssetResponse__Output as _cmk_v1_DescribeAssetResponse__Output } from '../../cmk/v1/DescribeAssetResponse.ts';
import type { IssueDataKeyRequest as _cmk_v1_IssueDataKeyRequest, IssueDataKeyRequest__Output as _cmk_v1_IssueDataKeyRequest__Output } from '../../cmk/v1/IssueDataKeyRequest.ts';
import type { IssueDataKeyResponse as _cmk_v1_IssueDataKeyResponse, IssueDataKeyResponse__Output as _cmk_v1_IssueDataKeyResponse__Output } from '../../cmk/v1/IssueDataKeyResponse.ts';
import type { ListReencryptionRequest as _cmk_v1_ListReencryptionRequest, ListReencryptionRequest__Output as _cmk_v1_ListReencryptionRequest__Output } from '../../cmk/v1/ListReencryptionRequest.ts';
import type { ListReencryptionResponse as _cmk_v1_ListReencryptionResponse, ListReencryptionResponse__Output as _cmk_v1_ListReencryptionResponse__Output } from '../../cmk/v1/ListReencryptionResponse.ts';
import type { ReportUsesRequest as _cmk_v1_ReportUsesRequest, ReportUsesRequest__Output as _cmk_v1_ReportUsesRequest__Output } from '../../cmk/v1/ReportUsesRequest.ts';
import type { ReportUsesResponse as _cmk_v1_ReportUsesResponse, ReportUsesResponse__Output as _cmk_v1_ReportUsesResponse__Output } from '../../cmk/v1/ReportUsesResponse.ts';
import type { ResolveDataKeyRequest as _cmk_v1_ResolveDataKeyRequest, ResolveDataKeyRequest__Output as _cmk_v1_ResolveDataKeyRequest__Output } from '../../cmk/v1/ResolveDataKeyRequest.ts';
import type { ResolveDataKeyResponse as _cmk_v1_ResolveDataKeyResponse, ResolveDataKeyResponse__Output as _cmk_v1_ResolveDataKeyResponse__Output } from '../../cmk/v1/ResolveDataKeyResponse.ts';
import type { Revocation as _cmk_v1_Revocation, Revocation__Output as _cmk_v1_Revocation__Output } from '../../cmk/v1/Revocation.ts';
import type { WatchRevocationsRequest as _cmk_v1_WatchRevocationsRequest, WatchRevocationsRequest__Output as _cmk_v1_WatchRevocationsRequest__Output } from '../../cmk/v1/WatchRevocationsRequest.ts';

export interface KeyBrokerClient extends grpc.Client {
  CompleteReencryption(argument: _cmk_v1_CompleteReencryptionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_CompleteReencryptionResponse__Output>): grpc.ClientUnaryCall;
  CompleteReencryption(argument: _cmk_v1_CompleteReencryptionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_cmk_v1_CompleteReencryptionResponse__Output>): grpc.ClientUnaryCall;
  CompleteReencryption(argument: _cmk_v1_CompleteReencryptionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_CompleteReencryptionResponse__Output>): grpc.ClientUnaryCall;
  CompleteReencryption(argument: _cmk_v1_CompleteReencryptionRequest, callback: grpc.requestCallback<_cmk_v1_CompleteReencryptionResponse__Output>): grpc.ClientUnaryCall;
  completeReencryption(argument: _cmk_v1_CompleteReencryptionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_CompleteReencryptionResponse__Output>): grpc.ClientUnaryCall;
  completeReencryption(argument: _cmk_v1_CompleteReencryptionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_cmk_v1_CompleteReencryptionResponse__Output>): grpc.ClientUnaryCall;
  completeReencryption(argument: _cmk_v1_CompleteReencryptionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_CompleteReencryptionResponse__Output>): grpc.ClientUnaryCall;
  completeReencryption(argument: _cmk_v1_CompleteReencryptionRequest, callback: grpc.requestCallback<_cmk_v1_CompleteReencryptionResponse__Output>): grpc.ClientUnaryCall;
  
  DescribeAsset(argument: _cmk_v1_DescribeAssetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_DescribeAssetResponse__Output>): grpc.ClientUnaryCall;
  DescribeAsset(argument: _cmk_v1_DescribeAssetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_cmk_v1_DescribeAssetResponse__Output>): grpc.ClientUnaryCall;
  DescribeAsset(argument: _cmk_v1_DescribeAssetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_DescribeAssetResponse__Output>): grpc.ClientUnaryCall;
  DescribeAsset(argument: _cmk_v1_DescribeAssetRequest, callback: grpc.requestCallback<_cmk_v1_DescribeAssetResponse__Output>): grpc.ClientUnaryCall;
  describeAsset(argument: _cmk_v1_DescribeAssetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_DescribeAssetResponse__Output>): grpc.ClientUnaryCall;
  describeAsset(argument: _cmk_v1_DescribeAssetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_cmk_v1_DescribeAssetResponse__Output>): grpc.ClientUnaryCall;
  describeAsset(argument: _cmk_v1_DescribeAssetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_DescribeAssetResponse__Output>): grpc.ClientUnaryCall;
  describeAsset(argument: _cmk_v1_DescribeAssetRequest, callback: grpc.requestCallback<_cmk_v1_DescribeAssetResponse__Output>): grpc.ClientUnaryCall;
  
  IssueDataKey(argument: _cmk_v1_IssueDataKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_IssueDataKeyResponse__Output>): grpc.ClientUnaryCall;
  IssueDataKey(argument: _cmk_v1_IssueDataKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_cmk_v1_IssueDataKeyResponse__Output>): grpc.ClientUnaryCall;
  IssueDataKey(argument: _cmk_v1_IssueDataKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_IssueDataKeyResponse__Output>): grpc.ClientUnaryCall;
  IssueDataKey(argument: _cmk_v1_IssueDataKeyRequest, callback: grpc.requestCallback<_cmk_v1_IssueDataKeyResponse__Output>): grpc.ClientUnaryCall;
  issueDataKey(argument: _cmk_v1_IssueDataKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_IssueDataKeyResponse__Output>): grpc.ClientUnaryCall;
  issueDataKey(argument: _cmk_v1_IssueDataKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_cmk_v1_IssueDataKeyResponse__Output>): grpc.ClientUnaryCall;
  issueDataKey(argument: _cmk_v1_IssueDataKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_IssueDataKeyResponse__Output>): grpc.ClientUnaryCall;
  issueDataKey(argument: _cmk_v1_IssueDataKeyRequest, callback: grpc.requestCallback<_cmk_v1_IssueDataKeyResponse__Output>): grpc.ClientUnaryCall;
  
  ListReencryption(argument: _cmk_v1_ListReencryptionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_ListReencryptionResponse__Output>): grpc.ClientUnaryCall;
  ListReencryption(argument: _cmk_v1_ListReencryptionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_cmk_v1_ListReencryptionResponse__Output>): grpc.ClientUnaryCall;
  ListReencryption(argument: _cmk_v1_ListReencryptionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_ListReencryptionResponse__Output>): grpc.ClientUnaryCall;
  ListReencryption(argument: _cmk_v1_ListReencryptionRequest, callback: grpc.requestCallback<_cmk_v1_ListReencryptionResponse__Output>): grpc.ClientUnaryCall;
  listReencryption(argument: _cmk_v1_ListReencryptionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_ListReencryptionResponse__Output>): grpc.ClientUnaryCall;
  listReencryption(argument: _cmk_v1_ListReencryptionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_cmk_v1_ListReencryptionResponse__Output>): grpc.ClientUnaryCall;
  listReencryption(argument: _cmk_v1_ListReencryptionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_ListReencryptionResponse__Output>): grpc.ClientUnaryCall;
  listReencryption(argument: _cmk_v1_ListReencryptionRequest, callback: grpc.requestCallback<_cmk_v1_ListReencryptionResponse__Output>): grpc.ClientUnaryCall;
  
  ReportUses(argument: _cmk_v1_ReportUsesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_ReportUsesResponse__Output>): grpc.ClientUnaryCall;
  ReportUses(argument: _cmk_v1_ReportUsesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_cmk_v1_ReportUsesResponse__Output>): grpc.ClientUnaryCall;
  ReportUses(argument: _cmk_v1_ReportUsesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_ReportUsesResponse__Output>): grpc.ClientUnaryCall;
  ReportUses(argument: _cmk_v1_ReportUsesRequest, callback: grpc.requestCallback<_cmk_v1_ReportUsesResponse__Output>): grpc.ClientUnaryCall;
  reportUses(argument: _cmk_v1_ReportUsesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_ReportUsesResponse__Output>): grpc.ClientUnaryCall;
  reportUses(argument: _cmk_v1_ReportUsesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_cmk_v1_ReportUsesResponse__Output>): grpc.ClientUnaryCall;
  reportUses(argument: _cmk_v1_ReportUsesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_ReportUsesResponse__Output>): grpc.ClientUnaryCall;
  reportUses(argument: _cmk_v1_ReportUsesRequest, callback: grpc.requestCallback<_cmk_v1_ReportUsesResponse__Output>): grpc.ClientUnaryCall;
  
  ResolveDataKey(argument: _cmk_v1_ResolveDataKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_ResolveDataKeyResponse__Output>): grpc.ClientUnaryCall;
  ResolveDataKey(argument: _cmk_v1_ResolveDataKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_cmk_v1_ResolveDataKeyResponse__Output>): grpc.ClientUnaryCall;
  ResolveDataKey(argument: _cmk_v1_ResolveDataKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_ResolveDataKeyResponse__Output>): grpc.ClientUnaryCall;
  ResolveDataKey(argument: _cmk_v1_ResolveDataKeyRequest, callback: grpc.requestCallback<_cmk_v1_ResolveDataKeyResponse__Output>): grpc.ClientUnaryCall;
  resolveDataKey(argument: _cmk_v1_ResolveDataKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_ResolveDataKeyResponse__Output>): grpc.ClientUnaryCall;
  resolveDataKey(argument: _cmk_v1_ResolveDataKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_cmk_v1_ResolveDataKeyResponse__Output>): grpc.ClientUnaryCall;
  resolveDataKey(argument: _cmk_v1_ResolveDataKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_cmk_v1_ResolveDataKeyResponse__Output>): grpc.ClientUnaryCall;
  resolveDataKey(argument: _cmk_v1_ResolveDataKeyRequest, callback: grpc.requestCallback<_cmk_v1_ResolveDataKeyResponse__Output>): grpc.ClientUnaryCall;
  
  WatchRevocations(argument: _cmk_v1_WatchRevocationsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_cmk_v1_Revocation__Output>;
  WatchRevocations(argument: _cmk_v1_WatchRevocationsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_cmk_v1_Revocation__Output>;
  watchRevocations(argument: _cmk_v1_WatchRevocationsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_cmk_v1_Revocation__Output>;
  watchRevocations(argument: _cmk_v1_WatchRevocationsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_cmk_v1_Revocation__Output>;
  
}

export interface KeyBrokerHandlers extends grpc.UntypedServiceImplementation {
  CompleteReencryption: grpc.handleUnaryCall<_cmk_v1_CompleteReencryptionRequest__Output, _cmk_v1_CompleteReencryptionResponse>;
  
  DescribeAsset: grpc.handleUnaryCall<_cmk_v1_DescribeAssetRequest__Output, _cmk_v1_DescribeAssetResponse>;
  
  IssueDataKey: grpc.handleUnaryCall<_cmk_v1_IssueDataKeyRequest__Output, _cmk_v1_IssueDataKeyResponse>;
  
  ListReencryption: grpc.handleUnaryCall<_cmk_v1_ListReencryptionRequest__Output, _cmk_v1_ListReencryptionResponse>;
  
  ReportUses: grpc.handleUnaryCall<_cmk_v1_ReportUsesRequest__Output, _cmk_v1_ReportUsesResponse>;
  
  ResolveDataKey: grpc.handleUnaryCall<_cmk_v1_ResolveDataKeyRequest__Output, _cmk_v1_ResolveDataKeyResponse>;
  
  WatchRevocations: grpc.handleServerStreamingCall<_cmk_v1_WatchRevocationsRequest__Output, _cmk_v1_Revocation>;
  
}

export interface KeyBrokerDefinition extends grpc.ServiceDefinition {
  CompleteReencryption: MethodDefinition<_cmk_v1_CompleteReencryptionRequest, _cmk_v1_CompleteReencryptionResponse, _cmk_v1_CompleteReencryptionRequest__Output, _cmk_v1_CompleteReencryptionResponse__Output>
  DescribeAsset: MethodDefinition<_cmk_v1_DescribeAssetRequest, _cmk_v1_DescribeAssetResponse, _cmk_v1_DescribeAssetRequest__Output, _cmk_v1_DescribeAssetResponse__Output>
  IssueDataKey: MethodDefinition<_cmk_v1_IssueDataKeyRequest, _cmk_v1_IssueDataKeyResponse, _cmk_v1_IssueDataKeyRequest__Output, _cmk_v1_IssueDataKeyResponse__Output>
  ListReencryption: MethodDefinition<_cmk_v1_ListReencryptionRequest, _cmk_v1_ListReencryptionResponse, _cmk_v1_ListReencryptionRequest__Output, _cmk_v1_ListReencryptionResponse__Output>
  ReportUses: MethodDefinition<_cmk_v1_ReportUsesRequest, _cmk_v1_ReportUsesResponse, _cmk_v1_ReportUsesRequest__Output, _cmk_v1_ReportUsesResponse__Output>
  ResolveDataKey: MethodDefinition<_cmk_v1_ResolveDataKeyRequest, _cmk_v1_ResolveDataKeyResponse, _cmk_v1_ResolveDataKeyRequest__Output, _cmk_v1_ResolveDataKeyResponse__Output>
  WatchRevocations: MethodDefinition<_cmk_v1_WatchRevocationsRequest, _cmk_v1_Revocation, _cmk_v1_WatchRevocationsRequest__Output, _cmk_v1_Revocation__Output>
}
