import type { UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ActButton } from './act-button.tsx';
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
          <ActButton
            variant="default"
            pending={isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            {t('common.more')}
          </ActButton>
        </div>
      )}
    </div>
  );
}
