import { useSearchParams } from 'wouter';

/** What a list is narrowed to, kept in the address, so that it can be sent to somebody. */
export function useFilters<N extends string>(names: readonly N[]) {
  const [search, setSearch] = useSearchParams();
  const filters = Object.fromEntries(names.map((name) => [name, search.get(name) ?? ''])) as Record<
    N,
    string
  >;
  const set = (name: N, value: string) =>
    setSearch(
      (before) => {
        const after = new URLSearchParams(before);
        if (value === '') after.delete(name);
        else after.set(name, value);
        return after;
      },
      { replace: true },
    );
  return { filters, set, clear: () => setSearch(new URLSearchParams(), { replace: true }) };
}
