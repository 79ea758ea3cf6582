import type * as keyVault from '@azure/keyvault-keys';
import type { CryptographyClient, DeletedKey, KeyClient, KeyVaultKey } from '@azure/keyvault-keys';
import type { WrapAlgorithm } from './blob.ts';
import type { AzureCredential } from './credential.ts';
import { formatKeyId, type KeyId } from './reference.ts';
import type { AzureTransport } from './transport.ts';

/** Customers name vaults and keys, so their number needs a bound; a client without its sockets is small. */
const MAX_CLIENTS = 512;

/** What a vault answers to wrapping and unwrapping; either may be missing, whatever the SDK's types say. */
export interface KeyAnswer {
  /** The versioned identifier of the key that did it, as the vault names it. */
  readonly keyId: string | undefined;
  /** The caller wipes it, where it is a key. */
  readonly bytes: Uint8Array | undefined;
}

/**
 * The SDK's clients over shared connections. The REST API carries keys as Base64 in JSON: what crosses here as text
 * is a one-time key, never a data key.
 */
export class AzureClients {
  readonly #credential: AzureCredential;
  readonly #transport: AzureTransport;
  readonly #vaults = new Map<string, KeyClient>();
  readonly #keys = new Map<string, CryptographyClient>();
  #sdk: Promise<typeof keyVault> | null = null;

  constructor(credential: AzureCredential, transport: AzureTransport) {
    this.#credential = credential;
    this.#transport = transport;
  }

  wrapKey(
    id: KeyId,
    algorithm: WrapAlgorithm,
    key: Uint8Array,
    abortSignal: AbortSignal,
  ): Promise<KeyAnswer> {
    return answerOf(async (onResponse) =>
      (await this.#key(id)).wrapKey(algorithm, key, { abortSignal, onResponse }),
    );
  }

  unwrapKey(
    id: KeyId,
    algorithm: WrapAlgorithm,
    wrapped: Uint8Array,
    abortSignal: AbortSignal,
  ): Promise<KeyAnswer> {
    return answerOf(async (onResponse) =>
      (await this.#key(id)).unwrapKey(algorithm, wrapped, { abortSignal, onResponse }),
    );
  }

  async getKey(id: KeyId, abortSignal: AbortSignal): Promise<KeyVaultKey> {
    const version = id.version === null ? {} : { version: id.version };
    return (await this.#vault(id)).getKey(id.name, { ...version, abortSignal });
  }

  async getDeletedKey(id: KeyId, abortSignal: AbortSignal): Promise<DeletedKey> {
    return (await this.#vault(id)).getDeletedKey(id.name, { abortSignal });
  }

  /** Ends every connection; calls under way fail. */
  close(): void {
    this.#vaults.clear();
    this.#keys.clear();
    this.#transport.close();
  }

  async #vault({ host }: KeyId): Promise<KeyClient> {
    const { KeyClient } = await this.#load();
    return remembered(
      this.#vaults,
      host,
      () => new KeyClient(`https://${host}`, this.#credential, this.#transport.vaultOptions()),
    );
  }

  async #key(id: KeyId): Promise<CryptographyClient> {
    const { CryptographyClient } = await this.#load();
    const keyId = formatKeyId(id);
    const vaultUrl = `https://${id.host}`;
    // A key rather than its identifier: for an identifier the SDK would fetch the key first, and then go by what it
    // was at that time, long after the customer has changed or rotated it.
    const key: KeyVaultKey = { id: keyId, name: id.name, properties: { name: id.name, vaultUrl } };
    return remembered(
      this.#keys,
      keyId,
      () => new CryptographyClient(key, this.#credential, this.#transport.vaultOptions()),
    );
  }

  /** The SDK is large: loaded for those alone who use it. */
  #load(): Promise<typeof keyVault> {
    return (this.#sdk ??= import('@azure/keyvault-keys'));
  }
}

/** The SDK answers with the identifier that it was asked with. Which version the vault used stands in the body alone. */
async function answerOf(
  call: (onResponse: (response: { parsedBody?: unknown }) => void) => Promise<{ result: Uint8Array }>,
): Promise<KeyAnswer> {
  let keyId: unknown;
  const { result } = await call(({ parsedBody }) => {
    keyId = (parsedBody as { kid?: unknown } | undefined)?.kid;
  });
  return {
    keyId: typeof keyId === 'string' ? keyId : undefined,
    bytes: (result as unknown) instanceof Uint8Array ? result : undefined,
  };
}

function remembered<T>(clients: Map<string, T>, name: string, create: () => T): T {
  const known = clients.get(name);
  if (known !== undefined) return known;
  if (clients.size >= MAX_CLIENTS) clients.clear();
  const client = create();
  clients.set(name, client);
  return client;
}
