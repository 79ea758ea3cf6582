import { checkIdentifier } from '../../../core/asset.ts';
import { associatedData } from '../associated-data.ts';
import { checkFact } from '../set-up.ts';
import { KEY_NAME } from './reference.ts';
import { SEGMENTS } from './servers.ts';

/**
 * The policy that a customer gives the broker's role, in Vault's language: this key alone, and only for contexts of
 * this account. Without the last, another customer who learned the key's URL could enrol it as theirs.
 * @param mount the transit mount as it stands in the reference, less the namespace that the policy is in
 * @throws CmkError INVALID_ARGUMENT for names that could mean something in a policy: wildcards, quotes, templates
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
  checkIdentifier('account', account);
  checkFact('mount', mount, SEGMENTS, 'name of a mount');
  checkFact('name', name, KEY_NAME, 'name of a transit key');
  const prefix = associatedDataPrefix({ acct: account });
  const use = (
    action: 'encrypt' | 'decrypt',
    parameter: 'plaintext' | 'ciphertext',
  ) => `path "${mount}/${action}/${name}" {
  capabilities        = ["update"]
  required_parameters = ["associated_data"]
  allowed_parameters = {
    ${`"${parameter}"`.padEnd(17)} = []
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

/**
 * What the Base64 of every asset context with these values begins with, for a policy's parameters. The encoding sorts
 * the fields by name, `acct, id, srvId, timestamp, type`, and a policy compares texts from their beginning: it can
 * name the first fields, and no later one alone.
 * @param id also the asset's id; absent: all assets of the account
 */
export function associatedDataPrefix({ acct, id }: { acct: string; id?: string }): string {
  const values = { acct, id: id ?? '', srvId: '', timestamp: '', type: '' };
  const known = id === undefined ? (['acct'] as const) : (['acct', 'id'] as const);
  const next = id === undefined ? 'id' : 'srvId';
  let bytes = 2;
  for (const name of known) bytes += 4 + Buffer.byteLength(name) + Buffer.byteLength(values[name]);
  // The next field's name is known too. It completes the Base64 group that the last value ends in.
  bytes += 2 + Buffer.byteLength(next);
  return associatedData(values)
    .subarray(0, bytes)
    .toString('base64')
    .slice(0, Math.floor((bytes * 8) / 6));
}
