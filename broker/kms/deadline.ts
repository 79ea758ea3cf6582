import { CmkError } from '../../core/errors.ts';
import { KmsError, type KmsCall } from './provider.ts';

/**
 * Runs a KMS call within its deadline and its caller's signal. The signal that the work gets aborts at either; the
 * result does not wait for the work to notice.
 * @param discard what to do with a result that comes too late, e.g. wipe it
 * @throws KmsError UNREACHABLE at the deadline; CmkError CANCELLED when the caller aborts; else what the work throws
 */
export async function withDeadline<T>(
  { timeoutMs, signal }: KmsCall,
  work: (signal: AbortSignal) => Promise<T>,
  discard: (late: T) => void,
): Promise<T> {
  if (signal?.aborted) throw cancelled();
  const controller = new AbortController();
  const working = work(controller.signal);
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const givenUp = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(cancelled());
    signal?.addEventListener('abort', onAbort, { once: true });
    const late = () => reject(new KmsError('UNREACHABLE', `the KMS did not answer within ${timeoutMs} ms`));
    timer = setTimeout(late, timeoutMs);
  });
  try {
    return await Promise.race([working, givenUp]);
  } catch (error) {
    controller.abort();
    working.then(discard, ignore);
    throw error;
  } finally {
    clearTimeout(timer);
    if (onAbort) signal?.removeEventListener('abort', onAbort);
  }
}

function cancelled(): CmkError {
  return new CmkError('CANCELLED', 'the KMS call was cancelled by its caller');
}

function ignore(): void {
  // What the work says after its caller has gone interests nobody.
}
