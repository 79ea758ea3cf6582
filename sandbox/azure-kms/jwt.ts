import { createSign, createVerify, type KeyObject } from 'node:crypto';

export type Claims = Readonly<Record<string, unknown>>;

/** A JSON web token, RS256. */
export function signJwt(claims: Claims, privateKey: KeyObject, keyId = 'sandbox'): string {
  const head = encode({ typ: 'JWT', alg: 'RS256', kid: keyId });
  const signed = `${head}.${encode(claims)}`;
  return `${signed}.${createSign('sha256').update(signed).sign(privateKey, 'base64url')}`;
}

/** @returns null for anything but a token that this key signed; what it claims is not looked at */
export function verifyJwt(token: string, publicKey: KeyObject): Claims | null {
  const [head = '', body = '', signature = '', ...rest] = token.split('.');
  if (rest.length > 0 || decode(head)?.['alg'] !== 'RS256') return null;
  const verified = createVerify('sha256').update(`${head}.${body}`).verify(publicKey, signature, 'base64url');
  return verified ? decode(body) : null;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(text: string): Claims | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : null;
  } catch {
    return null;
  }
}
