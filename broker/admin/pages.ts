import { fromCursor, toCursor } from './cursors.ts';

/** What a caller says of the page that it wants. */
export interface Paging {
  /** A number from 1 to 1000. */
  readonly limit: string;
  /** The `next` of the page before. */
  readonly cursor?: string;
}

/** Some items of a list, under its name, and where the next page begins; null: this is the last. */
export type Page<N extends string, T> = Readonly<Record<N, readonly T[]>> & { readonly next: string | null };

/**
 * A page of a list that is read in order.
 * @param read items behind a place, at most so many
 * @param placeOf printable ASCII without spaces, different for each item
 * @throws CmkError INVALID_ARGUMENT for a cursor of something else; what `read` throws
 */
export async function readPage<N extends string, T>(
  name: N,
  { limit, cursor }: Paging,
  read: (behind: string | null, limit: number) => Promise<readonly T[]>,
  placeOf: (item: T) => string,
): Promise<Page<N, T>> {
  const wanted = Number(limit);
  const found = await read(fromCursor(cursor, 1)?.[0] ?? null, wanted + 1);
  const items = found.slice(0, wanted);
  const last = items.at(-1);
  const next = found.length > wanted && last !== undefined ? toCursor([placeOf(last)]) : null;
  return { [name]: items, next } as Page<N, T>;
}

/** A page of a list that has a small bound of its own: sorted by place, or the other way round. */
export function pageOfAll<N extends string, T>(
  name: N,
  paging: Paging,
  all: readonly T[],
  placeOf: (item: T) => string,
  order: 'ASCENDING' | 'DESCENDING' = 'ASCENDING',
): Promise<Page<N, T>> {
  const compare = (a: string, b: string) => {
    if (a === b) return 0;
    return a < b === (order === 'ASCENDING') ? -1 : 1;
  };
  const sorted = all.toSorted((a, b) => compare(placeOf(a), placeOf(b)));
  const read = (behind: string | null, limit: number) =>
    Promise.resolve(
      sorted.filter((item) => behind === null || compare(placeOf(item), behind) > 0).slice(0, limit),
    );
  return readPage(name, paging, read, placeOf);
}

/** The place of what has an id. */
export function byId({ id }: { readonly id: string }): string {
  return id;
}

/** The place of what is about an asset type. */
export function byType({ srvId, type }: { readonly srvId: string; readonly type: string }): string {
  return `${srvId}/${type}`;
}
