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
  return new Promise<T>((resolve, reject) => {
    let ended = false;
    const end = (settle: () => void) => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    const giveUp = (error: CmkError) =>
      end(() => {
        controller.abort();
        reject(error);
      });
    const onAbort = () => giveUp(cancelled());
    const timer = setTimeout(
      () => giveUp(new KmsError('UNREACHABLE', `the KMS did not answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    signal?.addEventListener('abort', onAbort, { once: true });
    work(controller.signal).then(
      (result) => (ended ? discard(result) : end(() => resolve(result))),
      (error: unknown) => end(() => reject(error)),
    );
  });
}

function cancelled(): CmkError {
  return new CmkError('CANCELLED', 'the KMS call was cancelled by its caller');
}
