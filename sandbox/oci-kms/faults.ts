import type * as emulation from '../emulation/faults.ts';
import { OciError, type OciErrorCode } from './errors.ts';

export const MALFORMATIONS = [
  'not-json',
  'empty-body',
  'no-plaintext',
  'short-plaintext',
  'no-ciphertext',
  'other-key',
  'bare-502',
  'redirect',
] as const;
export type Malformation = (typeof MALFORMATIONS)[number];

export type FaultEffect = emulation.FaultEffect<OciErrorCode, Malformation>;

/** Where a fault strikes: a region, the key's OCID, an operation, e.g. `Decrypt`. */
export type Place = 'region' | 'key' | 'operation';
export type Fault = emulation.Fault<FaultEffect, Place>;
export type Faults = emulation.Faults<FaultEffect, Place>;

const OTHER_KEY = `ocid1.key.oc1.iad.otherotherother.${'b'.repeat(60)}`;

/** The error that an effect is, if it is one. */
export function faultError(effect: FaultEffect | null): OciError | null {
  if (effect?.kind === 'throttle')
    return new OciError('TooManyRequests', 'Tenancy request rate limit exceeded.');
  return effect?.kind === 'error' ? new OciError(effect.type, effect.message ?? 'a fault on demand') : null;
}

/** The answer as a broken KMS would give it. */
export function deform(
  answer: object,
  what: Malformation,
): { status: number; body: string; headers?: Record<string, string> } {
  const ok = (fields: object) => ({ status: 200, body: JSON.stringify({ ...answer, ...fields }) });
  switch (what) {
    case 'not-json':
      return { status: 200, body: JSON.stringify(answer).slice(0, -8) };
    case 'empty-body':
      return { status: 200, body: '{}' };
    case 'no-plaintext':
      return ok({ plaintext: undefined });
    case 'short-plaintext':
      return ok({ plaintext: Buffer.alloc(16, 1).toString('base64') });
    case 'no-ciphertext':
      return ok({ ciphertext: undefined });
    case 'other-key':
      return ok({ keyId: OTHER_KEY, id: OTHER_KEY });
    case 'bare-502':
      return { status: 502, body: '<html><body>Bad Gateway</body></html>' };
    case 'redirect':
      return { status: 307, body: '', headers: { location: 'http://169.254.169.254/opc/v2/' } };
  }
}
