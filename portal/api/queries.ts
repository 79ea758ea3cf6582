import { useQuery, type UseQueryOptions } from '@tanstack/react-query';
import { get, getTagged, path, type Query, type Tagged } from './client.ts';
import type {
  Account,
  AccountHealth,
  ApiToken,
  AssetType,
  BlastRadius,
  FailureWish,
  FallbackPolicy,
  Group,
  Key,
  Me,
  Service,
  TypeLease,
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

/** Of a list that is read whole. */
const PAGE = 500;
const MAX_PAGES = 20;

/** Asks for every page of a list, up to 10,000 entries: what is longer is no list for people. */
function useAll<T>(parts: readonly string[], name: string, options: Partial<UseQueryOptions<T[]>> = {}) {
  return useQuery<T[]>({
    queryKey: [...keyOf(parts), 'all'],
    queryFn: async ({ signal }) => {
      const found: T[] = [];
      let cursor: string | null = null;
      for (let page = 0; page < MAX_PAGES; page++) {
        const query: Query = { limit: PAGE, cursor };
        const answer: Record<string, unknown> = await get(path(...parts), { signal, query });
        found.push(...(answer[name] as T[]));
        cursor = (answer['next'] ?? null) as string | null;
        if (cursor === null) break;
      }
      return found;
    },
    ...options,
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

/** Asked again whenever somebody comes back to the window: another one may have signed out, or in. */
export const useWho = () =>
  useGet<Me>(['me'], same, { retry: false, staleTime: Infinity, refetchOnWindowFocus: 'always' });
export const useAccounts = () => useAll<Account>(['accounts'], 'accounts');
/** What of each account needs somebody. */
export const useAccountHealth = () =>
  useAll<AccountHealth>(['operator', 'accounts'], 'accounts', { refetchInterval: 60_000 });
export const useAccount = (account: string) => useGet<Account>(['accounts', account], same);
export const useServices = () => useAll<Service>(['services'], 'services', { staleTime: 600_000 });
/** Names a service by its number; the number, as long as nobody knows better. */
export function useServiceName(): (srvId: string) => string {
  const { data } = useServices();
  return (srvId) => data?.find((service) => service.srvId === srvId)?.name ?? srvId;
}
export const useKeys = (account: string) => useAll<Key>(['accounts', account, 'keys'], 'keys');
export const useKey = (account: string, key: string) =>
  useGet<{ key: Key }, Key>(['accounts', account, 'keys', key], ({ key: found }) => found);
export const useBlastRadius = (account: string, key: string, enabled = true) =>
  useGet<{ blastRadius: BlastRadius }, BlastRadius>(
    ['accounts', account, 'keys', key, 'blast-radius'],
    ({ blastRadius }) => blastRadius,
    { enabled, staleTime: 0 },
  );
export const useGroups = (account: string) => useAll<Group>(['accounts', account, 'groups'], 'groups');
export const useEnrolments = (account: string) =>
  useAll<AssetType>(['accounts', account, 'enrolments'], 'enrolments');
export const useContacts = (account: string) =>
  useTagged<{ emails: string[] }>(['accounts', account, 'contacts']);
export const useWebhooks = (account: string) =>
  useAll<Webhook>(['accounts', account, 'webhooks'], 'webhooks');
export const useFallback = (account: string) => useTagged<FallbackPolicy>(['accounts', account, 'fallback']);
export const useLeases = (account: string) => useAll<TypeLease>(['accounts', account, 'leases'], 'leases');
export const useWishes = (account: string) =>
  useGet<{ onFailure: (AssetType & { wish: FailureWish })[] }, (AssetType & { wish: FailureWish })[]>(
    ['accounts', account, 'on-failure'],
    ({ onFailure }) => onFailure,
  );
export const useTokens = (account: string) => useAll<ApiToken>(['accounts', account, 'tokens'], 'tokens');
