import { OciError, notAuthorizedOrNotFound } from './errors.ts';
import type { Identities, Principal } from './identities.ts';
import type { Input } from './input.ts';
import type { Key, KeyState, KeyStore, KeyVersion } from './key-store.ts';
import type { Policies } from './policies.ts';

/** A vault has one host for uses of its keys and another one for looking after them. */
export type VaultApi = 'crypto' | 'management';

/** One operation of the protocol. */
export interface Operation {
  /** As policies and the log name it, e.g. `GenerateDataEncryptionKey`. */
  readonly name: string;
  readonly api: VaultApi;
  readonly method: 'GET' | 'POST';
  /** After the version; `{keyId}` stands for a key's OCID. */
  readonly path: string;
  readonly permission: string;
  /** The fields of its body that are supported. */
  readonly fields: readonly string[];
  run(key: Key, input: Input, call: Call): object;
}

/** What an operation works with. */
export interface Call {
  readonly operation: Operation;
  /** The vault whose host was called; null: by the control API, whichever it is. */
  readonly vaultPart: string | null;
  readonly principal: Principal;
  readonly keys: KeyStore;
  readonly identities: Identities;
  readonly policies: Policies;
  readonly nowMs: number;
  readonly randomBytes: (count: number) => Buffer;
  /** For the log: the key that the call concerned, set as soon as it is known. */
  key: Key | null;
  /** For the log: which of the key's versions was used. */
  version: KeyVersion | null;
}

/**
 * Finds the key that a request names, in the vault whose host it came to, and asks the policies.
 * @throws OciError NotAuthorizedOrNotFound for all that may be wrong
 */
export function authorizedKey(keyId: string, call: Call): Key {
  const key = call.keys.get(keyId);
  if (call.vaultPart !== null && key.vault.part !== call.vaultPart) throw notAuthorizedOrNotFound();
  call.key = key;
  const { tenancy, compartmentId, compartmentName, ocid: vaultId } = key.vault;
  const isAllowed = call.policies.allows({
    principal: call.principal,
    groups: call.identities.groupsOf(call.principal),
    target: { tenancy, compartmentId, compartmentName, vaultId, keyId: key.ocid },
    permission: call.operation.permission,
    operation: call.operation.name,
  });
  if (!isAllowed) throw notAuthorizedOrNotFound();
  return key;
}

/** @throws OciError IncorrectState */
export function requireState(key: Key, states: readonly KeyState[]): Key {
  if (states.includes(key.state)) return key;
  throw new OciError(
    'IncorrectState',
    `Key ${key.ocid} is in state ${key.state}, expected ${states.join(' or ')}.`,
  );
}
