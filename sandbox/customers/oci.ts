import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CryptoEvent, OciEvent } from '../oci-kms/audit.ts';
import { launchEmulator } from '../parts.ts';
import { ControlApi } from './control-api.ts';
import type { Customer, CustomerSide, CustomerWords, KeyUse, References } from './customer.ts';

const REGION = 'us-ashburn-1';
const GROUP = 'cmk-broker';
const COMPARTMENT = 'Keys';

/** By the log's `requestAction`. */
const USES: Readonly<Record<string, Pick<KeyUse, 'kind' | 'operation'>>> = {
  GENERATEDEK: { kind: 'WRAP', operation: 'GenerateDataEncryptionKey' },
  ENCRYPT: { kind: 'WRAP', operation: 'Encrypt' },
  DECRYPT: { kind: 'UNWRAP', operation: 'Decrypt' },
};

const WORDS: CustomerWords = {
  service: 'OCI Vault',
  key: 'In a vault of Acme’s own tenancy, a key without a replica:',
  permission:
    'Policies of both tenancies admit the broker to this one key. They cannot name assets: the broker takes it for Acme alone.',
  log: 'It names the recording in loggingContext. Oracle does not document that field of the log: look for it in a record of your own.',
  disabling: 'OCI answers with a conflict, not with a cause: the broker asks for the key’s state.',
  steps: {},
};

interface Provider {
  readonly tenancy: string;
  /** Of the broker. */
  readonly group: string;
}

/** A customer with a vault in their own tenancy. */
class OciCustomer implements Customer {
  readonly kms = 'oci';
  readonly words = WORDS;
  readonly #api: ControlApi;
  readonly #provider: Provider;
  readonly #tenancy: string;

  constructor(api: ControlApi, parties: { provider: Provider; tenancy: string }) {
    this.#api = api;
    this.#provider = parties.provider;
    this.#tenancy = parties.tenancy;
  }

  async createKey(): Promise<References> {
    const spec = { tenancy: this.#tenancy, region: REGION, compartment: COMPARTMENT };
    const { ocid: vault } = await this.#api.post<{ ocid: string }>('/vaults', spec);
    const { ocid } = await this.#api.post<{ ocid: string }>('/keys', { vault, displayName: 'recordings' });
    return [ocid];
  }

  async allowBroker([key]: References): Promise<void> {
    const { tenancy, group } = this.#provider;
    await this.#api.post('/policies', {
      tenancy,
      name: 'cmk',
      statements: [
        `Define tenancy Acme as ${this.#tenancy}`,
        `Endorse group ${GROUP} to use keys in tenancy Acme`,
      ],
    });
    const condition = `target.key.id = '${key}', request.permission != 'KEY_EXPORT'`;
    await this.#api.post('/policies', {
      tenancy: this.#tenancy,
      name: 'cmk',
      statements: [
        `Define tenancy Provider as ${tenancy}`,
        `Define group CmkBroker as ${group}`,
        `Admit group CmkBroker of tenancy Provider to use keys in compartment ${COMPARTMENT} where all {${condition}}`,
      ],
    });
  }

  disable(references: References): Promise<void> {
    return this.#api.turn(references, 'disable');
  }

  enable(references: References): Promise<void> {
    return this.#api.turn(references, 'enable');
  }

  destroy(references: References): Promise<void> {
    return this.#api.turn(references, 'schedule-deletion');
  }

  async keyUses(): Promise<KeyUse[]> {
    const log = await this.#api.get<OciEvent[]>(`/events?tenancy=${this.#tenancy}`);
    return log.flatMap((event) => ('logContent' in event ? toKeyUse(event) : []));
  }

  placeOf(): string {
    return REGION;
  }

  get logUrl(): string {
    return `${this.#api.url}/events?tenancy=${this.#tenancy}`;
  }

  keyUrl(reference: string): string {
    return this.#api.keyUrl(reference);
  }
}

/** Starts an emulated OCI Vault with the provider's and the customer's tenancies in it. */
export async function startOciCustomer(dir: string): Promise<CustomerSide> {
  const { process, addresses } = await launchEmulator(dir, 'oci-kms', ['--regions', REGION]);
  const endpoints = addresses['endpoints'] as Readonly<Record<string, string>>;
  const api = new ControlApi(addresses.controlUrl);
  const { ocid: tenancy } = await api.post<{ ocid: string }>('/tenancies');
  const { ocid: group } = await api.post<{ ocid: string }>('/groups', {
    tenancy,
    kind: 'group',
    name: GROUP,
  });
  const broker = { tenancy, kind: 'user', name: 'broker', groups: [group] };
  const { keyId, privateKey } = await api.post<{ keyId: string; privateKey: string }>('/principals', broker);
  const keyFile = join(dir, 'oci-api-key.pem');
  await writeFile(keyFile, privateKey, { mode: 0o600 });
  const { ocid: customerTenancy } = await api.post<{ ocid: string }>('/tenancies');
  return {
    customer: new OciCustomer(api, { provider: { tenancy, group }, tenancy: customerTenancy }),
    process,
    brokerEnv: {
      CMK_OCI_AUTH: 'api-key',
      CMK_OCI_API_KEY_ID: keyId,
      CMK_OCI_API_KEY_FILE: keyFile,
      CMK_OCI_KMS_ENDPOINT: endpoints[REGION] ?? '',
    },
  };
}

function toKeyUse({ logContent: { time, type, subject, data } }: CryptoEvent): KeyUse[] {
  const use = USES[data.requestAction];
  if (!use) return [];
  const { requestAction, principalId, statusCode, loggingContext } = data;
  const refusal = statusCode === 200 ? null : String(statusCode);
  const excerpt = { time, type, subject, data: { requestAction, principalId, statusCode, loggingContext } };
  return [{ ...use, place: REGION, context: loggingContext, refusal, excerpt }];
}
