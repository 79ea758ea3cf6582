import grpc from '@grpc/grpc-js';
import { context, propagation } from '@opentelemetry/api';

/** Nothing else: baggage may hold anything, and metadata does not. */
const SETTER = {
  set(metadata: grpc.Metadata, key: string, value: string) {
    if (key === 'traceparent') metadata.set(key, value);
  },
};

/**
 * What a call sends along: the trace that the service is in, so that the sidecar's spans become part of it. Empty unless
 * the service has set up OpenTelemetry.
 */
export function traceContext(): grpc.Metadata {
  const metadata = new grpc.Metadata();
  propagation.inject(context.active(), metadata, SETTER);
  return metadata;
}
