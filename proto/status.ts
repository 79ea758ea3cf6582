import grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';
import { CmkError, ERROR_CODES, isErrorCode, toCmkError, type ErrorCode } from '../core/errors.ts';
import { ERROR_DOMAIN, loadStatusMessages } from './load.ts';
import type { ErrorInfo, ErrorInfo__Output } from './types/google/rpc/ErrorInfo.ts';
import type { Status, Status__Output } from './types/google/rpc/Status.ts';

/** The mapping between {@link CmkError} and what travels over gRPC: one place for every process. */

const DETAILS_TRAILER = 'grpc-status-details-bin';
const ERROR_INFO_TYPE = 'type.googleapis.com/google.rpc.ErrorInfo';

const messages = loadStatusMessages();
const statusMessage = messages['google.rpc.Status'] as MessageTypeDefinition<Status, Status__Output>;
const errorInfoMessage = messages['google.rpc.ErrorInfo'] as MessageTypeDefinition<
  ErrorInfo,
  ErrorInfo__Output
>;

/** The status to end a call with. An error that is not ours becomes INTERNAL: its text stays in the process. */
export function toGrpcStatus(error: unknown): grpc.StatusObject {
  const known = toCmkError(error);
  const code = grpc.status[ERROR_CODES[known.code].grpc];
  const info = errorInfoMessage.serialize({
    reason: known.code,
    domain: ERROR_DOMAIN,
    metadata: { ...known.metadata, retryable: String(known.retryable) },
  });
  const details = statusMessage.serialize({
    code,
    message: known.message,
    details: [{ type_url: ERROR_INFO_TYPE, value: info }],
  });
  const metadata = new grpc.Metadata();
  metadata.set(DETAILS_TRAILER, details);
  return { code, details: known.message, metadata };
}

/**
 * The error that a peer sent.
 * @param unreachable what a bare UNAVAILABLE means here: the peer itself could not be reached
 */
export function fromGrpcError(error: unknown, unreachable: ErrorCode): CmkError {
  if (error instanceof CmkError) return error;
  if (!isServiceError(error)) return new CmkError('INTERNAL', 'internal error', { cause: error });
  const info = readErrorInfo(error.metadata);
  if (info && isErrorCode(info.reason)) {
    const { retryable: _retryable, ...metadata } = info.metadata;
    return new CmkError(info.reason, error.details, { cause: error, metadata });
  }
  return new CmkError(codeOfBareStatus(error.code, unreachable), error.details, { cause: error });
}

function isServiceError(error: unknown): error is grpc.ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}

function readErrorInfo(metadata: grpc.Metadata | undefined): ErrorInfo__Output | null {
  const trailer = metadata?.get(DETAILS_TRAILER)[0];
  if (!Buffer.isBuffer(trailer)) return null;
  try {
    const status = statusMessage.deserialize(trailer) as unknown as {
      details: { type_url: string; value: Buffer }[];
    };
    const any = status.details.find((detail) => detail.type_url === ERROR_INFO_TYPE);
    const info = any && errorInfoMessage.deserialize(any.value);
    return info?.domain === ERROR_DOMAIN ? info : null;
  } catch {
    // A peer that sends nonsense in the trailer is treated as one that sends none.
    return null;
  }
}

/** What statuses mean that gRPC itself ends a call with. */
const BARE_STATUSES: Partial<Record<grpc.status, ErrorCode>> = {
  [grpc.status.DEADLINE_EXCEEDED]: 'DEADLINE_EXCEEDED',
  [grpc.status.CANCELLED]: 'CANCELLED',
  [grpc.status.PERMISSION_DENIED]: 'NOT_AUTHORIZED',
  [grpc.status.UNAUTHENTICATED]: 'NOT_AUTHORIZED',
  [grpc.status.INVALID_ARGUMENT]: 'INVALID_ARGUMENT',
  [grpc.status.RESOURCE_EXHAUSTED]: 'TOO_MANY_STREAMS',
};

function codeOfBareStatus(code: grpc.status, unreachable: ErrorCode): ErrorCode {
  return code === grpc.status.UNAVAILABLE ? unreachable : (BARE_STATUSES[code] ?? 'INTERNAL');
}
