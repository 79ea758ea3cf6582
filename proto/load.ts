import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import type { ProtoGrpcType as BrokerTypes } from './types/broker.ts';
import type { ProtoGrpcType as SidecarTypes } from './types/sidecar.ts';

const OPTIONS = {
  // Beside this file in the source tree, and beside the bundle in an image.
  includeDirs: [fileURLToPath(new URL('.', import.meta.url))],
  longs: Number,
  enums: String,
  defaults: true,
  oneofs: true,
  arrays: true,
  objects: true,
};

/** The domain of every `ErrorInfo` that this project sends. */
export const ERROR_DOMAIN = 'cmk';

/** The parsed contract of the sidecar, e.g. for reflection. */
export function sidecarPackage(): PackageDefinition {
  return loadSync('cmk/v1/sidecar.proto', OPTIONS);
}

/** Constructors and service definitions of the sidecar's contract. */
export function loadSidecar(definition: PackageDefinition = sidecarPackage()): SidecarTypes['cmk']['v1'] {
  return (grpc.loadPackageDefinition(definition) as unknown as SidecarTypes).cmk.v1;
}

/** Constructors and service definitions of the broker's contract. */
export function loadBroker(): BrokerTypes['cmk']['v1'] {
  const definition = loadSync('cmk/v1/broker.proto', OPTIONS);
  return (grpc.loadPackageDefinition(definition) as unknown as BrokerTypes).cmk.v1;
}

/** The standard messages that carry error details. */
export function loadStatusMessages(): PackageDefinition {
  return loadSync(['google/rpc/status.proto', 'google/rpc/error_details.proto'], OPTIONS);
}
