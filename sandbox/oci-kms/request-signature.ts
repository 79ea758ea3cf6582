import { createHash, verify } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { OciError } from './errors.ts';
import type { Credentialed, Identities } from './identities.ts';

/** What of a request is signed. */
export interface SignedRequest {
  readonly method: string;
  /** As on the request line. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const MAX_SKEW_MS = 5 * 60_000;
const PARAMETERS = ['version', 'keyId', 'algorithm', 'headers', 'signature'];
const WITH_BODY = ['x-content-sha256', 'content-type', 'content-length'];

/**
 * Verifies OCI's request signature (draft-cavage-http-signatures, RSA-SHA256): every header that must be under it, the
 * date, the body's hash, and the key that it was made with.
 * @returns who signed
 * @throws OciError NotAuthenticated
 */
export function authenticate(request: SignedRequest, identities: Identities, nowMs: number): Credentialed {
  const parameters = parseAuthorization(request.headers.authorization);
  const signed = (parameters['headers'] ?? '').split(' ').map((name) => name.toLowerCase());
  checkSignedHeaders(request, signed);
  checkDate(request, signed, nowMs);
  if (request.method !== 'GET') checkBody(request);
  const known = identities.find(parameters['keyId'] ?? '');
  if (!known || nowMs >= known.expiresAtMs) throw refused();
  const text = signed.map((name) => signedLine(request, name)).join('\n');
  const signature = Buffer.from(parameters['signature'] ?? '', 'base64');
  if (!verify('sha256', Buffer.from(text), known.publicKey, signature)) throw refused();
  return known;
}

function parseAuthorization(authorization: string | undefined): Record<string, string> {
  const [, list = ''] = /^Signature (.+)$/.exec(authorization ?? '') ?? [];
  const pairs = list.split(',').map((pair) => /^([A-Za-z]+)="([^"]*)"$/.exec(pair.trim()));
  const parameters = Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? '', pair?.[2] ?? '']));
  const isComplete = PARAMETERS.every((name) => parameters[name] !== undefined && parameters[name] !== '');
  if (!isComplete || pairs.length !== PARAMETERS.length) throw refused();
  if (parameters['version'] !== '1' || parameters['algorithm'] !== 'rsa-sha256') throw refused();
  return parameters;
}

function checkSignedHeaders({ method }: SignedRequest, signed: readonly string[]): void {
  const wanted = ['(request-target)', 'host', ...(method === 'GET' ? [] : WITH_BODY)];
  const hasDate = signed.includes('date') || signed.includes('x-date');
  const isUnique = new Set(signed).size === signed.length;
  if (!hasDate || !isUnique || !wanted.every((name) => signed.includes(name))) throw refused();
}

function checkDate(request: SignedRequest, signed: readonly string[], nowMs: number): void {
  const date = headerText(request, signed.includes('x-date') ? 'x-date' : 'date');
  const atMs = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(date)
    ? Date.parse(date)
    : NaN;
  if (Number.isNaN(atMs)) throw refused();
  if (Math.abs(nowMs - atMs) > MAX_SKEW_MS) {
    const now = new Date(nowMs).toUTCString();
    throw new OciError(
      'NotAuthenticated',
      `Date '${date}' is not within allowed clock skew. Current '${now}'.`,
    );
  }
}

function checkBody(request: SignedRequest): void {
  const { body } = request;
  const sha256 = createHash('sha256').update(body).digest('base64');
  if (headerText(request, 'x-content-sha256') !== sha256) throw refused();
  if (headerText(request, 'content-length') !== String(body.length)) throw refused();
}

function signedLine(request: SignedRequest, name: string): string {
  if (name !== '(request-target)') return `${name}: ${headerText(request, name)}`;
  return `${name}: ${request.method.toLowerCase()} ${request.url}`;
}

function headerText({ headers }: SignedRequest, name: string): string {
  const value = headers[name];
  if (typeof value !== 'string') throw refused();
  return value;
}

/** OCI does not say what is wrong with a signature. */
function refused(): OciError {
  return new OciError(
    'NotAuthenticated',
    'The required information to complete authentication was not provided or was incorrect.',
  );
}
