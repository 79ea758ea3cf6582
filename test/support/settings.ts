import type { IdentityFiles } from '../../sandbox/ca.ts';
import { tlsSettings } from '../../sandbox/settings.ts';

export const TRUST_DOMAIN = 'cmk.test';
export const BROKER_ID = `spiffe://${TRUST_DOMAIN}/broker`;
/** The operator's. */
export const TOKEN = 'an-operator-token-for-tests-0123456789';

/** The SPIFFE id of a service's sidecar in the built-in catalogue. */
export function sidecarId(srvId: string, trustDomain = TRUST_DOMAIN): string {
  return `spiffe://${trustDomain}/service/${srvId}`;
}

/** A broker on free ports of this machine; its platform key and its KMS are the test's. */
export function brokerSettings(identity: IdentityFiles): Record<string, string> {
  return {
    ...tlsSettings(identity),
    CMK_TRUST_DOMAIN: TRUST_DOMAIN,
    CMK_GRPC_HOST: '127.0.0.1',
    CMK_GRPC_PORT: '0',
    CMK_ADMIN_PORT: '0',
    CMK_ADMIN_TOKEN: TOKEN,
    CMK_STATUS_HOST: '127.0.0.1',
    CMK_STATUS_PORT: '0',
  };
}

/** An injector on free ports of this machine. */
export function injectorSettings(identity: IdentityFiles): Record<string, string> {
  return {
    ...tlsSettings(identity),
    CMK_INJECTOR_HOST: '127.0.0.1',
    CMK_INJECTOR_PORT: '0',
    CMK_STATUS_HOST: '127.0.0.1',
    CMK_STATUS_PORT: '0',
    CMK_SIDECAR_IMAGE: 'registry.example/cmk/sidecar:0.1.0',
    CMK_BROKER: 'broker.test:8443',
    CMK_BROKER_SPIFFE_ID: BROKER_ID,
  };
}

/** A sidecar of that broker; no stream is idle for it while a test drives the clock. */
export function sidecarSettings(identity: IdentityFiles, brokerAddress: string): Record<string, string> {
  return {
    ...tlsSettings(identity),
    CMK_BROKER: brokerAddress,
    CMK_BROKER_SPIFFE_ID: BROKER_ID,
    CMK_STATUS_HOST: '127.0.0.1',
    CMK_STATUS_PORT: '0',
    CMK_STREAM_IDLE: '1h',
  };
}
