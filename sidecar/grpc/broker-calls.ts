import type grpc from '@grpc/grpc-js';
import { checkAsset } from '../../core/asset.ts';
import { toCmkError } from '../../core/errors.ts';
import { toGrpcStatus } from '../../proto/status.ts';
import type { SidecarHandlers } from '../../proto/types/cmk/v1/Sidecar.ts';
import type { Broker } from '../broker-client.ts';
import type { DataKeys } from '../data-keys.ts';
import type { SidecarMetrics } from '../metrics.ts';

interface Parts {
  readonly broker: Broker;
  readonly dataKeys: Pick<DataKeys, 'forget'>;
  readonly metrics: SidecarMetrics;
}

type BrokerCalls = Pick<SidecarHandlers, 'DescribeAsset' | 'ListReencryption' | 'CompleteReencryption'>;

/** The methods of sidecar.proto that the broker answers. */
export function brokerCalls({ broker, dataKeys, metrics }: Parts): BrokerCalls {
  return {
    DescribeAsset: unary(metrics, 'DescribeAsset', async ({ asset }) =>
      broker.describeAsset({ asset: checkAsset(asset) }),
    ),
    ListReencryption: unary(metrics, 'ListReencryption', (request) => broker.listReencryption(request)),
    CompleteReencryption: unary(metrics, 'CompleteReencryption', async ({ asset, dataKeyId }) => {
      const response = await broker.completeReencryption({ asset: checkAsset(asset), dataKeyId });
      dataKeys.forget(dataKeyId);
      return response;
    }),
  };
}

function unary<Request, Response>(
  metrics: SidecarMetrics,
  name: string,
  answer: (request: Request) => Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, done) => {
    const finished = metrics.rpcStarted(name);
    answer(call.request).then(
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
