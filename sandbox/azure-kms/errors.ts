/** Each error that the emulated vault answers: HTTP status, code and the code inside it, as Key Vault has them. */
const ERRORS = {
  BadParameter: [400, 'BadParameter', null],
  Unauthorized: [401, 'Unauthorized', null],
  KeyDisabled: [403, 'Forbidden', 'KeyDisabled'],
  KeyExpired: [403, 'Forbidden', 'KeyExpired'],
  KeyNotYetValid: [403, 'Forbidden', 'KeyNotYetValid'],
  KeyOperationForbidden: [403, 'Forbidden', 'KeyOperationForbidden'],
  ForbiddenByRbac: [403, 'Forbidden', 'ForbiddenByRbac'],
  ForbiddenByFirewall: [403, 'Forbidden', 'ForbiddenByFirewall'],
  ForbiddenByConnection: [403, 'Forbidden', 'ForbiddenByConnection'],
  AccessDenied: [403, 'Forbidden', 'AccessDenied'],
  KeyNotFound: [404, 'KeyNotFound', null],
  NotFound: [404, 'NotFound', null],
  MethodNotAllowed: [405, 'MethodNotAllowed', null],
  Conflict: [409, 'Conflict', 'ObjectIsDeletedButRecoverable'],
  RequestEntityTooLarge: [413, 'RequestEntityTooLarge', null],
  Throttled: [429, 'Throttled', null],
  InternalServerError: [500, 'InternalServerError', null],
  ServiceUnavailable: [503, 'ServiceUnavailable', null],
} as const satisfies Record<string, readonly [number, string, string | null]>;

export type AzureErrorType = keyof typeof ERRORS;

/** An answer other than success. */
export class AzureError extends Error {
  override readonly name = 'AzureError';
  readonly type: AzureErrorType;
  readonly headers: Readonly<Record<string, string>>;

  constructor(type: AzureErrorType, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.type = type;
    this.headers = headers;
  }

  get status(): number {
    return ERRORS[this.type][0];
  }

  get body(): object {
    const [, code, inner] = ERRORS[this.type];
    const innererror = inner === null ? {} : { innererror: { code: inner } };
    return { error: { code, message: this.message, ...innererror } };
  }
}
