import { CmkError } from '../core/errors.ts';
import { fromGrpcError } from '../proto/status.ts';

/** The error that ended a call which its caller did not cancel. */
export function peerError(error: unknown): CmkError {
  const known = fromGrpcError(error, 'SIDECAR_UNREACHABLE');
  const reason = /Last error: (?:Error: )?(.*?)\.? Resolution note/.exec(known.message)?.[1];
  if (known.code === 'SIDECAR_UNREACHABLE' && reason !== undefined) {
    return new CmkError('SIDECAR_UNREACHABLE', `cannot reach the sidecar: ${reason}`, { cause: error });
  }
  // A process that is stopped or killed resets its streams. The sidecar itself never ends a call in this way.
  const isReset = /^Call cancelled$|RST_STREAM|ECONNRESET/.test(known.message);
  if (!isReset || known.code === 'SIDECAR_UNREACHABLE') return known;
  return new CmkError('SIDECAR_UNREACHABLE', `the sidecar broke the call off: ${known.message}`, {
    cause: error,
  });
}
