/** How a code maps to gRPC, and what a caller can do about it. */
interface CodeFacts {
  /** The gRPC status code's name. */
  readonly grpc: GrpcStatusName;
  /** Whether the same call may succeed later with nobody mending anything. */
  readonly retryable: boolean;
  /** What it means and what to do next, for docs/errors.md. */
  readonly meaning: string;
}

/** The gRPC status names in use. */
export type GrpcStatusName =
  | 'CANCELLED'
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'ABORTED'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'INTERNAL'
  | 'UNAVAILABLE'
  | 'DATA_LOSS'
  | 'UNAUTHENTICATED';

/**
 * Every error code, in the order of docs/errors.md. A code is part of the API: it travels as `ErrorInfo.reason`
 * and is never renamed.
 */
export const ERROR_CODES = {
  INVALID_ARGUMENT: {
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    meaning: 'A field is missing or malformed. The text names the field, what was expected and what came.',
  },
  NOT_AUTHORIZED: {
    grpc: 'PERMISSION_DENIED',
    retryable: false,
    meaning:
      'The caller may not act for this asset, or the data key is not this asset’s. The answer is the same whatever the cause; the cause is in the audit events.',
  },
  TOKEN_INVALID: {
    grpc: 'UNAUTHENTICATED',
    retryable: false,
    meaning: 'The administration API was called without a valid token or session.',
  },
  ROLE_INSUFFICIENT: {
    grpc: 'PERMISSION_DENIED',
    retryable: false,
    meaning:
      'The administration API knows who called, but their role does not allow this. Nothing was changed. Ask an administrator of the account, or the operator.',
  },
  CROSS_SITE_REQUEST: {
    grpc: 'PERMISSION_DENIED',
    retryable: false,
    meaning:
      'A request that changes something came with a browser’s session, but not from a page of the portal: it lacked the token that GET /v1/me gives, or another site sent it. Nothing was changed.',
  },
  RATE_LIMITED: {
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: true,
    meaning:
      'The administration API was called more often than one caller may. Nothing was changed. Wait for as long as Retry-After says, and send fewer at a time.',
  },
  TOO_MANY_ATTEMPTS: {
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: true,
    meaning:
      'Too many tokens or sessions from this address were not valid; what it shows is not looked at for a while. Mend the program that guesses, or wait.',
  },
  ACCOUNT_UNKNOWN: {
    grpc: 'NOT_FOUND',
    retryable: false,
    meaning: 'The broker has no account of that name. Create it through the administration API first.',
  },
  ASSET_NOT_FOUND: {
    grpc: 'NOT_FOUND',
    retryable: false,
    meaning: 'Nothing was ever sealed for this asset.',
  },
  NOT_FOUND: {
    grpc: 'NOT_FOUND',
    retryable: false,
    meaning: 'The administration API has nothing under that path.',
  },
  CONFLICT: {
    grpc: 'ALREADY_EXISTS',
    retryable: false,
    meaning:
      'The change contradicts what is stored, e.g. a key identifier that is already enrolled. Nothing was changed.',
  },
  STALE_VERSION: {
    grpc: 'ABORTED',
    retryable: false,
    meaning:
      'What If-Match names is no longer what is stored: somebody else changed it; the text names what. Nothing was changed. Read it again, decide again.',
  },
  KEY_DISABLED: {
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    meaning: 'The customer disabled the key in their KMS. Enabling it there makes everything readable again.',
  },
  KEY_PERMISSION_REVOKED: {
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    meaning:
      'The customer’s key policy no longer allows this use: of the key, or for this encryption context.',
  },
  KEY_PENDING_DELETION: {
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    meaning: 'The customer scheduled the key’s deletion. Until it happens they can cancel it in their KMS.',
  },
  KEY_NOT_FOUND: {
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    meaning: 'The KMS has no such key: deleted, or the identifier or region is wrong.',
  },
  DATA_KEY_DESTROYED: {
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    meaning:
      'The data key is gone for good: the asset was sealed again under a newer one. Read its newer file; nothing opens this one any more.',
  },
  DATA_KEY_IN_USE: {
    grpc: 'UNAVAILABLE',
    retryable: true,
    meaning:
      'A file may still be being sealed with the data key that is to be destroyed. Nothing was changed. Look at the asset’s files again later, then repeat the call.',
  },
  KEY_RETIRED: {
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    meaning:
      'An administrator retired the key: what it protects stays closed until the key is brought back through the administration API.',
  },
  KMS_AUTH_FAILED: {
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    meaning: 'The KMS does not accept the broker’s credentials. The provider must mend them.',
  },
  KMS_CONTEXT_MISMATCH: {
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    meaning:
      'The KMS refused the wrapped key under this encryption context: it belongs to another asset, or is damaged.',
  },
  KMS_ACCOUNT_ISSUE: {
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    meaning: 'The customer’s account with the KMS provider is suspended or not subscribed.',
  },
  KMS_THROTTLED: {
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: true,
    meaning: 'The KMS limits the rate of requests. Try again later, with growing pauses.',
  },
  KMS_UNREACHABLE: {
    grpc: 'UNAVAILABLE',
    retryable: true,
    meaning: 'The customer’s KMS did not answer in time or failed internally. Try again.',
  },
  KMS_INVALID_RESPONSE: {
    grpc: 'UNAVAILABLE',
    retryable: true,
    meaning:
      'The KMS answered something that breaks its own contract. Try again; if it stays, tell the operator.',
  },
  BROKER_UNREACHABLE: {
    grpc: 'UNAVAILABLE',
    retryable: true,
    meaning: 'The key broker cannot be reached. Try again.',
  },
  STORE_UNAVAILABLE: {
    grpc: 'UNAVAILABLE',
    retryable: true,
    meaning: 'The broker’s database cannot be used at the moment. Nothing was handed out. Try again.',
  },
  SIDECAR_UNREACHABLE: {
    grpc: 'UNAVAILABLE',
    retryable: true,
    meaning:
      'The client cannot reach the sidecar. Check that it runs and that its address is right (CMK_SIDECAR).',
  },
  SHUTTING_DOWN: {
    grpc: 'UNAVAILABLE',
    retryable: true,
    meaning: 'The process is draining before it stops. Try again.',
  },
  TOO_MANY_STREAMS: {
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: true,
    meaning: 'The process serves as many streams as it may. Try again later.',
  },
  STREAM_IDLE: {
    grpc: 'DEADLINE_EXCEEDED',
    retryable: false,
    meaning: 'The stream moved fewer bytes than the least rate for as long as the idle limit, and was ended.',
  },
  DEADLINE_EXCEEDED: {
    grpc: 'DEADLINE_EXCEEDED',
    retryable: true,
    meaning: 'The call’s own deadline passed before it was done.',
  },
  CANCELLED: {
    grpc: 'CANCELLED',
    retryable: false,
    meaning: 'The caller cancelled the call.',
  },
  LOCAL_IO_FAILED: {
    grpc: 'CANCELLED',
    retryable: false,
    meaning:
      'A file, pipe or stream that the client reads from or writes to failed. The text has the system’s reason; the service is not at fault.',
  },
  MALFORMED: {
    grpc: 'DATA_LOSS',
    retryable: false,
    meaning: 'This is not a sealed file of ours, or its structure is damaged.',
  },
  TRUNCATED: {
    grpc: 'DATA_LOSS',
    retryable: false,
    meaning:
      'The sealed file ends before its final frame. What was released before is authentic but not all of it.',
  },
  AUTHENTICATION_FAILED: {
    grpc: 'DATA_LOSS',
    retryable: false,
    meaning: 'The sealed file was changed, or this is not its key. Nothing unauthenticated was released.',
  },
  LEDGER_BROKEN: {
    grpc: 'DATA_LOSS',
    retryable: false,
    meaning:
      'A record of an audit ledger is not as it was written: changed, removed, added or moved. The text names the first one.',
  },
  CONFIG_INVALID: {
    grpc: 'INTERNAL',
    retryable: false,
    meaning: 'The process was started with settings it cannot use; the text lists every one of them.',
  },
  INTERNAL: {
    grpc: 'INTERNAL',
    retryable: false,
    meaning: 'A defect of ours. The cause is in the process’s log, never in the answer.',
  },
} as const satisfies Record<string, CodeFacts>;

/** A code of {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Whether a text received from elsewhere is one of our codes. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CODES, text);
}

/** Facts that accompany an error to the peer: bounded, no personal data, never key material. */
export type ErrorMetadata = Readonly<Record<string, string>>;

/**
 * The one error class. The message is for people (lower case, no full stop, expected and actual); the code is for
 * programs; the cause is for the log and never leaves the process.
 */
export class CmkError extends Error {
  override readonly name = 'CmkError';
  readonly code: ErrorCode;
  readonly metadata: ErrorMetadata;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; metadata?: ErrorMetadata } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.metadata = options.metadata ?? {};
  }

  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }
}

/** Our own errors pass; anything else becomes INTERNAL with the original as its cause. */
export function toCmkError(error: unknown): CmkError {
  return error instanceof CmkError ? error : new CmkError('INTERNAL', 'internal error', { cause: error });
}
