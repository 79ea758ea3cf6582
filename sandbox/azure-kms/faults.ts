import type { Answer } from '../emulation/answer.ts';
import type * as emulation from '../emulation/faults.ts';
import { AzureError, type AzureErrorType } from './errors.ts';

export const MALFORMATIONS = [
  'not-json',
  'empty-body',
  'no-value',
  'short-value',
  'other-key',
  'other-version',
  'other-vault',
  'bare-307',
  'bare-401',
  'bare-403',
  'bare-429',
  'bare-502',
  'bare-503',
  'redirect',
  'other-challenge',
] as const;
export type Malformation = (typeof MALFORMATIONS)[number];
export type FaultEffect = emulation.FaultEffect<AzureErrorType, Malformation>;

/**
 * Where a fault strikes: a vault's host, a key's identifier as the request names it, an operation, e.g. `KeyUnwrap`.
 * Calls for tokens are the operation `Token` of the vault `login`, and meet only faults that name that vault.
 */
export type Place = 'vault' | 'key' | 'operation';
export type Fault = emulation.Fault<FaultEffect, Place>;
export type Faults = emulation.Faults<FaultEffect, Place>;

/** The error that an effect is, if it is one. */
export function faultError(effect: FaultEffect | null): AzureError | null {
  if (effect?.kind === 'throttle') {
    const { retryAfterSeconds } = effect;
    return new AzureError(
      'Throttled',
      'Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached',
      retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) },
    );
  }
  return effect?.kind === 'error' ? new AzureError(effect.type, effect.message ?? 'a fault on demand') : null;
}

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/** The answer as a broken vault, or somebody on the way, would give it. */
export function deform(answer: object, what: Malformation): Answer {
  const ok = (fields: object): Answer => ({
    status: 200,
    headers: JSON_TYPE,
    body: JSON.stringify({ ...answer, ...fields }),
  });
  const { kid = '' } = answer as { kid?: string };
  switch (what) {
    case 'not-json':
      return { status: 200, headers: JSON_TYPE, body: JSON.stringify(answer).slice(0, -8) };
    case 'empty-body':
      return { status: 200, headers: JSON_TYPE, body: '{}' };
    case 'no-value':
      return ok({ value: undefined });
    case 'short-value':
      return ok({ value: Buffer.alloc(16, 1).toString('base64url') });
    case 'other-key':
      return ok({ kid: `https://another.vault.azure.net/keys/another/${'0'.repeat(32)}` });
    case 'other-vault':
      return ok({ kid: kid.replace(/^https:\/\/[^.]+/, 'https://another') });
    case 'other-version':
      return ok({ kid: kid.replace(/[^/]+$/, '0'.repeat(32)) });
    case 'redirect':
      return { status: 307, headers: { location: '/keys/elsewhere?api-version=7.4' }, body: '' };
    case 'other-challenge': {
      const challenge =
        'Bearer authorization="https://login.microsoftonline.com/common", resource="https://evil.test"';
      return { status: 401, headers: { 'www-authenticate': challenge }, body: '' };
    }
    case 'bare-502':
      return {
        status: 502,
        headers: { 'content-type': 'text/html' },
        body: '<html><body>Bad Gateway</body></html>',
      };
    case 'bare-307':
    case 'bare-401':
    case 'bare-403':
    case 'bare-429':
    case 'bare-503':
      return { status: Number(what.slice('bare-'.length)), body: '' };
  }
}
