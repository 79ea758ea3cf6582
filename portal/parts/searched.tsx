import { Button } from '@mantine/core';
import type { UseInfiniteQueryResult } from '@tanstack/react-query';
import { useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemNote } from './problem.tsx';
import { Loading } from './query.tsx';

/** How many are worth a look. */
const ENOUGH = 25;
/** How many pages are read without being asked. */
const MAX_PAGES = 12;

interface SearchedProps<P> {
  readonly query: UseInfiniteQueryResult<P[]>;
  /** How many of what is looked for there are on a page. */
  readonly countOf: (page: P) => number;
  readonly children: (
    pages: P[],
    state: { readonly isWhole: boolean; readonly isSearching: boolean },
  ) => ReactNode;
}

/**
 * A list whose pages may be short or empty because each is a search through a bounded part of what there is. It goes on by
 * itself until there is something to look at, but not for ever. What is searched for is its `key`.
 */
export function Searched<P>({ query, countOf, children }: SearchedProps<P>) {
  const { t } = useTranslation();
  const { data, error, hasNextPage, isFetching, fetchNextPage } = query;
  // What was there when somebody last said how far to go.
  const [start, setStart] = useState({ pages: 0, found: 0 });
  const pages = data?.length ?? 0;
  const found = (data ?? []).reduce((sum, page) => sum + countOf(page), 0);
  const isShort = found - start.found < ENOUGH;
  const goesOn = hasNextPage && !error && isShort && pages > 0 && pages - start.pages < MAX_PAGES;
  useEffect(() => {
    if (goesOn && !isFetching) void fetchNextPage();
  }, [goesOn, isFetching, fetchNextPage]);
  if (!data)
    return error ? <ProblemNote error={error} onRetry={() => void query.refetch()} /> : <Loading lines={6} />;
  return (
    <div className="stack-m">
      {children(data, { isWhole: !hasNextPage, isSearching: goesOn })}
      {goesOn && <p className="muted">{t('common.searching')}</p>}
      {error && <ProblemNote error={error} onRetry={() => void fetchNextPage()} />}
      {hasNextPage && !goesOn && !error && (
        <div>
          <Button
            variant="default"
            loading={isFetching}
            onClick={() => {
              setStart({ pages, found });
              void fetchNextPage();
            }}
          >
            {t(isShort ? 'common.further' : 'common.more')}
          </Button>
        </div>
      )}
    </div>
  );
}
