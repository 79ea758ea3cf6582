import type { KeyVaultKey } from '@azure/keyvault-keys';
import type { DeletionProtection, KeyDescription } from '../provider.ts';
import type { KeyId } from './reference.ts';

const NEEDED_OPERATIONS = ['wrapKey', 'unwrapKey'];
const MIN_RSA_BITS = 2_048;

/** The state of a key, and whether it can wrap. A key out of its time still unwraps, but wraps no more. */
export function describeKey(key: KeyVaultKey, { managedHsm }: KeyId, nowMs: number): KeyDescription {
  const { enabled, notBefore, expiresOn, recoveryLevel } = key.properties;
  const bits = rsaBits(key);
  const unusable = unusableBecause(key, managedHsm, bits);
  const outOfTime =
    enabled === false
      ? 'the key is disabled'
      : expiresOn && expiresOn.getTime() <= nowMs
        ? `the key expired at ${expiresOn.toISOString()}`
        : notBefore && notBefore.getTime() > nowMs
          ? `the key is not valid before ${notBefore.toISOString()}`
          : null;
  const reason = outOfTime ?? unusable;
  return {
    state: outOfTime === null ? 'ENABLED' : 'DISABLED',
    usable: unusable === null,
    kind: [key.keyType ?? 'unknown', ...(bits === null ? [] : [bits])].join(' '),
    deletion: protection(recoveryLevel),
    ...(reason === null ? {} : { reason }),
  };
}

export function isOct(keyType: string | undefined): boolean {
  return keyType === 'oct' || keyType === 'oct-HSM';
}

function unusableBecause(key: KeyVaultKey, managedHsm: boolean, bits: number | null): string | null {
  const isRsa = key.keyType === 'RSA' || key.keyType === 'RSA-HSM';
  if (!isRsa && !(managedHsm && isOct(key.keyType)))
    return 'the key is neither an RSA key nor a symmetric key of a Managed HSM';
  if (isRsa && (bits ?? 0) < MIN_RSA_BITS) return `the key has fewer than ${MIN_RSA_BITS} bits`;
  const missing = NEEDED_OPERATIONS.filter((operation) => key.keyOperations?.includes(operation) === false);
  return missing.length === 0 ? null : `the key’s permitted operations leave out ${missing.join(' and ')}`;
}

function rsaBits({ key }: KeyVaultKey): number | null {
  return key?.n ? key.n.length * 8 : null;
}

/** From the vault's recovery level; a level that says nothing of recovery protects nothing. */
function protection(level: string | undefined): DeletionProtection {
  if (!level?.includes('Recoverable')) return 'NONE';
  return level.includes('Purgeable') ? 'RECOVERABLE' : 'PROTECTED';
}
