import { CmkError } from '../../../core/errors.ts';
import { KmsError, type KmsCause } from '../provider.ts';
import { BETTER_ADVICE, type AzureOperation } from './advice.ts';
import { BlobError } from './blob.ts';

export type { AzureOperation };

/** The SDKs' errors as this reads them: any of these fields may be missing. */
interface SdkError {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly details?: unknown;
  readonly response?: unknown;
}

interface Answered {
  readonly code: string;
  readonly inner: string;
  readonly message: string;
}

type Translation = readonly [KmsCause, string];

/** Our own words: Azure's texts hold identifiers and addresses, which are the customer's business and nobody's reading. */
const TEXT = {
  throttled: 'the vault limits the rate of requests',
  token: 'the vault does not accept the broker’s token',
  noCredential: 'the broker has no Azure credential',
  credential: 'Entra does not accept the broker’s credential',
  noPrincipal:
    'the tenant of the vault does not know the broker’s application, or has disabled or blocked it',
  firewall: 'the vault’s firewall does not let the broker in',
  role: 'no role assignment on the vault or key allows this to the broker’s application',
  policy: 'the vault’s access policy does not allow this to the broker’s application',
  denied: 'the vault does not allow this to the broker’s application',
  disabled: 'the key is disabled',
  expired: 'the key has expired',
  notYetValid: 'the key is not valid yet',
  deleted: 'the key is deleted, and can be recovered until it is purged',
  notFound: 'the vault has no such key',
  wrongKind: 'the key cannot wrap data keys: it is of another kind, or its permitted operations leave it out',
  mismatch: 'the wrapped key does not open with this key under this encryption context',
  tenant: 'the tenant or subscription of the vault is not in use any more',
  unreachable: 'the vault could not be reached',
  unknownHost: 'the vault’s host name does not resolve',
  privateAddress:
    'the vault’s name leads to a private address that CMK_AZURE_PRIVATE_NETWORKS does not allow',
  entraUnreachable: 'Entra could not be reached',
  entraThrottled: 'Entra limits the rate of requests',
  failed: 'the vault failed internally',
  refused: 'the vault refused the request itself',
  redirect: 'the vault answered with a redirect, which is not followed',
  challenge: 'the vault asks for a token of another service',
  unreadable: 'the vault’s answer could not be read',
} as const;

const BY_INNER_CODE: Readonly<Record<string, Translation>> = {
  KeyDisabled: ['KEY_DISABLED', TEXT.disabled],
  KeyExpired: ['KEY_DISABLED', TEXT.expired],
  KeyNotYetValid: ['KEY_DISABLED', TEXT.notYetValid],
  KeyOperationForbidden: ['KEY_NOT_FOUND', TEXT.wrongKind],
  ForbiddenByFirewall: ['PERMISSION_REVOKED', TEXT.firewall],
  ForbiddenByConnection: ['PERMISSION_REVOKED', TEXT.firewall],
  ForbiddenByRbac: ['PERMISSION_REVOKED', TEXT.role],
  ForbiddenByPolicy: ['PERMISSION_REVOKED', TEXT.policy],
  AccessDenied: ['PERMISSION_REVOKED', TEXT.policy],
};

/** For answers whose inner code is missing or new. The first that fits counts. */
const BY_DENIAL: readonly (readonly [RegExp, Translation])[] = [
  [/disabled key/i, ['KEY_DISABLED', TEXT.disabled]],
  [/expired/i, ['KEY_DISABLED', TEXT.expired]],
  [/not yet valid|not valid yet|before its/i, ['KEY_DISABLED', TEXT.notYetValid]],
  [/not permitted on this key|key_ops/i, ['KEY_NOT_FOUND', TEXT.wrongKind]],
  [/client address is not|public network access|private link/i, ['PERMISSION_REVOKED', TEXT.firewall]],
  [/not authorized to perform action|rbac/i, ['PERMISSION_REVOKED', TEXT.role]],
  [/permission on key vault|access policy/i, ['PERMISSION_REVOKED', TEXT.policy]],
];

/** Entra's own numbers (AADSTS…) for what is the customer's doing; the other refusals are the broker's to mend. */
const BY_ENTRA_CODE: Readonly<Record<string, Translation>> = {
  '700016': ['PERMISSION_REVOKED', TEXT.noPrincipal],
  '7000229': ['PERMISSION_REVOKED', TEXT.noPrincipal],
  '7000112': ['PERMISSION_REVOKED', TEXT.noPrincipal],
  '500014': ['PERMISSION_REVOKED', TEXT.noPrincipal],
  '650052': ['PERMISSION_REVOKED', TEXT.noPrincipal],
  '53003': ['PERMISSION_REVOKED', TEXT.noPrincipal],
  '90002': ['ACCOUNT_ISSUE', TEXT.tenant],
  '50196': ['THROTTLED', TEXT.entraThrottled],
  '90033': ['UNREACHABLE', TEXT.entraUnreachable],
};

/** Of one blob that was not opened. */
export function mismatch(cause?: unknown): KmsError {
  return new KmsError('CONTEXT_MISMATCH', TEXT.mismatch, cause === undefined ? {} : { cause });
}

export function pendingDeletion(cause: unknown): KmsError {
  return new KmsError('KEY_PENDING_DELETION', TEXT.deleted, { cause });
}

/** Translates whatever a call to a vault threw. */
export function toKmsError(error: unknown, operation: AzureOperation): CmkError {
  if (error instanceof CmkError) return error;
  if (error instanceof BlobError) return mismatch(error);
  if (!(error instanceof Error)) return new KmsError('INVALID_RESPONSE', TEXT.unreadable);
  const status = statusOf(error);
  const [cause, text] = translate(error, status, operation);
  // An answer that could not be read may hold a key, and the parser's message quotes from it.
  if (text === TEXT.unreadable) return new KmsError(cause, text);
  return new KmsError(cause, text, {
    cause: summary(error, status),
    retryAfterMs: retryAfterMs(error),
    advice: betterAdvice(text, operation),
  });
}

/** Translates whatever asking for a token threw. */
export function toCredentialError(error: unknown): CmkError {
  if (error instanceof KmsError && error.kmsCause === 'UNREACHABLE') {
    return new KmsError('UNREACHABLE', TEXT.entraUnreachable);
  }
  if (error instanceof CmkError) return error;
  if (!(error instanceof Error)) return new KmsError('AUTH_FAILED', TEXT.credential);
  const [cause, text] = translateCredential(error);
  const advice = text === TEXT.noPrincipal ? BETTER_ADVICE.noPrincipal() : null;
  return new KmsError(cause, text, { cause: summary(error, statusOf(error)), advice });
}

function betterAdvice(text: string, operation: AzureOperation): string | null {
  const known = (Object.keys(BETTER_ADVICE) as (keyof typeof BETTER_ADVICE)[]).find(
    (name) => TEXT[name] === text,
  );
  return known === undefined ? null : BETTER_ADVICE[known](operation);
}

function translate(error: SdkError, status: number | null, operation: AzureOperation): Translation {
  if (status === null) return withoutAnswer(error);
  if (status === 429) return ['THROTTLED', TEXT.throttled];
  if (status === 408) return ['UNREACHABLE', TEXT.unreachable];
  if (status >= 500) return ['UNREACHABLE', TEXT.failed];
  if (status === 401) return ['AUTH_FAILED', TEXT.token];
  if (status === 403) return fromDenial(answered(error));
  if (status === 404) return ['KEY_NOT_FOUND', TEXT.notFound];
  if (status === 400 && operation === 'unwrap') return ['CONTEXT_MISMATCH', TEXT.mismatch];
  if (status === 400 && operation === 'wrap') return ['KEY_NOT_FOUND', TEXT.wrongKind];
  if (status >= 300 && status < 400) return ['INVALID_RESPONSE', TEXT.redirect];
  return ['INVALID_RESPONSE', status < 300 ? TEXT.unreadable : TEXT.refused];
}

function withoutAnswer(error: SdkError): Translation {
  if (error.code === 'PRIVATE_ADDRESS') return ['UNREACHABLE', TEXT.privateAddress];
  if (error.code === 'ENOTFOUND') return ['UNREACHABLE', TEXT.unknownHost];
  // No route, refused, reset, a body cut short, a certificate that does not verify.
  if (error.name === 'RestError' || error.name === 'AbortError') return ['UNREACHABLE', TEXT.unreachable];
  if (error.message.startsWith('The challenge')) return ['INVALID_RESPONSE', TEXT.challenge];
  // Thrown by the SDK while it reads an answer that lacks what it must have.
  return ['INVALID_RESPONSE', TEXT.unreadable];
}

function fromDenial({ code, inner, message }: Answered): Translation {
  for (const known of [inner, code]) {
    const translation = Object.hasOwn(BY_INNER_CODE, known) ? BY_INNER_CODE[known] : undefined;
    if (translation) return translation;
  }
  return BY_DENIAL.find(([pattern]) => pattern.test(message))?.[1] ?? ['PERMISSION_REVOKED', TEXT.denied];
}

function translateCredential(error: Error): Translation {
  const messages = causesOf(error)
    .map(({ message }) => message)
    .join('\n');
  const number = /AADSTS(\d+)/.exec(messages)?.[1] ?? '';
  const translation = Object.hasOwn(BY_ENTRA_CODE, number) ? BY_ENTRA_CODE[number] : undefined;
  if (translation) return translation;
  if (number !== '') return ['AUTH_FAILED', TEXT.credential];
  const status =
    causesOf(error)
      .map(statusOf)
      .find((each) => each !== null) ?? null;
  if (status === 429) return ['THROTTLED', TEXT.entraThrottled];
  if (error.name === 'CredentialUnavailableError' && status === null)
    return ['AUTH_FAILED', TEXT.noCredential];
  return status !== null && status < 500
    ? ['AUTH_FAILED', TEXT.credential]
    : ['UNREACHABLE', TEXT.entraUnreachable];
}

/** The vault's own code, the code inside it and its text: each may be missing. */
function answered({ code, details, message }: SdkError): Answered {
  const { error } = Object(details) as { error?: { innerError?: { code?: unknown } } };
  const inner = error?.innerError?.code;
  return {
    code: typeof code === 'string' ? code : '',
    inner: typeof inner === 'string' ? inner : '',
    message,
  };
}

function statusOf(error: Error): number | null {
  const { statusCode, status = statusCode } = error as { statusCode?: unknown; status?: unknown };
  return typeof status === 'number' ? status : null;
}

function retryAfterMs({ response }: SdkError): number | null {
  const { headers } = Object(response) as { headers?: { get(name: string): string | undefined } };
  const seconds = headers?.get('retry-after') ?? '';
  return /^\d{1,4}$/.test(seconds) ? Number(seconds) * 1_000 : null;
}

/** The error for the log. Not the SDK's own object: that holds the request, with the key to wrap and the token. */
function summary(error: SdkError, status: number | null): Error {
  const { code, inner, message } = answered(error);
  const codes = [status ?? '', code, inner].filter((text) => text !== '').join(' ');
  return new Error(`${error.name} ${codes}: ${message.slice(0, 500)}`);
}

function causesOf(error: Error): Error[] {
  const causes: Error[] = [];
  for (let each: unknown = error; each instanceof Error && causes.length < 5; each = each.cause)
    causes.push(each);
  return causes;
}
