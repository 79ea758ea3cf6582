import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useNotify } from '../parts/notify.ts';

interface ActOptions<I, O> {
  readonly run: (input: I) => Promise<O>;
  /** Whose answers are asked for again. */
  readonly account: string | null;
  /** What is said when it is done; null: the page shows it. */
  readonly done?: (output: O) => string;
  readonly onDone?: (output: O) => void;
}

/** Something that changes the state: says when it is done, and has everything about the account read again. */
export function useAct<I, O>({ run, account, done, onDone }: ActOptions<I, O>) {
  const queries = useQueryClient();
  const notify = useNotify();
  return useMutation<O, Error, I>({
    mutationFn: run,
    onSuccess: async (output) => {
      await queries.invalidateQueries({ queryKey: account === null ? [] : ['accounts', account] });
      if (done) notify(done(output), 'ok');
      onDone?.(output);
    },
  });
}

/** Forgets how an act came out whenever it is asked about anew: a dialog does not begin with the end of the last one. */
export function useAfresh(
  { reset, isPending }: { reset: () => void; isPending: boolean },
  opened: boolean,
): void {
  useEffect(() => {
    if (opened && !isPending) reset();
    // When it opens, and not when it ends.
  }, [opened]);
}

/** A key for one request that makes something, so that sending it again makes nothing twice. */
export function idempotencyKey(): Readonly<Record<string, string>> {
  return { 'idempotency-key': crypto.randomUUID() };
}
