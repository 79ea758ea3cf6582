import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from './format.ts';

/** How long ago, with the exact time beside it for whoever points at it or asks. @param ms UNIX milliseconds */
export function Ago({ ms }: { readonly ms: number | null }) {
  const { t } = useTranslation();
  const { ago, time } = useFormat();
  useTick(ms === null ? null : 10_000);
  if (ms === null) return <span className="muted">{t('common.never')}</span>;
  return (
    <time dateTime={new Date(ms).toISOString()} title={time(ms)}>
      {ago(ms)}
    </time>
  );
}

/** The exact time. @param ms UNIX milliseconds */
export function At({ ms }: { readonly ms: number | null }) {
  const { time } = useFormat();
  if (ms === null) return <span className="muted">–</span>;
  return (
    <time className="nowrap" dateTime={new Date(ms).toISOString()}>
      {time(ms)}
    </time>
  );
}

/** What is left until then. @param ms UNIX milliseconds */
export function Until({ ms }: { readonly ms: number }) {
  const { duration } = useFormat();
  const now = useTick(1_000);
  return <span>{duration(ms - now)}</span>;
}

/** Draws again every so often. @param everyMs null: never */
function useTick(everyMs: number | null): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (everyMs === null) return;
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
