import { useQuery, type UseQueryOptions } from '@tanstack/react-query';
import { get, getTagged, path, type Query, type Tagged } from './client.ts';
import type {
  Account,
  ApiToken,
  AssetType,
  BlastRadius,
  FailureWish,
  FallbackEpisode,
  FallbackPolicy,
  Group,
  Key,
  Me,
  Move,
  Service,
  Webhook,
} from './types.ts';

/** Names of answers, as they are kept: `['accounts', 'acme', 'keys']`. What starts alike is forgotten together. */
export function keyOf(parts: readonly string[], query: Query = {}): readonly unknown[] {
  return Object.keys(query).length === 0 ? parts : [...parts, query];
}

/** Asks the API for what is under a path. */
export function useGet<T, R = T>(
  parts: readonly string[],
  select: (answer: T) => R,
  options: Partial<UseQueryOptions<T, Error, R>> & { readonly query?: Query } = {},
) {
  const { query, ...rest } = options;
  return useQuery<T, Error, R>({
    queryKey: keyOf(parts, query),
    queryFn: ({ signal }) => get<T>(path(...parts), { signal, ...(query && { query }) }),
    select,
    ...rest,
  });
}

/** As {@link useGet}, for what is changed as a whole: with the version that was read. */
function useTagged<T extends object>(parts: readonly string[]) {
  return useQuery<Tagged<T>>({
    queryKey: keyOf(parts),
    queryFn: ({ signal }) => getTagged<T>(path(...parts), { signal }),
  });
}

const same = <T>(answer: T): T => answer;

export const useWho = () => useGet<Me>(['me'], same, { retry: false, staleTime: Infinity });
export const useAccounts = (enabled = true) =>
  useGet<{ accounts: Account[] }, Account[]>(['accounts'], ({ accounts }) => accounts, {
    query: { limit: 1000 },
    enabled,
  });
export const useAccount = (account: string) => useGet<Account>(['accounts', account], same);
export const useServices = () =>
  useGet<{ services: Service[] }, Service[]>(['services'], ({ services }) => services, {
    staleTime: 600_000,
  });
export const useKeys = (account: string) =>
  useGet<{ keys: Key[] }, Key[]>(['accounts', account, 'keys'], ({ keys }) => keys);
export const useKey = (account: string, key: string) =>
  useGet<{ key: Key }, Key>(['accounts', account, 'keys', key], ({ key: found }) => found);
export const useBlastRadius = (account: string, key: string, enabled = true) =>
  useGet<{ blastRadius: BlastRadius }, BlastRadius>(
    ['accounts', account, 'keys', key, 'blast-radius'],
    ({ blastRadius }) => blastRadius,
    { enabled, staleTime: 0 },
  );
export const useGroups = (account: string) =>
  useGet<{ groups: Group[] }, Group[]>(['accounts', account, 'groups'], ({ groups }) => groups);
export const useEnrolments = (account: string) =>
  useGet<{ enrolments: AssetType[] }, AssetType[]>(
    ['accounts', account, 'enrolments'],
    ({ enrolments }) => enrolments,
  );
export const useContacts = (account: string) =>
  useTagged<{ emails: string[] }>(['accounts', account, 'contacts']);
export const useWebhooks = (account: string) =>
  useGet<{ webhooks: Webhook[] }, Webhook[]>(['accounts', account, 'webhooks'], ({ webhooks }) => webhooks);
export const useFallback = (account: string) => useTagged<FallbackPolicy>(['accounts', account, 'fallback']);
export const useEpisodes = (account: string) =>
  useGet<{ episodes: FallbackEpisode[] }, FallbackEpisode[]>(
    ['accounts', account, 'fallback', 'episodes'],
    ({ episodes }) => episodes,
    { query: { limit: 20 } },
  );
export const useWishes = (account: string) =>
  useGet<{ onFailure: (AssetType & { wish: FailureWish })[] }, (AssetType & { wish: FailureWish })[]>(
    ['accounts', account, 'on-failure'],
    ({ onFailure }) => onFailure,
  );
export const useMoves = (account: string) =>
  useGet<{ moves: Move[] }, Move[]>(['accounts', account, 'moves'], ({ moves }) => moves, {
    query: { limit: 50 },
    refetchInterval: ({ state }) =>
      state.data?.moves.some((move) => move.state === 'RUNNING') ? 5_000 : false,
  });
export const useTokens = (account: string) =>
  useGet<{ tokens: ApiToken[] }, ApiToken[]>(['accounts', account, 'tokens'], ({ tokens }) => tokens);
