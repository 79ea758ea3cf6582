import type { KmsAdvice } from '../provider.ts';

/** What the broker asks of a mount: the part of the path before the key's name. */
export type TransitAction = 'encrypt' | 'decrypt' | 'keys';

/** What to do about each cause, in Vault's words; OpenBao's are the same with `bao`. */
export const TRANSIT_ADVICE: KmsAdvice = {
  AUTH_FAILED:
    'Let the broker log in: vault write auth/kubernetes/role/… (or auth/jwt/role/…) with its service account, audience and policy. The operator: check the login of this server in CMK_TRANSIT_SERVERS, and its token file.',
  PERMISSION_REVOKED:
    'Give the broker’s policy back (vault policy write): update on encrypt and decrypt of this key for this account’s associated_data, read on the key.',
  KEY_DISABLED:
    'Restore the soft-deleted key (OpenBao), or lower min_decryption_version: vault write transit/keys/KEY/config min_decryption_version=1.',
  KEY_PENDING_DELETION: 'Nothing: transit has no deletion that waits.',
  KEY_NOT_FOUND:
    'Check mount and name in the URL: vault read transit/keys/KEY. If the secrets engine is disabled, enable it: vault secrets enable transit.',
  CONTEXT_MISMATCH:
    'As a replica, give the same key on another server, by replication or backup and restore: another key does not open what this one has wrapped.',
  THROTTLED: 'Raise the rate-limit quota: vault write sys/quotas/rate-limit/….',
  UNREACHABLE:
    'See whether the server answers: vault status. The operator: check its address and authorities in CMK_TRANSIT_SERVERS, and the way there.',
  INVALID_RESPONSE: 'The operator: look at proxies between the broker and the server.',
  ACCOUNT_ISSUE: 'Nothing: that is for clouds.',
  WRONG_KIND:
    'Make a key that binds a context, which cannot be changed later: vault write -f transit/keys/KEY type=aes256-gcm96 (or chacha20-poly1305), with derived=false.',
  NOT_PROTECTED: 'Forbid the deletion: vault write transit/keys/KEY/config deletion_allowed=false.',
};

export const SEALED_ADVICE =
  'Unseal the server (vault operator unseal), or see why no node of it is active: vault status.';

export const NO_SUCH_HOST_ADVICE =
  'The operator: check the host in CMK_TRANSIT_SERVERS and the broker’s name service, which does not know it.';

export function adviceOnDenial(action: TransitAction): string {
  const capability = action === 'keys' ? 'read' : 'update';
  const bound =
    action === 'keys'
      ? ''
      : ' If it limits associated_data, the prefix must be the one of this very account.';
  return `In the broker’s policy (vault policy read), allow path "transit/${action}/KEY" capabilities = ["${capability}"], with the mount and name of this key.${bound}`;
}
