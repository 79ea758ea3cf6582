import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { AwsError } from './errors.ts';
import type { Credentialed, Principals } from './principals.ts';

/** What of a request is signed. */
export interface SignedRequest {
  readonly method: string;
  /** As on the request line. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const MAX_SKEW_MS = 5 * 60_000;
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([A-Z0-9]{16,128})\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/([^/,\s]+), ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;
/** Proxies may change these on the way, so that nobody signs them. */
const UNSIGNED_AMZ_HEADERS = ['x-amzn-trace-id'];

/**
 * Verifies AWS Signature Version 4 in the Authorization header: signature, date, scope, body hash, signed headers and
 * session token.
 * @returns who signed
 * @throws AwsError as KMS answers, e.g. InvalidSignatureException
 */
export function authenticate(
  request: SignedRequest,
  principals: Principals,
  { service: expectedService, region, nowMs }: { service: 'kms' | 'sts'; region: string; nowMs: number },
): Credentialed {
  const authorization = request.headers.authorization;
  if (authorization === undefined) {
    throw new AwsError('MissingAuthenticationTokenException', 'Missing Authentication Token');
  }
  const parts = AUTHORIZATION.exec(authorization);
  if (!parts)
    throw new AwsError('IncompleteSignatureException', 'Authorization header is not a complete signature.');
  const [
    ,
    accessKeyId = '',
    day = '',
    scopeRegion = '',
    service = '',
    terminator = '',
    signedList = '',
    signature = '',
  ] = parts;
  const signedHeaders = signedList.split(';');

  const date = headerText(request, 'x-amz-date');
  checkDate(date, nowMs);
  checkScope({ day, scopeRegion, service, terminator }, { date, region, expectedService });
  checkSignedHeaders(request, signedHeaders);

  const known = principals.find(accessKeyId);
  if (!known) throw invalidToken();
  checkToken(request, known, nowMs);

  const scope = `${day}/${scopeRegion}/${service}/${terminator}`;
  const stringToSign = [ALGORITHM, date, scope, sha256(canonicalRequest(request, signedHeaders))].join('\n');
  const key = [service, 'aws4_request'].reduce(
    (parent, part) => hmac(parent, part),
    hmac(hmac(`AWS4${known.accessKey.secretAccessKey}`, day), region),
  );
  if (!timingSafeEqual(hmac(key, stringToSign), Buffer.from(signature, 'hex'))) {
    throw invalidSignature(
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
    );
  }
  return known;
}

function checkDate(date: string, nowMs: number): void {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (!match) throw new AwsError('IncompleteSignatureException', 'Date must be in ISO-8601 basic format.');
  const [, year, month, day, hour, minute, second] = match;
  const signedAtMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(signedAtMs)) throw new AwsError('IncompleteSignatureException', 'Date is not a date.');
  if (nowMs - signedAtMs > MAX_SKEW_MS) {
    throw invalidSignature(
      `Signature expired: ${date} is now earlier than ${basicDate(nowMs - MAX_SKEW_MS)}`,
    );
  }
  if (signedAtMs - nowMs > MAX_SKEW_MS) {
    throw invalidSignature(
      `Signature not yet current: ${date} is still later than ${basicDate(nowMs + MAX_SKEW_MS)}`,
    );
  }
}

function checkScope(
  scope: { day: string; scopeRegion: string; service: string; terminator: string },
  { date, region, expectedService }: { date: string; region: string; expectedService: string },
): void {
  if (scope.day !== date.slice(0, 8))
    throw invalidSignature('Date in Credential scope does not match YYYYMMDD.');
  if (scope.scopeRegion !== region) throw invalidSignature('Credential should be scoped to a valid region.');
  if (scope.service !== expectedService)
    throw invalidSignature(`Credential should be scoped to correct service: '${expectedService}'.`);
  if (scope.terminator !== 'aws4_request') {
    throw invalidSignature("Credential should be scoped with a valid terminator: 'aws4_request'.");
  }
}

/** The host, the content type and everything that AWS itself reads must be under the signature. */
function checkSignedHeaders(request: SignedRequest, signedHeaders: readonly string[]): void {
  if (signedHeaders.join(';') !== [...new Set(signedHeaders)].sort().join(';')) {
    throw invalidSignature('SignedHeaders must be sorted and name each header once.');
  }
  const mustBeSigned = Object.keys(request.headers).filter(
    (name) => name === 'content-type' || (name.startsWith('x-amz-') && !UNSIGNED_AMZ_HEADERS.includes(name)),
  );
  for (const name of ['host', 'x-amz-date', ...mustBeSigned]) {
    if (!signedHeaders.includes(name))
      throw invalidSignature(`'${name}' must be a 'SignedHeader' in the Authorization.`);
  }
}

function checkToken(request: SignedRequest, { accessKey }: Credentialed, nowMs: number): void {
  const sent = request.headers['x-amz-security-token'];
  const expected = accessKey.sessionToken;
  if (expected === undefined) {
    if (sent !== undefined) throw invalidToken();
    return;
  }
  if (typeof sent !== 'string' || !timingSafeEqual(digest(sent), digest(expected))) throw invalidToken();
  if (accessKey.expiresAtMs !== undefined && nowMs >= accessKey.expiresAtMs) {
    throw new AwsError('ExpiredTokenException', 'The security token included in the request is expired');
  }
}

function canonicalRequest(request: SignedRequest, signedHeaders: readonly string[]): string {
  // Over the body that came, whatever the x-amz-content-sha256 header claims.
  const bodyHash = sha256(request.body);
  const [path = '/', query = ''] = request.url.split('?', 2);
  // The protocol has one path and no parameters; anything else is refused rather than canonicalised.
  if (path !== '/' || query !== '') throw new AwsError('UnknownOperationException');
  const headers = signedHeaders.map(
    (name) => `${name}:${headerText(request, name).trim().replace(/\s+/g, ' ')}\n`,
  );
  return [request.method, path, query, headers.join(''), signedHeaders.join(';'), bodyHash].join('\n');
}

function headerText(request: SignedRequest, name: string): string {
  const value = request.headers[name];
  if (typeof value !== 'string') {
    throw new AwsError('IncompleteSignatureException', `The signature needs the header '${name}', once.`);
  }
  return value;
}

function basicDate(atMs: number): string {
  return new Date(atMs).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

function invalidSignature(message: string): AwsError {
  return new AwsError('InvalidSignatureException', message);
}

function invalidToken(): AwsError {
  return new AwsError(
    'UnrecognizedClientException',
    'The security token included in the request is invalid.',
  );
}

function sha256(data: Buffer | string): string {
  return digest(data).toString('hex');
}

function digest(data: Buffer | string): Buffer {
  return createHash('sha256').update(data).digest();
}

function hmac(key: Buffer | string, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}
