import type { ClientAssertionCredential } from '@azure/identity';
import { withDeadline } from '../deadline.ts';
import type { AzureConfig } from './config.ts';
import { toCredentialError } from './errors.ts';
import { CLOUDS } from './reference.ts';
import type { AzureTransport } from './transport.ts';

export type AzureCredential = Pick<ClientAssertionCredential, 'getToken'>;
/** What tests and special set-ups give in place of what the settings say. */
export type MakeCredential = (options: IdentityOptions) => AzureCredential | Promise<AzureCredential>;
type GetToken = AzureCredential['getToken'];

const TOKEN_TIMEOUT_MS = 5_000;
/** What Entra expects a managed identity to ask for when it stands for an application. */
const TOKEN_EXCHANGE: Readonly<Record<AzureConfig['azureCloud'], string>> = {
  public: 'api://AzureADTokenExchange/.default',
  'us-government': 'api://AzureADTokenExchangeUSGov/.default',
  china: 'api://AzureADTokenExchangeChina/.default',
};

/**
 * The broker's application, in whichever tenant a vault asks for: a customer who lets it in has a principal of it in
 * their own tenant. A token is asked for once at a time, whoever waits, and no caller's cancelling ends it for others.
 */
export class SharedCredential implements AzureCredential {
  readonly #create: () => AzureCredential | Promise<AzureCredential>;
  readonly #underWay = new Map<string, ReturnType<GetToken>>();
  #credential: AzureCredential | null = null;

  /** @param create called at the first use: a broker without customers in Azure needs no credential for it */
  constructor(create: () => AzureCredential | Promise<AzureCredential>) {
    this.#create = create;
  }

  /** @throws KmsError */
  getToken: GetToken = (scopes, options = {}) => {
    const { tenantId, claims, enableCae } = options;
    const wanted = JSON.stringify([scopes, tenantId, claims, enableCae]);
    const known = this.#underWay.get(wanted);
    if (known) return known;
    const asking = this.#ask(scopes, {
      ...(tenantId === undefined ? {} : { tenantId }),
      ...(claims === undefined ? {} : { claims }),
      ...(enableCae === undefined ? {} : { enableCae }),
    }).finally(() => this.#underWay.delete(wanted));
    this.#underWay.set(wanted, asking);
    return asking;
  };

  async #ask(...[scopes, options]: Parameters<GetToken>): ReturnType<GetToken> {
    try {
      const credential = (this.#credential ??= await this.#create());
      return await withDeadline(
        { timeoutMs: TOKEN_TIMEOUT_MS },
        (abortSignal) => credential.getToken(scopes, { ...options, abortSignal }),
        () => undefined,
      );
    } catch (error) {
      const translated = toCredentialError(error);
      // The SDK would answer the same to everybody for a minute, without asking. A new one asks.
      if (translated.retryable) this.#credential = null;
      throw translated;
    }
  }
}

/** What every credential over Entra needs. */
export function identityOptions(config: AzureConfig, transport: AzureTransport) {
  return {
    ...transport.clientOptions(),
    authorityHost: CLOUDS[config.azureCloud].authority,
    // The authorities are known; whether they are Entra’s needs no asking.
    disableInstanceDiscovery: true,
    // The vault says which tenant it is; the credential itself goes to the authority above alone.
    additionallyAllowedTenants: ['*'],
  };
}

export type IdentityOptions = ReturnType<typeof identityOptions>;

/**
 * Loads the SDK, which is large, for those alone who use it.
 * @throws what the SDK throws when something that it needs is not there
 */
export async function createCredential(
  config: AzureConfig,
  options: IdentityOptions,
): Promise<AzureCredential> {
  const {
    ClientAssertionCredential,
    EnvironmentCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
  } = await import('@azure/identity');
  if (config.azureCredential === 'workload-identity') return new WorkloadIdentityCredential(options);
  if (config.azureCredential === 'environment') return new EnvironmentCredential(options);
  const identity = new ManagedIdentityCredential({
    retryOptions: { maxRetries: 0 },
    ...(config.azureManagedIdentity === null ? {} : { clientId: config.azureManagedIdentity }),
  });
  if (config.azureApplication === null) return identity;
  const [tenantId = '', clientId = ''] = config.azureApplication.split('/');
  const assertion = async () => (await identity.getToken(TOKEN_EXCHANGE[config.azureCloud])).token;
  return new ClientAssertionCredential(tenantId, clientId, assertion, options);
}
