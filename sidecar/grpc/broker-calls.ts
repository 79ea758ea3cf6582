import type grpc from '@grpc/grpc-js';
import { checkAsset } from '../../core/asset.ts';
import { toCmkError } from '../../core/errors.ts';
import { toGrpcStatus } from '../../proto/status.ts';
import type { SidecarHandlers } from '../../proto/types/cmk/v1/Sidecar.ts';
import type { Traces } from '../../runtime/traces.ts';
import type { Broker } from '../broker-client.ts';
import type { DataKeys } from '../data-keys.ts';
import type { SidecarMetrics } from '../metrics.ts';

interface Parts {
  readonly broker: Broker;
  readonly dataKeys: Pick<DataKeys, 'forget'>;
  readonly metrics: SidecarMetrics;
  readonly traces: Traces;
}

type BrokerCalls = Pick<SidecarHandlers, 'DescribeAsset' | 'ListReencryption' | 'CompleteReencryption'>;

/** The methods of sidecar.proto that the broker answers. */
export function brokerCalls(parts: Parts): BrokerCalls {
  const { broker, dataKeys } = parts;
  return {
    DescribeAsset: unary(parts, 'DescribeAsset', async ({ asset }) =>
      broker.describeAsset({ asset: checkAsset(asset) }),
    ),
    ListReencryption: unary(parts, 'ListReencryption', (request) => broker.listReencryption(request)),
    CompleteReencryption: unary(parts, 'CompleteReencryption', async ({ asset, dataKeyId }) => {
      const response = await broker.completeReencryption({ asset: checkAsset(asset), dataKeyId });
      dataKeys.forget(dataKeyId);
      return response;
    }),
  };
}

function unary<Request, Response>(
  { metrics, traces }: Parts,
  name: string,
  answer: (request: Request) => Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, done) => {
    const finished = metrics.rpcStarted(name);
    traces
      .serve(call.getPath().slice(1), call.metadata, () => answer(call.request))
      .then(
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
