import { randomBytes } from 'node:crypto';
import type { Answer } from '../emulation/answer.ts';
import type { Fault as AnyFault, FaultEffect as AnyEffect } from '../emulation/faults.ts';
import { VaultError, VAULT_FAULTS, type VaultFault } from './errors.ts';

export const MALFORMATIONS = [
  'not-json',
  'empty-body',
  'no-plaintext',
  'short-plaintext',
  'no-ciphertext',
  'other-key',
  'bare-502',
] as const;
export type Malformation = (typeof MALFORMATIONS)[number];

export type FaultEffect = AnyEffect<VaultFault, Malformation>;
/** Where a fault strikes: `operation` is `encrypt`, `decrypt`, `read`, `login`, `lookup-self` or `renew-self`. */
export type FaultPlace = 'key' | 'operation';
export type Fault = AnyFault<FaultEffect, FaultPlace>;

/** The refusal that an effect is, if it is one. */
export function faultError(effect: FaultEffect | null, path: string): VaultError | null {
  if (effect?.kind === 'throttle') {
    return new VaultError(429, `request path "${path}": rate limit quota exceeded`);
  }
  if (effect?.kind !== 'error') return null;
  const [status, text] = VAULT_FAULTS[effect.type];
  const shown = effect.message ?? text;
  return new VaultError(status, ...(shown === '' ? [] : [shown]));
}

/** The headers that go with it. */
export function faultHeaders(effect: FaultEffect | null): Readonly<Record<string, string>> {
  if (effect?.kind === 'throttle' && effect.retryAfterSeconds !== undefined) {
    return { 'retry-after': String(effect.retryAfterSeconds) };
  }
  // Documentation addresses: nobody is there.
  return effect?.kind === 'error' && effect.type === 'redirect' ? { location: 'http://192.0.2.1/v1/' } : {};
}

/** The answer as a broken server, or a broken proxy before it, would give it. */
export function deform(answer: object, what: Malformation): Answer {
  const { data } = answer as { data?: Readonly<Record<string, unknown>> };
  const ok = (fields: object) => json(200, { ...answer, data: { ...data, ...fields } });
  switch (what) {
    case 'not-json':
      return { ...json(200, answer), body: JSON.stringify(answer).slice(0, -8) };
    case 'empty-body':
      return json(200, {});
    case 'no-plaintext':
      return ok({ plaintext: undefined });
    case 'short-plaintext':
      return ok({ plaintext: Buffer.alloc(16, 1).toString('base64') });
    case 'no-ciphertext':
      return ok({ ciphertext: undefined });
    case 'other-key':
      return ok({
        ...(data?.['plaintext'] === undefined ? {} : { plaintext: randomBytes(64).toString('base64') }),
        ...(data?.['name'] === undefined ? {} : { name: 'another-key' }),
      });
    case 'bare-502':
      return { status: 502, headers: { 'content-type': 'text/html' }, body: '<html>Bad Gateway</html>' };
  }
}

export function json(status: number, value: object, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: `${JSON.stringify(value)}\n`,
  };
}
