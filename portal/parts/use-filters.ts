import { useSearchParams } from 'wouter';

/** What a list is narrowed to, kept in the address, so that it can be sent to somebody. */
export function useFilters<N extends string>(names: readonly N[]) {
  const [, setSearch] = useSearchParams();
  // As the browser has it: what the router makes of it was unescaped once already, and `%2541` would become `A`.
  const search = new URLSearchParams(location.search);
  const filters = Object.fromEntries(names.map((name) => [name, search.get(name) ?? ''])) as Record<
    N,
    string
  >;
  const set = (name: N, value: string) =>
    setSearch(
      () => {
        const after = new URLSearchParams(location.search);
        if (value === '') after.delete(name);
        else after.set(name, value);
        return after;
      },
      { replace: true },
    );
  return { filters, set, clear: () => setSearch(new URLSearchParams(), { replace: true }) };
}
