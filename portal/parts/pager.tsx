import { Button } from '@mantine/core';
import type { UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemNote } from './problem.tsx';
import { Loading } from './query.tsx';

/** A list that is read further on demand. */
export function Paged<P>({
  query,
  children,
}: {
  readonly query: UseInfiniteQueryResult<P[]>;
  readonly children: (pages: P[], isWhole: boolean) => ReactNode;
}) {
  const { t } = useTranslation();
  const { data, error, hasNextPage, isFetchingNextPage } = query;
  if (!data)
    return error ? <ProblemNote error={error} onRetry={() => void query.refetch()} /> : <Loading lines={6} />;
  return (
    <div className="stack-m">
      {children(data, !hasNextPage)}
      {error && <ProblemNote error={error} />}
      {hasNextPage && (
        <div>
          <Button variant="default" loading={isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {t('common.more')}
          </Button>
        </div>
      )}
    </div>
  );
}
