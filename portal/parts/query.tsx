import { Skeleton } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemNote } from './problem.tsx';

/** What a question to the API shows: that it is under way, its answer, or why there is none. */
export function Loaded<T>({
  query,
  lines = 4,
  children,
}: {
  readonly query: UseQueryResult<T>;
  readonly lines?: number;
  readonly children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <ProblemNote error={query.error} onRetry={() => void query.refetch()} />;
  return <Loading lines={lines} />;
}

export function Loading({ lines }: { readonly lines: number }) {
  const { t } = useTranslation();
  return (
    <div role="status" aria-label={t('common.loading')} className="stack-m">
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} height={20} width={`${100 - ((line * 17) % 40)}%`} />
      ))}
    </div>
  );
}
