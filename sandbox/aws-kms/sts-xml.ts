import type { Session } from './assume-role.ts';
import type { AwsError, AwsErrorType } from './errors.ts';
import type { Malformation } from './faults.ts';

/** Answers of STS, in the XML of its query protocol. */

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

/** Where STS calls an error otherwise than KMS, and its HTTP status there. */
const CODES: Readonly<Partial<Record<AwsErrorType, readonly [string, number]>>> = {
  AccessDeniedException: ['AccessDenied', 403],
  ExpiredTokenException: ['ExpiredToken', 403],
  IncompleteSignatureException: ['IncompleteSignature', 400],
  InvalidSignatureException: ['SignatureDoesNotMatch', 403],
  KMSInternalException: ['InternalFailure', 500],
  MissingAuthenticationTokenException: ['MissingAuthenticationToken', 403],
  ServiceUnavailableException: ['ServiceUnavailable', 503],
  ThrottlingException: ['Throttling', 400],
  UnknownOperationException: ['InvalidAction', 400],
  UnrecognizedClientException: ['InvalidClientTokenId', 403],
  ValidationException: ['ValidationError', 400],
};

export function answerXml({ principal, accessKey, expiresAtMs }: Session, requestId: string): string {
  const user = element('AssumedRoleUser', [
    text('AssumedRoleId', principal.id),
    text('Arn', principal.sessionArn),
  ]);
  const credentials = element('Credentials', [
    text('AccessKeyId', accessKey.accessKeyId),
    text('SecretAccessKey', accessKey.secretAccessKey),
    text('SessionToken', accessKey.sessionToken ?? ''),
    text('Expiration', new Date(expiresAtMs).toISOString().replace(/\.\d{3}/, '')),
  ]);
  const parts = [element('AssumeRoleResult', [credentials, user]), metadata(requestId)];
  return element('AssumeRoleResponse', parts, ` xmlns="${NAMESPACE}"`);
}

export function errorXml(error: AwsError, requestId: string): { status: number; body: string } {
  const [code, status] = CODES[error.type] ?? [error.type, error.status];
  const parts = [
    text('Type', status < 500 ? 'Sender' : 'Receiver'),
    text('Code', code),
    text('Message', error.message),
  ];
  const body = element(
    'ErrorResponse',
    [element('Error', parts), text('RequestId', requestId)],
    ` xmlns="${NAMESPACE}"`,
  );
  return { status, body };
}

/** The answer as a broken STS would give it. */
export function deformXml(xml: string, what: Malformation): { status: number; body: string } {
  switch (what) {
    case 'not-json':
      return { status: 200, body: xml.slice(0, -8) };
    case 'bare-502':
      return { status: 502, body: '<html><body>Bad Gateway</body></html>' };
    case 'empty-body':
    case 'no-plaintext':
    case 'short-plaintext':
    case 'no-blob':
    case 'other-key':
      return { status: 200, body: xml.replace(/<Credentials>.*<\/Credentials>/, '') };
  }
}

function metadata(requestId: string): string {
  return element('ResponseMetadata', [text('RequestId', requestId)]);
}

function element(name: string, parts: readonly string[], attributes = ''): string {
  return `<${name}${attributes}>${parts.join('')}</${name}>`;
}

function text(name: string, value: string): string {
  return `<${name}>${value.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')}</${name}>`;
}
