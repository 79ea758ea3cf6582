import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Secret } from '../../runtime/config.ts';
import type { Principal } from '../model/principal.ts';
import type { ApiTokens } from './api-tokens.ts';

/**
 * Says who sent a request; null: nobody that this way of showing it knows.
 * @throws CmkError when that cannot be found out now, e.g. STORE_UNAVAILABLE, or when the request is refused whoever sent it
 */
export type Authenticator = (request: FastifyRequest) => Promise<Principal | null>;

const OPERATOR: Principal = { name: 'operator', role: 'OPERATOR', account: null, via: 'OPERATOR_TOKEN' };

/** Knows the provider's operator by the one bearer token of the settings. */
export function operatorToken(token: Secret): Authenticator {
  const expected = sha256(token.reveal());
  return (request) => {
    const given = bearerToken(request);
    // Hashes of equal length, so that the time tells nothing about the token.
    const same = given !== null && timingSafeEqual(sha256(given), expected);
    return Promise.resolve(same ? OPERATOR : null);
  };
}

/** The bearer token of a request; null: it has none. */
export function bearerToken({ headers }: FastifyRequest): string | null {
  return /^Bearer ([\x21-\x7e]{1,1024})$/.exec(headers.authorization ?? '')?.[1] ?? null;
}

/** Knows programs by the tokens that accounts made for them. */
export function apiToken(tokens: ApiTokens): Authenticator {
  return (request) => {
    const given = bearerToken(request);
    return given === null ? Promise.resolve(null) : tokens.principalOf(given);
  };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
