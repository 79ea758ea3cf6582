import type { Caller } from './entra.ts';
import { AzureError } from './errors.ts';
import type { Operation } from './operations.ts';
import { ROLES, type Action, type Vault } from './vault-store.ts';

/** The Azure names of data actions; in Managed HSMs they are others. */
const ACTION_PATHS: Readonly<Record<Action, string>> = {
  read: 'keys/read',
  'read-deleted': 'keys/read',
  wrap: 'keys/wrap/action',
  unwrap: 'keys/unwrap/action',
};

/**
 * Network first, then permission, before anything is said of the key.
 * @throws AzureError ForbiddenByFirewall, ForbiddenByConnection, ForbiddenByRbac, AccessDenied
 */
export function authorize(vault: Vault, caller: Caller, operation: Operation): void {
  checkNetwork(vault, caller);
  const who = `appid=${caller.appid};oid=${caller.oid};iss=${caller.issuer}`;
  if (vault.authorization === 'access-policy') {
    const permissions = vault.accessPolicies.get(caller.oid) ?? [];
    if (permissions.includes(operation.permission)) return;
    throw new AzureError(
      'AccessDenied',
      `The user, group or application '${who}' does not have keys ${operation.permission} permission on key vault '${vault.name};location=sandbox'.`,
    );
  }
  if (mayByRole(vault, caller.oid, operation)) return;
  const action = `Microsoft.KeyVault/vaults/${ACTION_PATHS[operation.action]}`;
  throw new AzureError(
    'ForbiddenByRbac',
    `Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\nCaller: ${who}\r\nAction: '${action}'\r\nResource: '${resourceIdOf(vault)}/keys/${operation.keyName}'\r\nAssignment: (not found)\r\nVault: ${vault.name};location=sandbox\r\n`,
  );
}

/** As Azure writes resources. */
export function resourceIdOf({ kind, name, tenantId }: Pick<Vault, 'kind' | 'name' | 'tenantId'>): string {
  const type = kind === 'vault' ? 'vaults' : 'managedHSMs';
  return `/subscriptions/${tenantId}/resourceGroups/sandbox/providers/Microsoft.KeyVault/${type}/${name}`;
}

function checkNetwork({ network, name }: Vault, caller: Caller): void {
  if (network === 'firewall') {
    throw new AzureError(
      'ForbiddenByFirewall',
      `Client address is not authorized and caller is not a trusted service.\r\nClient address: 127.0.0.1\r\nCaller: appid=${caller.appid};oid=${caller.oid};iss=${caller.issuer}\r\nVault: ${name};location=sandbox`,
    );
  }
  if (network === 'no-public-access') {
    throw new AzureError(
      'ForbiddenByConnection',
      `Public network access is disabled and request is not from a trusted service nor via an approved private link.\r\nVault: ${name};location=sandbox`,
    );
  }
}

function mayByRole(vault: Vault, oid: string, { action, keyName }: Operation): boolean {
  // In a vault, who may read keys may also see deleted ones; a Managed HSM keeps a data action of its own for that.
  if (action === 'read-deleted' && vault.kind === 'managed-hsm') return false;
  const needed = action === 'read-deleted' ? 'read' : action;
  return vault.assignments.some(
    (assignment) =>
      assignment.oid === oid &&
      (assignment.key === null || assignment.key === keyName.toLowerCase()) &&
      (ROLES[assignment.role] as readonly string[]).includes(needed),
  );
}
