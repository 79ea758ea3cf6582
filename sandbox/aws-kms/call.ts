import { AwsError } from './errors.ts';
import type { EncryptionContext } from './ciphertext.ts';
import type { Input } from './input.ts';
import type { Key, KeyStore } from './key-store.ts';
import { refusalOf, type Refusal } from './policy.ts';
import type { Principal } from './principals.ts';

/** One operation of the protocol. */
export interface Operation {
  /** The fields of its request that are supported. */
  readonly fields: readonly string[];
  readonly readOnly: boolean;
  run(input: Input, call: Call): object;
}

/** What an operation works with. */
export interface Call {
  readonly name: string;
  readonly region: string;
  readonly regions: readonly string[];
  readonly principal: Principal;
  readonly keys: KeyStore;
  readonly nowMs: number;
  readonly randomBytes: (count: number) => Buffer;
  /** For the log: the key that the call concerned, set as soon as it is known. */
  key: Key | null;
  /** For the log: which of the key's materials was used. */
  materialVersion: number | null;
}

const REASON: Readonly<Record<Refusal, (action: string) => string>> = {
  'explicit-deny': () => 'with an explicit deny',
  'resource-policy': (action) => `because no resource-based policy allows the ${action} action`,
  'identity-policy': (action) => `because no identity-based policy allows the ${action} action`,
};

/**
 * Finds the key that a request names and asks its policy.
 * @throws AwsError NotFoundException, AccessDeniedException
 */
export function authorizedKey(input: Input, call: Call, context: EncryptionContext = {}): Key {
  return authorize(
    call.keys.resolve(input.requiredText('KeyId'), call.region, call.principal.account),
    call,
    context,
  );
}

export function authorize(key: Key, call: Call, encryptionContext: EncryptionContext): Key {
  call.key = key;
  const action = `kms:${call.name}`;
  const request = {
    principal: call.principal,
    action,
    resourceArn: key.arn,
    resourceAccount: key.account,
    encryptionContext,
  };
  const refusal = refusalOf(request, key.policy);
  if (refusal !== null) {
    const { sessionArn } = call.principal;
    throw new AwsError(
      'AccessDeniedException',
      `User: ${sessionArn} is not authorized to perform: ${action} on resource: ${key.arn} ${REASON[refusal](action)}`,
    );
  }
  return key;
}

/** @throws AwsError DisabledException, KMSInvalidStateException */
export function requireEnabled(key: Key): Key {
  if (key.state === 'Disabled') throw new AwsError('DisabledException', `${key.arn} is disabled.`);
  return requireState(key, ['Enabled']);
}

/** @throws AwsError KMSInvalidStateException */
export function requireState(key: Key, states: readonly Key['state'][]): Key {
  if (!states.includes(key.state))
    throw new AwsError('KMSInvalidStateException', `${key.arn} is ${inWords(key.state)}.`);
  return key;
}

function inWords(state: Key['state']): string {
  return state.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}
