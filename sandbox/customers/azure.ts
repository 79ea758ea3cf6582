import { join } from 'node:path';
import type { AuditEvent } from '../azure-kms/audit-log.ts';
import { launchEmulator } from '../parts.ts';
import { ControlApi } from './control-api.ts';
import type { Customer, CustomerSide, CustomerWords, KeyUse, References } from './customer.ts';

const PROVIDER_TENANT = '99999999-8888-4777-8666-555555555555';
const CUSTOMER_TENANT = '11111111-2222-4333-8444-555555555555';
const VAULT = 'acme-keys';
const KEY = 'recordings';

const KINDS: Readonly<Record<string, KeyUse['kind']>> = { KeyWrap: 'WRAP', KeyUnwrap: 'UNWRAP' };

const WORDS: CustomerWords = {
  service: 'Azure Key Vault',
  key: 'In a vault of Acme’s own, with purge protection, a key without a replica:',
  permission:
    'A role on this one key for the provider’s application. Azure sees no assets: the broker takes the key for Acme alone.',
  log: 'It does not name the recording: Azure’s wrapping carries no context. It tells which key, who, when and how it ended.',
  disabling: 'All of its versions: each has a switch of its own.',
  steps: {
    GENERATE: 'it wraps a new data key, which the broker makes, by way of a one-time key',
    UNWRAP_WRONG_CONTEXT:
      'under another asset’s context, and another account’s, the broker refuses them: Azure itself checks none',
  },
};

interface Application {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A customer with a Key Vault in their own tenant. */
class AzureCustomer implements Customer {
  readonly kms = 'azure';
  readonly words = WORDS;
  readonly #api: ControlApi;
  readonly #application: Application;

  /** @param application the provider's, as which the broker comes */
  constructor(api: ControlApi, application: Application) {
    this.#api = api;
    this.#application = application;
  }

  async createKey(): Promise<References> {
    const spec = { name: VAULT, tenantId: CUSTOMER_TENANT };
    const { host: vault } = await this.#api.post<{ host: string }>('/vaults', spec);
    const key = { vault, name: KEY, type: 'RSA-HSM', bits: 3072 };
    const { id } = await this.#api.post<{ id: string }>('/keys', key);
    return [id];
  }

  async allowBroker([reference]: References): Promise<void> {
    const { clientId } = this.#application;
    const consent = { clientId, tenantId: CUSTOMER_TENANT };
    const { oid } = await this.#api.post<{ oid: string }>('/consents', consent);
    const vault = new URL(reference).host;
    const role = 'Key Vault Crypto Service Encryption User';
    await this.#api.post('/roles', { vault, oid, role, key: KEY });
  }

  disable(references: References): Promise<void> {
    return this.#api.turn(references, 'disable');
  }

  enable(references: References): Promise<void> {
    return this.#api.turn(references, 'enable');
  }

  destroy(references: References): Promise<void> {
    return this.#api.turn(references, 'delete');
  }

  async keyUses(): Promise<KeyUse[]> {
    return (await this.#api.get<AuditEvent[]>('/events')).flatMap(toKeyUse);
  }

  placeOf(reference: string): string {
    return new URL(reference).host;
  }

  get logUrl(): string {
    return `${this.#api.url}/events`;
  }

  keyUrl(reference: string): string {
    return this.#api.keyUrl(reference);
  }
}

/** Starts an emulated Azure with the provider's application in it. */
export async function startAzureCustomer(dir: string): Promise<CustomerSide> {
  const caFile = join(dir, 'azure-ca.pem');
  const { process, addresses } = await launchEmulator(dir, 'azure-kms', ['--ca-file', caFile]);
  const api = new ControlApi(addresses.controlUrl);
  const application = await api.post<Application>('/applications', { tenantId: PROVIDER_TENANT });
  return {
    customer: new AzureCustomer(api, application),
    process,
    brokerEnv: {
      CMK_AZURE_CONNECT_TO: String(addresses['connectTo']),
      CMK_AZURE_CA_FILE: caFile,
      CMK_AZURE_CREDENTIAL: 'environment',
      AZURE_TENANT_ID: application.tenantId,
      AZURE_CLIENT_ID: application.clientId,
      AZURE_CLIENT_SECRET: application.clientSecret,
    },
  };
}

function toKeyUse({
  time,
  operationName,
  resultType,
  resultSignature,
  identity,
  properties,
}: AuditEvent): KeyUse[] {
  const kind = KINDS[operationName];
  if (!kind) return [];
  const { id, clientInfo } = properties;
  const refusal = resultType === 'Failed' ? resultSignature : null;
  const excerpt = {
    time,
    operationName,
    resultType,
    resultSignature,
    identity,
    properties: { id, clientInfo },
  };
  return [{ kind, operation: operationName, place: new URL(id).host, context: null, refusal, excerpt }];
}
