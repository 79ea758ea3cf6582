import type grpc from '@grpc/grpc-js';
import { checkAsset } from '../../core/asset.ts';
import { toCmkError } from '../../core/errors.ts';
import { toGrpcStatus } from '../../proto/status.ts';
import type { DescribeAssetRequest__Output } from '../../proto/types/cmk/v1/DescribeAssetRequest.ts';
import type { DescribeAssetResponse } from '../../proto/types/cmk/v1/DescribeAssetResponse.ts';
import type { Broker } from '../broker-client.ts';
import type { SidecarMetrics } from '../metrics.ts';

type Handler = grpc.handleUnaryCall<DescribeAssetRequest__Output, DescribeAssetResponse>;

/** Tells how an asset is protected: sidecar.proto, `DescribeAsset`. */
export function describeHandler({ broker, metrics }: { broker: Broker; metrics: SidecarMetrics }): Handler {
  return (call, done) => {
    const finished = metrics.rpcStarted('DescribeAsset');
    describe(broker, call.request).then(
      (response) => {
        finished('OK');
        done(null, response);
      },
      (error: unknown) => {
        finished(toCmkError(error).code);
        done(toGrpcStatus(error));
      },
    );
  };
}

async function describe(
  broker: Broker,
  request: DescribeAssetRequest__Output,
): Promise<DescribeAssetResponse> {
  return broker.describeAsset({ asset: checkAsset(request.asset) });
}
