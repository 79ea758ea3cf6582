import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { transitPolicy } from '../../broker/kms/transit/policy.ts';
import { parseContext } from '../../core/context-encoding.ts';
import type { EncryptionContext } from '../../core/encryption-context.ts';
import { launchEmulator } from '../parts.ts';
import type { AuditEntry } from '../transit/audit.ts';
import { ControlApi } from './control-api.ts';
import type { Customer, CustomerSide, CustomerWords, KeyUse, References } from './customer.ts';

const MOUNT = 'transit';
const KEY = 'recordings';
const POLICY = 'cmk';
const ROLE = 'cmk-broker';
/** As Kubernetes names the broker's service account. */
const BROKER_SUBJECT = 'system:serviceaccount:cmk:broker';
const AUDIENCE = 'vault';

const KINDS: Readonly<Record<string, KeyUse['kind']>> = { encrypt: 'WRAP', decrypt: 'UNWRAP' };

const WORDS: CustomerWords = {
  service: 'OpenBao',
  key: 'In Acme’s own OpenBao, a transit key without a replica:',
  permission:
    'A role knows the broker by its service account; its policy allows this key for Acme’s assets and nothing else.',
  log: 'Its associated_data is the context in Base64 and names the recording: Acme tuned the mount to log it in the clear.',
  disabling:
    'By OpenBao’s soft deletion, which restoring ends. HashiCorp’s Vault has none: there the policy is taken away.',
  steps: {
    DELETION_PROTECTION: 'it cannot be deleted unless Acme first allows that',
    GENERATE: 'it wraps a new data key, which the broker makes',
  },
};

/** A customer with an OpenBao server. */
class TransitCustomer implements Customer {
  readonly kms = 'transit';
  readonly words = WORDS;
  readonly #api: ControlApi;

  constructor(api: ControlApi) {
    this.#api = api;
  }

  async createKey(): Promise<References> {
    const { url } = await this.#api.post<{ url: string }>(`/keys/${KEY}?mount=${MOUNT}`, {
      type: 'aes256-gcm96',
    });
    return [url];
  }

  async allowBroker([reference]: References, account: string): Promise<void> {
    const policy = transitPolicy({ mount: MOUNT, name: nameOf(reference), account });
    await this.#api.put(`/policies/${POLICY}`, policy);
    await this.#api.put(`/roles/kubernetes/${ROLE}`, {
      subject: BROKER_SUBJECT,
      audience: AUDIENCE,
      policies: [POLICY],
      ttlSeconds: 3_600,
    });
  }

  disable(references: References): Promise<void> {
    return this.#api.turn(references.map(nameOf), 'disable');
  }

  enable(references: References): Promise<void> {
    return this.#api.turn(references.map(nameOf), 'enable');
  }

  async destroy(references: References): Promise<void> {
    const names = references.map(nameOf);
    for (const action of ['allow-deletion', 'delete']) await this.#api.turn(names, action);
  }

  async keyUses(): Promise<KeyUse[]> {
    return (await this.#api.get<AuditEntry[]>('/events')).flatMap(toKeyUse);
  }

  placeOf(reference: string): string {
    return new URL(reference).pathname.replace('/v1/', '');
  }

  get logUrl(): string {
    return `${this.#api.url}/events`;
  }

  keyUrl(reference: string): string {
    return this.#api.keyUrl(nameOf(reference));
  }
}

/** Starts an emulated server, and leaves the broker a service account's token as a pod finds it. */
export async function startTransitCustomer(dir: string): Promise<CustomerSide> {
  const { process, addresses } = await launchEmulator(dir, 'transit', ['--audit-plain', 'associated_data']);
  const api = new ControlApi(addresses.controlUrl);
  const { jwt } = await api.post<{ jwt: string }>('/jwt', {
    sub: BROKER_SUBJECT,
    aud: AUDIENCE,
    // The sandbox may stay up for long, and nobody renews this file.
    lifeSeconds: 30 * 86_400,
  });
  const tokenPath = join(dir, 'service-account-token');
  await writeFile(tokenPath, jwt, { mode: 0o600 });
  const serversPath = join(dir, 'transit-servers.json');
  const login = { method: 'kubernetes', role: ROLE, tokenPath };
  await writeFile(serversPath, JSON.stringify({ servers: [{ url: addresses['url'], login }] }));
  return {
    customer: new TransitCustomer(api),
    process,
    brokerEnv: { CMK_TRANSIT_SERVERS: serversPath },
  };
}

function nameOf(reference: string): string {
  return new URL(reference).pathname.split('/').at(-1) ?? '';
}

function toKeyUse({ time, auth, request, error }: AuditEntry): KeyUse[] {
  const [mount = '', operation = '', name = ''] = request.path.split('/');
  const kind = KINDS[operation];
  if (mount !== MOUNT || !kind) return [];
  const { display_name, policies } = auth;
  const { path, data, remote_address } = request;
  const excerpt = { time, auth: { display_name, policies }, request: { path, data, remote_address } };
  return [
    {
      kind,
      operation,
      place: `${mount}/keys/${name}`,
      context: contextOf(data),
      refusal: error ?? null,
      excerpt,
    },
  ];
}

function contextOf(data: AuditEntry['request']['data']): EncryptionContext {
  const text = data?.['associated_data'];
  return typeof text === 'string' ? parseContext(Buffer.from(text, 'base64')) : {};
}
