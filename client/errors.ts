import { CmkError } from '../core/errors.ts';
import { fromGrpcError } from '../proto/status.ts';

/** The error of a call that its caller's signal ended. */
export function abortError(signal: AbortSignal): CmkError {
  const reason: unknown = signal.reason;
  if (reason instanceof CmkError) return reason;
  return reason instanceof DOMException && reason.name === 'TimeoutError'
    ? new CmkError('DEADLINE_EXCEEDED', 'the caller’s time limit passed', { cause: reason })
    : new CmkError('CANCELLED', 'cancelled by the caller', { cause: reason });
}

/** The error that ended a call which its caller did not cancel. */
export function peerError(error: unknown): CmkError {
  const known = fromGrpcError(error, 'SIDECAR_UNREACHABLE');
  // A process that is stopped or killed resets its streams. The sidecar itself never ends a call in this way.
  const isReset = /^Call cancelled$|RST_STREAM|ECONNRESET/.test(known.message);
  if (!isReset || known.code === 'SIDECAR_UNREACHABLE') return known;
  return new CmkError('SIDECAR_UNREACHABLE', `the sidecar broke the call off: ${known.message}`, {
    cause: error,
  });
}

/** What failed on our side of the socket, e.g. `talk.mp4: no such file or directory (ENOENT)`. */
export function localError(what: string, error: unknown): CmkError {
  if (error instanceof CmkError) return error;
  const message = error instanceof Error ? error.message : typeof error;
  const text = message.replace(/^(E[A-Z0-9]+): ([^,]+).*$/s, '$2 ($1)');
  return new CmkError('LOCAL_IO_FAILED', `${what}: ${text}`, { cause: error });
}

/** The sidecar broke its contract. */
export function contractError(text: string): CmkError {
  return new CmkError('INTERNAL', `the sidecar broke its contract: ${text}`);
}
