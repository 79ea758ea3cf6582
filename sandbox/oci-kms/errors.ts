const STATUS = {
  CannotParseRequest: 400,
  InvalidParameter: 400,
  LimitExceeded: 400,
  MissingParameter: 400,
  NotAuthenticated: 401,
  SignUpRequired: 402,
  NotAuthorizedOrNotFound: 404,
  NotFound: 404,
  MethodNotAllowed: 405,
  IncorrectState: 409,
  PayloadTooLarge: 413,
  TooManyRequests: 429,
  InternalServerError: 500,
  ServiceUnavailable: 503,
} as const;

export type OciErrorCode = keyof typeof STATUS;

/** An answer other than success, as it goes out in `code` and `message`. */
export class OciError extends Error {
  override readonly name = 'OciError';
  readonly code: OciErrorCode;

  constructor(code: OciErrorCode, message: string) {
    super(message);
    this.code = code;
  }

  get status(): number {
    return STATUS[this.code];
  }
}

/** One and the same for what is missing and for what is not allowed. */
export function notAuthorizedOrNotFound(): OciError {
  return new OciError(
    'NotAuthorizedOrNotFound',
    'Key or Vault does not exist or you are not authorized to access them.',
  );
}
