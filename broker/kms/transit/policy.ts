import { associatedDataPrefix } from './associated-data.ts';

/**
 * The policy that a customer gives the broker's role, in Vault's language: this key alone, and only for contexts of
 * this account. Without the last, another customer who learned the key's URL could enrol it as theirs.
 * @param mount the transit mount as it stands in the reference, less the namespace that the policy is in
 */
export function transitPolicy({
  mount,
  name,
  account,
}: {
  mount: string;
  name: string;
  account: string;
}): string {
  const prefix = associatedDataPrefix({ acct: account });
  const use = (
    action: 'encrypt' | 'decrypt',
    parameter: 'plaintext' | 'ciphertext',
  ) => `path "${mount}/${action}/${name}" {
  capabilities        = ["update"]
  required_parameters = ["associated_data"]
  allowed_parameters = {
    "${parameter}"      = []
    "associated_data" = ["${prefix}*"]
  }
}
`;
  return `# CMK wraps and unwraps data keys of account ${account} alone.
${use('encrypt', 'plaintext')}${use('decrypt', 'ciphertext')}
# CMK looks at the key's kind and state.
path "${mount}/keys/${name}" {
  capabilities = ["read"]
}

# CMK renews its token, and tells a token that has ended from a permission that was taken away.
path "auth/token/lookup-self" {
  capabilities = ["read"]
}
path "auth/token/renew-self" {
  capabilities = ["update"]
}
`;
}
