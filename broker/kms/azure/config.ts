import type { BlockList } from 'node:net';
import { choice, integer, path, text, type Config, type Setting } from '../../../runtime/config.ts';
import { parseNetworks } from '../../../runtime/public-lookup.ts';
import { CLOUDS, type Cloud } from './reference.ts';

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const privateNetworks: Setting<BlockList | null> = {
  name: 'CMK_AZURE_PRIVATE_NETWORKS',
  doc: 'Networks of private endpoints, between commas, e.g. 10.20.0.0/16: vaults may resolve into these. Other private addresses are refused.',
  default: null,
  expects: 'networks as ADDRESS/BITS between commas',
  secret: false,
  parse: parseNetworks,
};

/**
 * Settings of the Azure provider. The credential itself comes from where the Azure SDK looks for it: the
 * environment, the pod's projected token, the instance's metadata service.
 */
export const azureSettings = {
  azureCloud: choice({
    name: 'CMK_AZURE_CLOUD',
    doc: 'The Azure cloud of the customers’ vaults and of the broker’s application.',
    default: 'public',
    of: Object.keys(CLOUDS) as Cloud[],
  }),
  azureCredential: choice({
    name: 'CMK_AZURE_CREDENTIAL',
    doc: 'How the broker proves to Azure which application it is: `workload-identity` (a Kubernetes token that Entra trusts; AZURE_CLIENT_ID, AZURE_TENANT_ID, AZURE_FEDERATED_TOKEN_FILE), `managed-identity`, or `environment` (a certificate or secret of the provider’s own: AZURE_CLIENT_ID, AZURE_TENANT_ID, AZURE_CLIENT_CERTIFICATE_PATH or AZURE_CLIENT_SECRET).',
    default: 'workload-identity',
    of: ['workload-identity', 'managed-identity', 'environment'],
  }),
  azureManagedIdentity: text({
    name: 'CMK_AZURE_MANAGED_IDENTITY',
    doc: 'With `managed-identity`: the client id of a user-assigned identity. Unset: the system-assigned one.',
    default: null,
    pattern: GUID,
    expects: 'GUID',
  }),
  azureApplication: text({
    name: 'CMK_AZURE_APPLICATION',
    doc: 'TENANT/CLIENT of the multi-tenant application, which customers are told to let in. With `managed-identity` the one that trusts the identity; without it only vaults of the identity’s own tenant can be used.',
    default: null,
    pattern: new RegExp(`${GUID.source.slice(0, -1)}/${GUID.source.slice(1)}`),
    expects: 'tenant and client as GUID/GUID',
  }),
  azureConnectTo: text({
    name: 'CMK_AZURE_CONNECT_TO',
    doc: 'HOST:PORT to connect to in place of what the names of vaults and of Entra resolve to, e.g. a forwarder of TLS connections. Certificates are still those of the real names.',
    default: null,
    pattern: /^([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\]):\d{1,5}$/,
    expects: 'HOST:PORT',
  }),
  azurePrivateNetworks: privateNetworks,
  azureCaPath: path({
    name: 'CMK_AZURE_CA_FILE',
    doc: 'PEM file of certificate authorities to trust for Azure in place of the public ones, e.g. of a proxy that inspects TLS.',
    default: null,
  }),
  azureMaxConnections: integer({
    name: 'CMK_AZURE_MAX_CONNECTIONS',
    doc: 'The most connections to Azure at a time, for each vault.',
    default: '128',
    min: 1,
    max: 4096,
  }),
} as const;

export type AzureConfig = Config<typeof azureSettings>;

/** @param text as CMK_AZURE_CONNECT_TO accepts it */
export function parseHostPort(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(text.slice(colon + 1)) };
}
