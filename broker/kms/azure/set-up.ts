import { shellCommand, shellWord } from '../quoting.ts';
import { checkFact, ours, type SetUpDocument } from '../set-up.ts';
import type { AzureConfig } from './config.ts';
import { CLOUDS } from './reference.ts';
import { terraform } from './terraform.ts';

export interface AzureSetUpFacts {
  readonly kind: 'vault' | 'managed-hsm';
  /** The name of the vault or of the Managed HSM. */
  readonly vault: string;
  /** The key's name. */
  readonly key: string;
  /** GUID of the customer's subscription. */
  readonly subscription: string;
  readonly resourceGroup: string;
  /** E.g. `westeurope`. */
  readonly location: string;
}

/** All that the documents are made of. */
export interface AzureSetUpPlan extends AzureSetUpFacts {
  readonly account: string;
  /** The provider's application, as the customer's tenant lets it in. */
  readonly application: string;
}

/** The roles that may look at a key, wrap and unwrap with it, and nothing else. */
export const VAULT_ROLE = 'Key Vault Crypto Service Encryption User';
export const HSM_ROLE = 'Managed HSM Crypto Service Encryption User';

/** @throws CmkError INVALID_ARGUMENT */
export function azureSetUp(
  { azureApplication, azureCloud }: Pick<AzureConfig, 'azureApplication' | 'azureCloud'>,
  account: string,
  facts: AzureSetUpFacts,
): readonly SetUpDocument[] {
  checkFacts(facts);
  const application = azureApplication?.split('/')[1] ?? null;
  const plan = { ...facts, account, application: ours(application, 'CMK_AZURE_APPLICATION') };
  const { authority } = CLOUDS[azureCloud];
  const consent = `${authority}/organizations/adminconsent?client_id=${plan.application}`;
  const isVault = facts.kind === 'vault';
  return [
    customers(
      'Let the application in',
      'sh',
      `az ad sp create --id ${shellWord(plan.application)} --query id --output tsv`,
      'It makes a service principal of the application in the customer’s tenant, which can do nothing yet.',
    ),
    customers(
      'Let the application in: in the browser',
      'text',
      consent,
      'In place of that command, for an administrator of the tenant.',
    ),
    isVault ? vaultCommand(plan) : hsmCommand(plan),
    keyCommand(plan),
    roleCommand(plan),
    customers('Terraform', 'hcl', terraform(plan), terraformNote(isVault)),
  ];
}

function customers(
  title: string,
  language: SetUpDocument['language'],
  text: string,
  note?: string,
): SetUpDocument {
  return { title, who: 'CUSTOMER', language, text, ...(note === undefined ? {} : { note }) };
}

function vaultCommand(plan: AzureSetUpPlan): SetUpDocument {
  const text = shellCommand(
    `az keyvault create --name ${shellWord(plan.vault)} ${place(plan)} --sku premium`,
    '--enable-rbac-authorization true --enable-purge-protection true --retention-days 90',
  );
  const note =
    'Deleted keys are kept for 90 days, and nobody can destroy one earlier. Premium keeps keys in an HSM.';
  return customers('Vault', 'sh', text, note);
}

function hsmCommand(plan: AzureSetUpPlan): SetUpDocument {
  const text = shellCommand(
    `az keyvault create --hsm-name ${shellWord(plan.vault)} ${place(plan)}`,
    '--administrators "$(az ad signed-in-user show --query id --output tsv)"',
    '--enable-purge-protection true --retention-days 90',
  );
  return customers('Managed HSM', 'sh', text, 'Then activate it: download its security domain.');
}

function place({ subscription, resourceGroup, location }: AzureSetUpPlan): string {
  return `--subscription ${shellWord(subscription)} \\\n  --resource-group ${shellWord(resourceGroup)} --location ${shellWord(location)}`;
}

function keyCommand({ kind, vault, key }: AzureSetUpPlan): SetUpDocument {
  const [where, type] =
    kind === 'vault'
      ? ['--vault-name', '--kty RSA-HSM --size 3072']
      : ['--hsm-name', '--kty oct-HSM --size 256'];
  const text = shellCommand(
    `az keyvault key create ${where} ${shellWord(vault)} --name ${shellWord(key)}`,
    `${type} --ops wrapKey unwrapKey`,
  );
  return customers('Key', 'sh', text, 'It wraps and unwraps, and does nothing else.');
}

function roleCommand(plan: AzureSetUpPlan): SetUpDocument {
  const { kind, vault, key, application } = plan;
  const principal = `PRINCIPAL_ID=$(az ad sp show --id ${shellWord(application)} --query id --output tsv)`;
  const assignee = '--assignee-object-id "$PRINCIPAL_ID" --assignee-principal-type ServicePrincipal';
  const assignment =
    kind === 'vault'
      ? shellCommand(
          `az role assignment create --role ${shellWord(VAULT_ROLE)}`,
          assignee,
          `--scope ${shellWord(`${vaultId(plan)}/keys/${key}`)}`,
        )
      : shellCommand(
          `az keyvault role assignment create --hsm-name ${shellWord(vault)}`,
          `--role ${shellWord(HSM_ROLE)}`,
          assignee,
          `--scope ${shellWord(`/keys/${key}`)}`,
        );
  return customers('Role', 'sh', `${principal}\n${assignment}`, 'On this one key.');
}

/** As Azure names the vault among its resources. */
export function vaultId({ subscription, resourceGroup, vault }: AzureSetUpFacts): string {
  return `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.KeyVault/vaults/${vault}`;
}

function terraformNote(isVault: boolean): string {
  if (isVault) return 'Whoever applies it needs the role “Key Vault Crypto Officer” to make the key.';
  return 'For a Managed HSM that is there and activated. Whoever applies it needs the roles “Managed HSM Crypto User” and “Managed HSM Policy Administrator”.';
}

function checkFacts({ vault, key, subscription, resourceGroup, location }: AzureSetUpFacts): void {
  const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
  checkFact('vault', vault, /^[a-z](?!.*--)[a-z0-9-]{1,22}[a-z0-9]$/i, '3 to 24 letters, digits and hyphens');
  checkFact('key', key, /^[a-z0-9][a-z0-9-]{0,126}$/i, '1 to 127 letters, digits and hyphens');
  checkFact('subscription', subscription, guid, 'GUID');
  checkFact(
    'resourceGroup',
    resourceGroup,
    /^[\p{L}\p{N}_.()-]{0,89}[\p{L}\p{N}_()-]$/u,
    'name of a resource group',
  );
  checkFact('location', location, /^[a-z0-9]{2,40}$/, 'location, e.g. westeurope');
}
