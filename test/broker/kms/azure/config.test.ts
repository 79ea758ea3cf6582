import test from 'ava';
import { azureSettings, parseHostPort } from '../../../../broker/kms/azure/config.ts';
import { AzureKmsProvider } from '../../../../broker/kms/azure/provider.ts';
import { readConfig } from '../../../../runtime/config.ts';

const GUID = '11111111-2222-4333-8444-555555555555';

test('without settings: the public cloud, the pod’s own identity, nothing private', (t) => {
  t.like(readConfig(azureSettings, {}), {
    azureCloud: 'public',
    azureCredential: 'workload-identity',
    azureConnectTo: null,
    azurePrivateNetworks: null,
  });
});

for (const [title, env] of [
  ['another cloud', { CMK_AZURE_CLOUD: 'germany' }],
  ['another credential', { CMK_AZURE_CREDENTIAL: 'secret' }],
  ['an application without a tenant', { CMK_AZURE_APPLICATION: GUID }],
  ['an application that is more than that', { CMK_AZURE_APPLICATION: `${GUID}/${GUID}/x` }],
  ['an identity that is no GUID', { CMK_AZURE_MANAGED_IDENTITY: 'broker' }],
  ['a host without a port', { CMK_AZURE_CONNECT_TO: '127.0.0.1' }],
  ['a URL', { CMK_AZURE_CONNECT_TO: 'https://127.0.0.1:443' }],
  ['a network without bits', { CMK_AZURE_PRIVATE_NETWORKS: '10.0.0.0' }],
  ['a network of 33 bits', { CMK_AZURE_PRIVATE_NETWORKS: '10.0.0.0/33' }],
  ['a network that is a name', { CMK_AZURE_PRIVATE_NETWORKS: 'home/8' }],
] as const) {
  test(`refused: ${title}`, (t) => {
    const name = Object.keys(env)[0] ?? '';
    t.throws(() => readConfig(azureSettings, env), { code: 'CONFIG_INVALID', message: new RegExp(name) });
  });
}

test('an application and an identity are read', (t) => {
  const env = { CMK_AZURE_APPLICATION: `${GUID}/${GUID}`, CMK_AZURE_MANAGED_IDENTITY: GUID };
  t.like(readConfig(azureSettings, env), { azureApplication: `${GUID}/${GUID}`, azureManagedIdentity: GUID });
});

test('hosts and ports, IPv6 too', (t) => {
  t.deepEqual(parseHostPort('forwarder.internal:8443'), { host: 'forwarder.internal', port: 8443 });
  t.deepEqual(parseHostPort('[::1]:443'), { host: '::1', port: 443 });
});

test('authorities that cannot be read are a fault of the configuration', (t) => {
  const config = readConfig(azureSettings, { CMK_AZURE_CA_FILE: '/nowhere/ca.pem' });
  t.throws(() => new AzureKmsProvider(config), { code: 'CONFIG_INVALID', message: /CMK_AZURE_CA_FILE/ });
});
