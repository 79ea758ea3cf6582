import { hclString } from '../quoting.ts';
import { HSM_ROLE, VAULT_ROLE, type AzureSetUpPlan } from './set-up.ts';

/** For version 4 of Terraform's `azurerm` provider and version 3 of `azuread`. */
export function terraform(plan: AzureSetUpPlan): string {
  const blocks = plan.kind === 'vault' ? vaultBlocks(plan) : hsmBlocks(plan);
  return [
    `terraform {
  required_providers {
    azuread = { source = "hashicorp/azuread", version = "~> 3.0" }
    azurerm = { source = "hashicorp/azurerm", version = "~> 4.42" }
  }
}

provider "azurerm" {
  subscription_id = ${hclString(plan.subscription)}
  features {}
}`,
    `resource "azuread_service_principal" "cmk" {
  client_id    = ${hclString(plan.application)}
  use_existing = true
}`,
    ...blocks,
  ].join('\n\n');
}

function vaultBlocks({ vault, key, resourceGroup, location }: AzureSetUpPlan): string[] {
  return [
    `data "azurerm_client_config" "current" {}`,
    `resource "azurerm_key_vault" "cmk" {
  name                       = ${hclString(vault)}
  resource_group_name        = ${hclString(resourceGroup)}
  location                   = ${hclString(location)}
  tenant_id                  = data.azurerm_client_config.current.tenant_id
  sku_name                   = "premium"
  rbac_authorization_enabled = true
  purge_protection_enabled   = true
  soft_delete_retention_days = 90
}`,
    `resource "azurerm_key_vault_key" "cmk" {
  name         = ${hclString(key)}
  key_vault_id = azurerm_key_vault.cmk.id
  key_type     = "RSA-HSM"
  key_size     = 3072
  key_opts     = ["wrapKey", "unwrapKey"]
}`,
    `resource "azurerm_role_assignment" "cmk" {
  scope                = azurerm_key_vault_key.cmk.resource_versionless_id
  role_definition_name = ${hclString(VAULT_ROLE)}
  principal_id         = azuread_service_principal.cmk.object_id
  principal_type       = "ServicePrincipal"
}`,
    `output "cmk_key" {
  value = azurerm_key_vault_key.cmk.versionless_id
}`,
  ];
}

const HSM = 'data.azurerm_key_vault_managed_hardware_security_module.cmk';
/** Of the role that every Managed HSM has. */
const HSM_ROLE_DEFINITION =
  '/Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/33413926-3206-4cdd-b39a-83574fe37a17';

function hsmBlocks({ vault, key, resourceGroup }: AzureSetUpPlan): string[] {
  return [
    `data "azurerm_key_vault_managed_hardware_security_module" "cmk" {
  name                = ${hclString(vault)}
  resource_group_name = ${hclString(resourceGroup)}
}`,
    `resource "azurerm_key_vault_managed_hardware_security_module_key" "cmk" {
  name           = ${hclString(key)}
  managed_hsm_id = ${HSM}.id
  key_type       = "oct-HSM"
  key_size       = 256
  key_opts       = ["wrapKey", "unwrapKey"]
}`,
    `resource "azurerm_key_vault_managed_hardware_security_module_role_assignment" "cmk" {
  managed_hsm_id     = ${HSM}.id
  name               = uuidv5("url", join("", [${HSM}.id, ${hclString(`/keys/${key}/cmk`)}]))
  scope              = ${hclString(`/keys/${key}`)}
  role_definition_id = "${HSM_ROLE_DEFINITION}" # ${HSM_ROLE}
  principal_id       = azuread_service_principal.cmk.object_id
}`,
  ];
}
