import type * as keyManagement from 'oci-keymanagement';
import type * as common from 'oci-common';
import type { EncryptionContext } from '../../../core/encryption-context.ts';
import type { OciConfig } from './config.ts';
import { Identity, type OciCredentials } from './identity.ts';
import type { OciKey } from './reference.ts';
import { Transport } from './transport.ts';

/** Answers as this reads them: whatever is missing or of another type is undefined. */
export interface KeyAnswer {
  readonly keyId: string | undefined;
  readonly plaintext?: Buffer | undefined;
  /** Text of OCI's making, which names the key's version; kept as it is. */
  readonly ciphertext?: string | undefined;
}

export interface KeyState {
  readonly keyId: string | undefined;
  readonly lifecycleState: string;
  readonly algorithm: string;
  readonly lengthBytes: number;
  /** `HSM`, `SOFTWARE` or `EXTERNAL`. */
  readonly protectionMode: string;
}

interface Sdk {
  readonly keyManagement: typeof keyManagement;
  readonly clientConfiguration: common.ClientConfiguration;
}

/**
 * The four calls that are needed, over the SDK's clients. Here alone data keys are strings for a moment: OCI's
 * protocol is JSON, with plaintexts in base64.
 */
export class OciClient {
  readonly #identity: Identity;
  readonly #transport: Transport;
  #sdk: Promise<Sdk> | null = null;

  constructor(config: OciConfig, credentials: OciCredentials | null) {
    this.#identity = new Identity(config, credentials);
    this.#transport = new Transport(config, this.#identity);
  }

  async generate(key: OciKey, context: EncryptionContext, signal: AbortSignal): Promise<KeyAnswer> {
    const client = await this.#crypto(key, signal);
    const { models } = (await this.#load()).keyManagement;
    const { generatedKey } = await client.generateDataEncryptionKey({
      generateKeyDetails: {
        keyId: key.ocid,
        keyShape: { algorithm: models.KeyShape.Algorithm.Aes, length: 32 },
        includePlaintextKey: true,
        ...bound(context),
      },
    });
    return answerOf(generatedKey);
  }

  async encrypt(
    key: OciKey,
    plaintext: Buffer,
    context: EncryptionContext,
    signal: AbortSignal,
  ): Promise<KeyAnswer> {
    const client = await this.#crypto(key, signal);
    const { encryptedData } = await client.encrypt({
      encryptDataDetails: { keyId: key.ocid, plaintext: plaintext.toString('base64'), ...bound(context) },
    });
    return answerOf(encryptedData);
  }

  async decrypt(
    key: OciKey,
    ciphertext: string,
    context: EncryptionContext,
    signal: AbortSignal,
  ): Promise<KeyAnswer> {
    const client = await this.#crypto(key, signal);
    const { decryptedData } = await client.decrypt({
      decryptDataDetails: { keyId: key.ocid, ciphertext, ...bound(context) },
    });
    return answerOf(decryptedData);
  }

  async getKey(key: OciKey, signal: AbortSignal): Promise<KeyState> {
    const { keyManagement, clientConfiguration } = await this.#load();
    const httpClient = this.#transport.client(signal);
    const client = new keyManagement.KmsManagementClient({ httpClient }, clientConfiguration);
    client.endpoint = await this.#transport.baseUrl(key, 'management');
    const answer = (await client.getKey({ keyId: key.ocid })).key as Partial<keyManagement.models.Key>;
    return {
      keyId: textOf(answer.id),
      lifecycleState: textOf(answer.lifecycleState) ?? '',
      algorithm: textOf(answer.keyShape?.algorithm) ?? '',
      lengthBytes: answer.keyShape?.length ?? 0,
      protectionMode: textOf(answer.protectionMode) ?? '',
    };
  }

  /** Ends every connection; calls under way fail. */
  close(): void {
    this.#transport.close();
    this.#identity.close();
  }

  /** A client for one call: it is a few fields, and so the call's own signal reaches the connection. */
  async #crypto(key: OciKey, signal: AbortSignal): Promise<keyManagement.KmsCryptoClient> {
    const { keyManagement, clientConfiguration } = await this.#load();
    const httpClient = this.#transport.client(signal);
    const client = new keyManagement.KmsCryptoClient({ httpClient }, clientConfiguration);
    client.endpoint = await this.#transport.baseUrl(key, 'crypto');
    return client;
  }

  /** Takes 200 ms and 30 MB, which only those pay whose customers keep keys in OCI. */
  #load(): Promise<Sdk> {
    this.#sdk ??= loadSdk();
    return this.#sdk;
  }
}

async function loadSdk(): Promise<Sdk> {
  const [keyManagement, { CircuitBreaker, NoRetryConfigurationDetails }] = await Promise.all([
    import('oci-keymanagement'),
    import('oci-common'),
  ]);
  // The caller decides what to retry, and when to give up on a key.
  const circuitBreaker = new CircuitBreaker({ disableClientCircuitBreaker: true });
  return {
    keyManagement,
    clientConfiguration: { circuitBreaker, retryConfiguration: NoRetryConfigurationDetails },
  };
}

/** The first map binds the context to the ciphertext, the second is for the customer's log. */
function bound(context: EncryptionContext): Record<'associatedData' | 'loggingContext', EncryptionContext> {
  return { associatedData: { ...context }, loggingContext: { ...context } };
}

function answerOf(answer: object): KeyAnswer {
  const { keyId, plaintext, ciphertext } = answer as Record<string, unknown>;
  const base64 = textOf(plaintext);
  return {
    keyId: textOf(keyId),
    plaintext: base64 === undefined ? undefined : Buffer.from(base64, 'base64'),
    ciphertext: textOf(ciphertext),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
