import { ERROR_CODES, type ErrorCode, type GrpcStatusName } from '../../core/errors.ts';

/** What the command's exit code says; docs/cli.md lists it. */
export const EXIT_CODES = {
  0: 'done',
  1: 'a defect of ours, or of the sidecar',
  2: 'the command line is wrong, or a name in it',
  3: 'a file or stream on this machine could not be read or written',
  4: 'the sealed file is damaged, incomplete or not ours; or a ledger is not as it was written',
  5: 'not allowed, or no such account or asset',
  6: 'the customer’s key cannot be used: the customer, or the provider, must act',
  7: 'something is not available at the moment: try again',
  130: 'interrupted; a second interruption ends it without cleaning up',
  141: 'whoever read our output stopped reading',
} as const;

export type ExitCode = keyof typeof EXIT_CODES;

const BY_STATUS: Record<GrpcStatusName, ExitCode> = {
  INVALID_ARGUMENT: 2,
  DATA_LOSS: 4,
  PERMISSION_DENIED: 5,
  UNAUTHENTICATED: 5,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 5,
  ABORTED: 5,
  FAILED_PRECONDITION: 6,
  UNAVAILABLE: 7,
  RESOURCE_EXHAUSTED: 7,
  DEADLINE_EXCEEDED: 7,
  CANCELLED: 130,
  INTERNAL: 1,
};

/** The exit code for an error code: that of its gRPC status. */
export function exitCodeOf(code: ErrorCode): ExitCode {
  return code === 'LOCAL_IO_FAILED' ? 3 : BY_STATUS[ERROR_CODES[code].grpc];
}
