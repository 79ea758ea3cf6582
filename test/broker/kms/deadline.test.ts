import test from 'ava';
import { withDeadline } from '../../../broker/kms/deadline.ts';
import { KmsError } from '../../../broker/kms/provider.ts';

const never = () => new Promise<never>(() => undefined);

const ignore = () => undefined;

test('work that ignores its signal does not hold the call', async (t) => {
  const startedMs = performance.now();
  const error = await t.throwsAsync(
    withDeadline({ timeoutMs: 50 }, never, () => undefined),
    { instanceOf: KmsError },
  );
  t.is(error.kmsCause, 'UNREACHABLE');
  t.true(performance.now() - startedMs < 5_000);
});

test('a result that comes too late is discarded', async (t) => {
  let finish: (value: string) => void = () => undefined;
  let aborted = false;
  const late = new Promise<string>((resolve) => {
    const work = (signal: AbortSignal) => {
      signal.addEventListener('abort', () => (aborted = true));
      return new Promise<string>((finishWork) => (finish = finishWork));
    };
    withDeadline({ timeoutMs: 10 }, work, resolve).catch(() => finish('late'));
  });
  t.is(await late, 'late');
  t.true(aborted);
});

test('an abort after the end changes nothing', async (t) => {
  const abort = new AbortController();
  t.is(await withDeadline({ timeoutMs: 1_000, signal: abort.signal }, () => Promise.resolve(1), ignore), 1);
  abort.abort();
});

test('work that fails fails the call, with its own error', async (t) => {
  const failure = new Error('of its own');
  t.is(
    await t.throwsAsync(withDeadline({ timeoutMs: 1_000 }, () => Promise.reject(failure), ignore)),
    failure,
  );
});
