import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { AuthenticationDetailsProvider } from 'oci-common';
import { CmkError } from '../../../core/errors.ts';
import { KmsError } from '../provider.ts';
import type { OciConfig } from './config.ts';

/** What requests are signed with. */
export interface SigningKey {
  /** `TENANCY/USER/FINGERPRINT`, or `ST$` and a session token. */
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

/** An API key given in place of what the configuration names. */
export interface OciCredentials {
  readonly keyId: string;
  /** PEM. */
  readonly privateKey: string;
}

/** Where the SDK's key and name come from; the SDK itself is loaded at the first use. */
type Source = Pick<AuthenticationDetailsProvider, 'getKeyId' | 'getPrivateKey' | 'getPassphrase'> & {
  closeProvider?(): void;
};

/** The broker's own identity towards OCI. */
export class Identity {
  readonly #open: () => Promise<Source>;
  #source: Source | null = null;
  #asking: Promise<SigningKey> | null = null;
  #last: { pem: string; privateKey: KeyObject } | null = null;

  /** @throws CmkError CONFIG_INVALID when the mode's settings are not all there */
  constructor(config: OciConfig, credentials: OciCredentials | null) {
    this.#open = credentials ? () => Promise.resolve(constant(credentials)) : sourceOf(config);
  }

  /**
   * The key of the moment; session tokens are renewed on the way. However many ask at once, OCI is asked once: a
   * token belongs to the private key that was made with it.
   * @throws KmsError AUTH_FAILED
   */
  signingKey(): Promise<SigningKey> {
    this.#asking ??= this.#ask().finally(() => (this.#asking = null));
    return this.#asking;
  }

  close(): void {
    this.#source?.closeProvider?.();
    this.#source = null;
  }

  async #ask(): Promise<SigningKey> {
    try {
      this.#source ??= await this.#open();
      const keyId = await this.#source.getKeyId();
      return { keyId, privateKey: this.#parse(this.#source) };
    } catch (error) {
      // Opened anew next time: some sources read the platform's certificates and tokens only then.
      this.close();
      throw new KmsError('AUTH_FAILED', 'the broker has no OCI credentials', { cause: error });
    }
  }

  #parse(source: Source): KeyObject {
    const pem = source.getPrivateKey();
    if (this.#last?.pem === pem) return this.#last.privateKey;
    const passphrase = source.getPassphrase();
    const privateKey = createPrivateKey({ key: pem, ...(passphrase === null ? {} : { passphrase }) });
    this.#last = { pem, privateKey };
    return privateKey;
  }
}

function sourceOf(config: OciConfig): () => Promise<Source> {
  switch (config.ociAuth) {
    case 'instance-principal':
      return async () => {
        const { InstancePrincipalsAuthenticationDetailsProviderBuilder } = await import('oci-common');
        return new InstancePrincipalsAuthenticationDetailsProviderBuilder().build();
      };
    case 'resource-principal':
      return async () => {
        const { ResourcePrincipalAuthenticationDetailsProvider } = await import('oci-common');
        return ResourcePrincipalAuthenticationDetailsProvider.builder();
      };
    case 'workload-identity':
      return async () => {
        const { OkeWorkloadIdentityAuthenticationDetailsProvider } = await import('oci-common');
        return OkeWorkloadIdentityAuthenticationDetailsProvider.builder('', '');
      };
    case 'config-file':
      return async () => {
        const { ConfigFileAuthenticationDetailsProvider } = await import('oci-common');
        return new ConfigFileAuthenticationDetailsProvider(
          config.ociConfigFile ?? undefined,
          config.ociConfigProfile,
        );
      };
    case 'api-key':
      return apiKeySource(config);
  }
}

function apiKeySource({ ociApiKeyId: keyId, ociApiKeyFile: file }: OciConfig): () => Promise<Source> {
  if (keyId === null || file === null) {
    throw new CmkError(
      'CONFIG_INVALID',
      'CMK_OCI_AUTH: api-key needs CMK_OCI_API_KEY_ID and CMK_OCI_API_KEY_FILE',
    );
  }
  return async () => constant({ keyId, privateKey: await readFile(file, 'utf8') });
}

function constant({ keyId, privateKey }: OciCredentials): Source {
  return {
    getKeyId: () => Promise.resolve(keyId),
    getPrivateKey: () => privateKey,
    getPassphrase: () => null,
  };
}
