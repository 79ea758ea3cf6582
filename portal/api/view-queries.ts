import { useInfiniteQuery } from '@tanstack/react-query';
import { get, path, type Query } from './client.ts';
import { keyOf, useGet } from './queries.ts';
import type {
  Alert,
  AssetDetails,
  AuditEvent,
  Fleet,
  KmsBudget,
  ListedAsset,
  Move,
  Overview,
  Sidecar,
  Uses,
} from './types.ts';

interface EventPage {
  readonly events: readonly AuditEvent[];
  readonly next: string | null;
}

export const useOverview = (account: string) =>
  useGet<{ overview: Overview }, Overview>(['accounts', account, 'overview'], ({ overview }) => overview, {
    refetchInterval: 60_000,
  });

export const useAsset = (account: string, srvId: string, type: string, id: string) =>
  useGet<{ asset: AssetDetails }, AssetDetails>(
    ['accounts', account, 'assets', srvId, type, id],
    ({ asset }) => asset,
  );

/** A list that is read page by page. */
function usePages<P extends { readonly next: string | null }>(
  parts: readonly string[],
  query: Query,
  refetchInterval: (pages: readonly P[]) => number | false = () => false,
) {
  return useInfiniteQuery<P, Error, P[], readonly unknown[], string | null>({
    queryKey: [...keyOf(parts, query), 'pages'],
    queryFn: ({ pageParam, signal }) =>
      get<P>(path(...parts), { signal, query: { ...query, cursor: pageParam } }),
    initialPageParam: null,
    getNextPageParam: ({ next }) => next,
    select: ({ pages }) => pages,
    refetchInterval: ({ state }) => refetchInterval(state.data?.pages ?? []),
  });
}

export const useAssets = (account: string, query: Query) =>
  usePages<{ assets: ListedAsset[]; next: string | null }>(['accounts', account, 'assets'], query);

export const useActivity = (account: string, query: Query) =>
  usePages<EventPage>(['accounts', account, 'activity'], query);

/** While one runs, its progress is looked at. */
export const useMoves = (account: string) =>
  usePages<{ moves: Move[]; next: string | null }>(['accounts', account, 'moves'], { limit: 20 }, (pages) =>
    pages.some(({ moves }) => moves.some(({ state }) => state === 'RUNNING')) ? 5_000 : false,
  );

/** While one is on its way, it is looked whether it arrived. */
export const useAlerts = (account: string) =>
  usePages<{ alerts: Alert[]; next: string | null }>(
    ['accounts', account, 'alerts'],
    { limit: 10 },
    ([page]) =>
      page?.alerts.some(({ deliveries }) => deliveries.some(({ state }) => state === 'PENDING'))
        ? 5_000
        : false,
  );

export const useHistory = (account: string, srvId: string, type: string, id: string) =>
  usePages<EventPage>(['accounts', account, 'assets', srvId, type, id, 'history'], {});

export const useKeyUses = (account: string, key: string, query: Query) =>
  useGet<{ uses: Uses }, Uses>(['accounts', account, 'keys', key, 'uses'], ({ uses }) => uses, { query });

export const useUses = (account: string, query: Query) =>
  useGet<{ uses: Uses }, Uses>(['accounts', account, 'uses'], ({ uses }) => uses, { query });

export const useKmsBudget = (account: string) =>
  useGet<{ budget: KmsBudget }, KmsBudget>(['accounts', account, 'kms-budget'], ({ budget }) => budget);

const WATCHED = { refetchInterval: 15_000 };

export const useHealth = () =>
  useGet<{ health: Fleet }, Fleet>(['operator', 'health'], ({ health }) => health, WATCHED);

export const useSidecars = () =>
  usePages<{ sidecars: Sidecar[]; next: string | null }>(['operator', 'sidecars'], { limit: 50 });
