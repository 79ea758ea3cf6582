import { useInfiniteQuery } from '@tanstack/react-query';
import { get, path, type Query } from './client.ts';
import { keyOf, useGet } from './queries.ts';
import type { ActivityPage, AssetView, ListedAsset, Overview, UseBucket } from './view-types.ts';

export const useOverview = (account: string) =>
  useGet<{ overview: Overview }, Overview>(['accounts', account, 'overview'], ({ overview }) => overview, {
    refetchInterval: 60_000,
  });

export const useAsset = (account: string, srvId: string, type: string, id: string) =>
  useGet<{ asset: AssetView }, AssetView>(
    ['accounts', account, 'assets', srvId, type, id],
    ({ asset }) => asset,
  );

/** A list that is read page by page. */
function usePages<P extends { readonly next: string | null }>(parts: readonly string[], query: Query) {
  return useInfiniteQuery<P, Error, P[], readonly unknown[], string | null>({
    queryKey: [...keyOf(parts, query), 'pages'],
    queryFn: ({ pageParam, signal }) =>
      get<P>(path(...parts), { signal, query: { ...query, cursor: pageParam } }),
    initialPageParam: null,
    getNextPageParam: ({ next }) => next,
    select: ({ pages }) => pages,
  });
}

export const useAssets = (account: string, query: Query) =>
  usePages<{ assets: ListedAsset[]; next: string | null }>(['accounts', account, 'assets'], query);

export const useActivity = (account: string, query: Query) =>
  usePages<ActivityPage>(['accounts', account, 'activity'], query);

export const useHistory = (account: string, srvId: string, type: string, id: string) =>
  usePages<ActivityPage>(['accounts', account, 'assets', srvId, type, id, 'history'], {});

export const useKeyUses = (account: string, key: string) =>
  useGet<{ uses: UseBucket[] }, UseBucket[]>(['accounts', account, 'keys', key, 'uses'], ({ uses }) => uses);
