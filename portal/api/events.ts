import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { path } from './client.ts';

/** Bursts of changes are looked at once. */
const GATHER_MS = 500;

/** While a page is open, what changed elsewhere is asked for again by itself. */
export function useLiveUpdates(account: string | null): void {
  const queries = useQueryClient();
  useEffect(() => {
    if (account === null) return;
    const source = new EventSource(path('accounts', account, 'events'));
    let timer: ReturnType<typeof setTimeout> | undefined;
    source.addEventListener('changed', () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void queries.invalidateQueries({ queryKey: ['accounts', account] });
      }, GATHER_MS);
    });
    return () => {
      clearTimeout(timer);
      source.close();
    };
  }, [account, queries]);
}
