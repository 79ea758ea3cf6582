import { CmkError } from '../core/errors.ts';

/** The error of a call that its caller's signal ended. */
export function abortError(signal: AbortSignal): CmkError {
  const reason: unknown = signal.reason;
  if (reason instanceof CmkError) return reason;
  return reason instanceof DOMException && reason.name === 'TimeoutError'
    ? new CmkError('DEADLINE_EXCEEDED', 'the caller’s time limit passed', { cause: reason })
    : new CmkError('CANCELLED', 'cancelled by the caller', { cause: reason });
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
