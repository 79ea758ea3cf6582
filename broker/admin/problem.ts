import type { FastifyReply } from 'fastify';
import { CmkError, ERROR_CODES, toCmkError, type ErrorCode, type GrpcStatusName } from '../../core/errors.ts';

/** The mapping between {@link CmkError} and HTTP: RFC 9457 problem details. */

const HTTP_STATUS = {
  CANCELLED: 499,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 412,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 422,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 422,
  UNAUTHENTICATED: 401,
} as const satisfies Record<GrpcStatusName, number>;

export const PROBLEM_TYPE = 'application/problem+json';

/** The body of every answer that is not a success. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** What went wrong this time, with expected and actual. */
  readonly detail: string;
  /** The error code: decide by this. */
  readonly code: string;
  readonly retryable: boolean;
  readonly [extension: string]: unknown;
}

/** The HTTP status of a code. */
export function statusOf(code: ErrorCode): number {
  return HTTP_STATUS[ERROR_CODES[code].grpc];
}

/** @param extensions further members, e.g. the steps of a verification */
export function toProblem(error: unknown, extensions: Record<string, unknown> = {}): Problem {
  const { code, message, retryable, metadata } = toCmkError(error);
  return {
    ...metadata,
    ...extensions,
    type: `urn:cmk:error:${code}`,
    title: ERROR_CODES[code].meaning,
    status: statusOf(code),
    detail: message,
    code,
    retryable,
  };
}

export function sendProblem(
  reply: FastifyReply,
  error: unknown,
  extensions?: Record<string, unknown>,
): FastifyReply {
  const problem = toProblem(error, extensions);
  const retryAfterMs = Number(problem['retryAfterMs']);
  if (retryAfterMs > 0) void reply.header('retry-after', Math.ceil(retryAfterMs / 1_000));
  return reply.code(problem.status).type(PROBLEM_TYPE).send(problem);
}

/** Fastify's own refusals (schema, body, route) in our words; anything else passes. */
export function fromFastifyError(error: unknown): unknown {
  if (error instanceof CmkError || !(error instanceof Error) || !('statusCode' in error)) return error;
  const { statusCode } = error;
  if (statusCode === 404) return new CmkError('NOT_FOUND', 'nothing under this path');
  const refused = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
  return refused ? new CmkError('INVALID_ARGUMENT', error.message, { cause: error }) : error;
}
