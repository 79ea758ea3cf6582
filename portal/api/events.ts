import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { path } from './client.ts';
import { followEvents } from './follow-events.ts';

/** Bursts of changes are looked at once. */
const GATHER_MS = 500;
const MAX_LIVE_PAGES = 3;

/**
 * While a page is open, what changed elsewhere is asked for again by itself.
 * @returns whether it is; false when nothing was heard of the server for a while
 */
export function useLiveUpdates(account: string | null): boolean {
  const queries = useQueryClient();
  const [isLive, setLive] = useState(true);
  useEffect(() => {
    setLive(true);
    if (account === null) return;
    let callOff: (() => void) | null = null;
    const end = followEvents({
      open: () => new EventSource(path('accounts', account, 'events')),
      schedule,
      random: Math.random,
      onLive: setLive,
      onChanged: () => {
        callOff ??= schedule(GATHER_MS, () => {
          callOff = null;
          void queries.invalidateQueries({ queryKey: ['accounts', account], predicate: isShort });
        });
      },
    });
    return () => {
      callOff?.();
      end();
    };
  }, [account, queries]);
  return isLive;
}

/** Lists that somebody read far into are left as they are: reading all of them again and again would be dear. */
function isShort({ state: { data } }: { readonly state: { readonly data: unknown } }): boolean {
  const { pages } = (data ?? {}) as { readonly pages?: readonly unknown[] };
  return (pages?.length ?? 0) <= MAX_LIVE_PAGES;
}

function schedule(afterMs: number, run: () => void): () => void {
  const timer = setTimeout(run, afterMs);
  return () => clearTimeout(timer);
}
