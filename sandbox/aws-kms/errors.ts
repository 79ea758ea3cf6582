/** HTTP status of each error that the emulator answers, as KMS does: throttling and refusals are 400. */
const STATUS = {
  AccessDeniedException: 400,
  AlreadyExistsException: 400,
  DependencyTimeoutException: 500,
  DisabledException: 400,
  ExpiredTokenException: 400,
  IncompleteSignatureException: 400,
  IncorrectKeyException: 400,
  InternalFailure: 500,
  InvalidArnException: 400,
  InvalidCiphertextException: 400,
  InvalidKeyUsageException: 400,
  InvalidSignatureException: 400,
  KMSInternalException: 500,
  KMSInvalidStateException: 400,
  KeyUnavailableException: 500,
  LimitExceededException: 400,
  MalformedPolicyDocumentException: 400,
  MissingAuthenticationTokenException: 400,
  NotFoundException: 400,
  OptInRequired: 403,
  RegionDisabledException: 403,
  RequestEntityTooLargeException: 413,
  SerializationException: 400,
  ServiceUnavailableException: 503,
  SubscriptionRequiredException: 403,
  ThrottlingException: 400,
  UnknownOperationException: 400,
  UnrecognizedClientException: 400,
  UnsupportedOperationException: 400,
  ValidationException: 400,
} as const;

export type AwsErrorType = keyof typeof STATUS;

/** An answer other than success, as it goes out in `__type` and `message`. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly type: AwsErrorType;
  /** Goes out as Retry-After, which KMS itself does not send, but what stands before it may. */
  readonly retryAfterSeconds: number | undefined;

  /** @param message empty for InvalidCiphertextException, which says nothing */
  constructor(type: AwsErrorType, message = '', retryAfterSeconds?: number) {
    super(message);
    this.type = type;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  get status(): number {
    return STATUS[this.type];
  }
}
